package generate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// ServerError is an error that the server reported.
type ServerError struct {
	// Status is the HTTP status; 200 when the error came inside a stream.
	Status int
	// Code is the gRPC status code of the model server behind the HTTP server,
	// as "UNAVAILABLE"; empty when the error is the HTTP server's own.
	Code string
	// Detail is what the server said.
	Detail string
}

func (e *ServerError) Error() string {
	switch {
	case e.Code != "" && e.Detail != "":
		return fmt.Sprintf("the model server answered %s: %s", e.Code, e.Detail)
	case e.Code != "":
		return fmt.Sprintf("the model server answered %s", e.Code)
	case e.Detail != "":
		return fmt.Sprintf("the server answered %d: %s", e.Status, e.Detail)
	}
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// NotServing reports whether the HTTP server runs and the model behind it does
// not: it still loads, or it has ended.
func (e *ServerError) NotServing() bool { return e.Code == "UNAVAILABLE" }

var (
	grpcStatus = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`status = StatusCode\.(\w+)`)
	})
	grpcDetails = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`details = "((?:[^"\\]|\\.)*)"`)
	})
)

// serverError reads an error body: {"detail": "…"} with the text of a gRPC
// error, {"detail": [{"loc", "msg"}…]} for a request that was not understood,
// or plain text.
func serverError(status int, body []byte) *ServerError {
	e := &ServerError{Status: status}
	var object struct {
		Detail json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(body, &object); err != nil || object.Detail == nil {
		e.Detail = clip(string(body))
		return e
	}
	e.setDetail(object.Detail)
	return e
}

func (e *ServerError) setDetail(raw json.RawMessage) {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		if m := grpcStatus().FindStringSubmatch(text); m != nil {
			e.Code = m[1]
			if d := grpcDetails().FindStringSubmatch(text); d != nil {
				e.Detail = clip(d[1])
			}
			return
		}
		e.Detail = clip(text)
		return
	}
	var problems []struct {
		Loc []any  `json:"loc"`
		Msg string `json:"msg"`
	}
	if err := json.Unmarshal(raw, &problems); err == nil && len(problems) > 0 {
		var parts []string
		for _, p := range problems {
			where := make([]string, len(p.Loc))
			for i, step := range p.Loc {
				where[i] = fmt.Sprint(step)
			}
			parts = append(parts, strings.Join(where, ".")+": "+p.Msg)
		}
		e.Detail = clip(strings.Join(parts, "; "))
		return
	}
	e.Detail = clip(string(raw))
}

// clip fits foreign text into an error of one line.
func clip(s string) string {
	const limit = 300
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
