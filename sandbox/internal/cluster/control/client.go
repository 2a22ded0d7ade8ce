package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Client speaks to the sandbox behind a control socket.
type Client struct {
	http *http.Client
}

// NewClient returns a client for a socket. It connects when it is used.
func NewClient(socket string) *Client {
	var dialer net.Dialer
	return &Client{http: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		},
	}}}
}

// Status asks the sandbox about itself.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return c.do(ctx, http.MethodGet, pathStatus, nil)
}

// SetScenario sets a scenario and returns once it is in force.
func (c *Client) SetScenario(ctx context.Context, name string) (Status, error) {
	return c.do(ctx, http.MethodPut, pathScenario, map[string]string{"name": name})
}

// RestartAPIServer ends the API server, starts it again after a time, and returns when
// it is ready.
func (c *Client) RestartAPIServer(ctx context.Context, away time.Duration) (Status, error) {
	return c.do(ctx, http.MethodPost, pathAPIServer, restartOrder{Away: away})
}

// Stop tells the sandbox to stop. It does not wait for it.
func (c *Client) Stop(ctx context.Context) error {
	_, err := c.do(ctx, http.MethodPost, pathStop, nil)
	return err
}

func (c *Client) do(ctx context.Context, method, path string, order any) (Status, error) {
	var body io.Reader
	if order != nil {
		content, err := json.Marshal(order)
		if err != nil {
			return Status{}, err
		}
		body = bytes.NewReader(content)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://sandbox"+path, body)
	if err != nil {
		return Status{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return Status{}, fmt.Errorf("asking the running sandbox: %w", err)
	}
	defer resp.Body.Close()
	decoder := json.NewDecoder(resp.Body)
	if resp.StatusCode >= http.StatusBadRequest {
		var p problem
		if err := decoder.Decode(&p); err != nil || p.Error == "" {
			return Status{}, fmt.Errorf("asking the running sandbox: it answered %s", resp.Status)
		}
		return Status{}, errors.New(p.Error)
	}
	var status Status
	if err := decoder.Decode(&status); err != nil {
		return Status{}, fmt.Errorf("reading the running sandbox's answer: %w", err)
	}
	return status, nil
}
