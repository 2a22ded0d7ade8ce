package health

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	// DefaultPort is the HTTP port of the model server.
	DefaultPort = 8000
	// DefaultTimeout bounds one probe. The server sets no deadline on the
	// question that it passes on, so a hanging back end would hang the probe.
	DefaultTimeout = 3 * time.Second
	// maxAnswer bounds how much of an answer is read; the documented ones are
	// below a hundred bytes.
	maxAnswer = 64 << 10
)

// Prober asks pods for their health.
type Prober struct {
	// Dial connects to a port of a pod. An error with a method
	// Forbidden() bool that returns true makes the state Forbidden; one with
	// Refused() bool that returns true makes it Refused. Both may also come
	// from the connection's Read or Write, as a tunnel learns of a closed port
	// only after the connection stands.
	Dial func(ctx context.Context, pod Target, port int) (net.Conn, error)
	// Port is the HTTP port; 0 means DefaultPort.
	Port int
	// Timeout bounds one probe; 0 means DefaultTimeout.
	Timeout time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Probe asks pod once. It returns when the answer is in, when Timeout has
// passed or when ctx is done, whichever comes first.
func (p *Prober) Probe(ctx context.Context, pod Target) Health {
	timeout := p.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	h := p.ask(ctx, pod)
	if h.State == Unknown && ctx.Err() == context.DeadlineExceeded {
		h.Detail = fmt.Sprintf("no answer from /healthcheck within %s", timeout)
	}
	if p.Now != nil {
		h.Since = p.Now()
	} else {
		h.Since = time.Now()
	}
	return h
}

func (p *Prober) ask(ctx context.Context, pod Target) Health {
	port := p.Port
	if port == 0 {
		port = DefaultPort
	}
	conn, err := p.Dial(ctx, pod, port)
	if err != nil {
		return unanswered(err)
	}
	defer conn.Close()
	// Closing the connection is what makes a blocked Read or Write return.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/healthcheck", nil)
	if err != nil {
		return unanswered(err)
	}
	req.Close = true
	if err := req.Write(conn); err != nil {
		return unanswered(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return unanswered(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return unanswered(err)
	}
	return judge(resp.StatusCode, body)
}

// judge turns an answer of the server into a state.
func judge(status int, body []byte) Health {
	if status == http.StatusOK {
		var answer struct {
			Response struct {
				IsLive bool `json:"is_live"`
			} `json:"response"`
		}
		if err := json.Unmarshal(body, &answer); err == nil && answer.Response.IsLive {
			return Health{State: Serving}
		}
		return Health{State: NotServing, Detail: "/healthcheck answered 200 without is_live"}
	}
	var failure struct {
		Detail string `json:"detail"`
	}
	detail := fmt.Sprintf("/healthcheck answered %d", status)
	if err := json.Unmarshal(body, &failure); err == nil && failure.Detail != "" {
		detail += ": " + oneLine(failure.Detail)
	}
	return Health{State: NotServing, Detail: detail}
}

// unanswered turns an error met on the way to an answer into a state.
func unanswered(err error) Health {
	h := Health{State: Unknown, Detail: oneLine(err.Error())}
	var forbidden interface{ Forbidden() bool }
	var refused interface{ Refused() bool }
	switch {
	case errors.As(err, &forbidden) && forbidden.Forbidden():
		h.State = Forbidden
	case errors.As(err, &refused) && refused.Refused():
		h.State = Refused
	}
	return h
}

// oneLine keeps a detail fit for one line of a table.
func oneLine(s string) string {
	const limit = 400
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
