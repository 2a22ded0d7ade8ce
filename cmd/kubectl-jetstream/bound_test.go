package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// slowServer answers after a pause, with a body that takes as long again.
type slowServer struct{ pause time.Duration }

func (s slowServer) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := s.sleep(req.Context()); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: slowBody{ctx: req.Context(), server: s}}, nil
}

func (s slowServer) sleep(ctx context.Context) error {
	select {
	case <-time.After(s.pause):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type slowBody struct {
	ctx    context.Context
	server slowServer
}

func (b slowBody) Read([]byte) (int, error) {
	if err := b.server.sleep(b.ctx); err != nil {
		return 0, err
	}
	return 0, io.EOF
}
func (slowBody) Close() error { return nil }

func TestRequestsAreBoundedAndStreamsAreNot(t *testing.T) {
	t.Parallel()
	const limit = 10 * time.Second
	tests := []struct {
		name  string
		url   string
		pause time.Duration
		limit time.Duration
		want  time.Duration // the limit named in the error, 0 for none
	}{
		{"a quick answer passes", "https://server/api/v1/pods", time.Second, limit, 0},
		{"a late answer ends", "https://server/api/v1/pods", 11 * time.Second, limit, limit},
		{"a late body ends", "https://server/api/v1/pods", 6 * time.Second, limit, limit},
		{"no limit bounds nothing", "https://server/api/v1/pods", time.Hour, 0, 0},
		{"a watch lasts", "https://server/api/v1/pods?watch=true", time.Hour, limit, 0},
		{"a followed log lasts", "https://server/api/v1/namespaces/n/pods/p/log?follow=true", time.Hour, limit, 0},
		{"a log lasts as long as somebody reads it", "https://server/api/v1/namespaces/n/pods/p/log?previous=true", time.Hour, limit, 0},
		{"a port-forward lasts", "https://server/api/v1/namespaces/n/pods/p/portforward", time.Hour, limit, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := http.Client{Transport: boundRequests(tt.limit)(slowServer{pause: tt.pause})}
				err := get(t.Context(), &client, tt.url)
				var overdue *requestTimeoutError
				switch {
				case tt.want == 0 && err != nil:
					t.Errorf("unexpected error: %v", err)
				case tt.want != 0 && (!errors.As(err, &overdue) || overdue.limit != tt.want):
					t.Errorf("error %v, want one that names the limit %v", err, tt.want)
				}
			})
		})
	}
}

func TestCancellingARequestIsNoTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		client := http.Client{Transport: boundRequests(time.Minute)(slowServer{pause: time.Hour})}
		err := get(ctx, &client, "https://server/api")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want context.Canceled", err)
		}
	})
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return err
}
