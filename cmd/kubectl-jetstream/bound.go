package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"k8s.io/client-go/transport"
)

// requestTimeoutError says that one request took longer than allowed.
type requestTimeoutError struct {
	limit time.Duration
	what  string // "GET /api/v1/pods"
}

func (e *requestTimeoutError) Error() string {
	return fmt.Sprintf("%s: no answer within %s", e.what, e.limit)
}

// Timeout makes the error a net.Error in all but Temporary.
func (e *requestTimeoutError) Timeout() bool { return true }

// boundRequests limits each unary request, from sending to the last byte of
// its body, and leaves streams alone: a watch, a log, which somebody may read as
// slowly as they like, and a port-forward are meant to last. A limit of zero bounds nothing.
func boundRequests(limit time.Duration) transport.WrapperFunc {
	return func(next http.RoundTripper) http.RoundTripper {
		if limit <= 0 {
			return next
		}
		return &boundTripper{next: next, limit: limit}
	}
}

type boundTripper struct {
	next  http.RoundTripper
	limit time.Duration
}

func (t *boundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if isStream(req) {
		return t.next.RoundTrip(req)
	}
	overdue := &requestTimeoutError{limit: t.limit, what: req.Method + " " + req.URL.Path}
	ctx, cancel := context.WithTimeoutCause(req.Context(), t.limit, overdue)
	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		err = overdueOr(ctx, overdue, err)
		cancel()
		return nil, err
	}
	resp.Body = &boundBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, overdue: overdue}
	return resp, nil
}

// WrappedRoundTripper lets client-go find the transport underneath.
func (t *boundTripper) WrappedRoundTripper() http.RoundTripper { return t.next }

// boundBody keeps the request's limit running while the body is read.
type boundBody struct {
	io.ReadCloser
	ctx     context.Context // of this one response
	cancel  context.CancelFunc
	overdue *requestTimeoutError
}

func (b *boundBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = overdueOr(b.ctx, b.overdue, err)
	}
	return n, err
}

func (b *boundBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// overdueOr names the limit when it is what ended the request.
func overdueOr(ctx context.Context, overdue *requestTimeoutError, err error) error {
	if errors.Is(context.Cause(ctx), overdue) {
		return overdue
	}
	return err
}

// isStream says whether a request to the API server is one that lasts.
func isStream(req *http.Request) bool {
	q := req.URL.Query()
	if q.Get("watch") == "true" || q.Get("watch") == "1" {
		return true
	}
	for _, sub := range []string{"/log", "/portforward", "/exec", "/attach", "/proxy"} {
		if strings.HasSuffix(req.URL.Path, sub) {
			return true
		}
	}
	return false
}
