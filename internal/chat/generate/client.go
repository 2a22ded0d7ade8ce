package generate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// maxErrorBody bounds how much of an error answer is read.
const maxErrorBody = 64 << 10

// Client sends requests to one server. It is a chat.Answerer.
type Client struct {
	// HTTP sends the requests. NewHTTPClient makes one that fits.
	HTTP *http.Client
	// BaseURL is the server's address without a path, as "http://jetstream".
	BaseURL string
	// Now is the clock of the statistics; nil means time.Now.
	Now func() time.Time
	// Via tells who is at the other end of the last connection and how long the
	// way there and back takes, for the statistics; nil where that is not known.
	// It is asked once the head of an answer is there.
	Via func() (pod string, roundTrip time.Duration)
}

// NewHTTPClient returns an HTTP client whose connections come from dial. It
// opens one connection a request, so that the end of a request is the end of
// its connection, and sets no time limit: a long answer is no error.
func NewHTTPClient(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:        dial,
		DisableKeepAlives:  true,
		DisableCompression: true,
	}}
}

// Generate sends one request and hands each piece of the answer to deliver as
// it arrives, in order. It returns when the answer is complete, when it fails
// (see the error types of the package), when deliver returns an error (which
// is returned) or when ctx is done. What was delivered before an error is
// valid text of the answer. A request is never sent twice.
func (c *Client) Generate(ctx context.Context, r chat.Request, deliver func(text string) error) (stats chat.Stats, err error) {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	begin := now()
	defer func() { stats.Total = now().Sub(begin) }()

	resp, err := c.send(ctx, r)
	if err != nil {
		return stats, err
	}
	defer resp.Body.Close()
	if c.Via != nil {
		stats.Pod, stats.RoundTrip = c.Via()
	}
	if resp.StatusCode != http.StatusOK {
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		if err != nil && len(body) == 0 {
			return stats, &TruncatedError{Err: err}
		}
		return stats, serverError(resp.StatusCode, body)
	}

	objects := 0
	d := NewDecoder(resp.Body)
	for {
		text, err := d.Next()
		stats.Framing = d.Framing()
		if errors.Is(err, io.EOF) {
			if objects == 0 {
				return stats, ErrEmpty
			}
			return stats, nil
		}
		if err != nil {
			if cause := ctx.Err(); cause != nil {
				return stats, fmt.Errorf("reading the answer: %w", cause)
			}
			return stats, err
		}
		objects++
		if text == "" {
			continue
		}
		if stats.Chunks == 0 {
			stats.FirstText = now().Sub(begin)
		}
		stats.Chunks++
		stats.Bytes += len(text)
		if err := deliver(text); err != nil {
			return stats, err
		}
	}
}

// send posts the request and returns the answer's head.
func (c *Client) send(ctx context.Context, r chat.Request) (*http.Response, error) {
	if !utf8.ValidString(r.Text) {
		return nil, errors.New("the prompt is not valid UTF-8 text")
	}
	body, err := json.Marshal(struct {
		Prompt    string `json:"prompt"`
		MaxTokens int    `json:"max_tokens,omitempty"`
		Stream    bool   `json:"stream"`
	}{r.Text, r.MaxTokens, true})
	if err != nil {
		return nil, fmt.Errorf("encoding the request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.BaseURL+"/generate", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	// A prompt is never sent again by itself: without GetBody the transport
	// cannot rewind it.
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.HTTP.Do(req)
	var failed *url.Error // names the request again, whose address means nothing
	switch {
	case err == nil:
		return resp, nil
	case ctx.Err() != nil:
		err = ctx.Err() // the client has the cause instead, which need not say that it ended
	case errors.As(err, &failed):
		err = failed.Err
	}
	return nil, fmt.Errorf("sending the request: %w", err)
}
