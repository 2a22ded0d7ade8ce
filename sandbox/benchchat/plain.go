package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// plainClient is the word that makes this program the plain client.
const plainClient = "plain-client"

// plain does what curl would: it posts each line of standard input as a prompt, on a
// connection of its own, and copies the answer to standard output as it comes, in one
// line. With -samples it asks that often at once and prints an object
// with each one's measures, as the plugin does.
func plain(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(plainClient, flag.ContinueOnError)
	url := flags.String("url", "", "the server's `address`")
	maxTokens := flags.Int("max-tokens", 1, "longest answer")
	samples := flags.Int("samples", 1, "answers to ask for at once")
	if err := flags.Parse(args); err != nil {
		return err
	}
	c := &plainHTTP{
		client:    &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}},
		url:       *url + "/generate",
		maxTokens: *maxTokens,
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := c.ask(ctx, lines.Text(), *samples); err != nil {
			return err
		}
	}
	return lines.Err()
}

type plainHTTP struct {
	client    *http.Client
	url       string
	maxTokens int

	printing sync.Mutex
}

func (c *plainHTTP) ask(ctx context.Context, prompt string, samples int) error {
	if samples == 1 {
		if _, err := c.post(ctx, prompt, c.print); err != nil {
			return err
		}
		return c.print([]byte("\n"))
	}
	errs := make([]error, samples)
	var all sync.WaitGroup
	for i := range samples {
		all.Go(func() {
			m, err := c.post(ctx, prompt, func(p []byte) error { return c.print(append(p, '\n')) })
			if err == nil {
				var line []byte
				line, err = json.Marshal(m)
				err = errors.Join(err, c.print(append(line, '\n')))
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// measures are those of one answer, named as the plugin names them.
type measures struct {
	Chunks           int     `json:"chunks"`
	FirstTextSeconds float64 `json:"firstTextSeconds"`
	TotalSeconds     float64 `json:"totalSeconds"`
}

func (c *plainHTTP) post(ctx context.Context, prompt string, deliver func([]byte) error) (measures, error) {
	var m measures
	begin := time.Now()
	body, err := json.Marshal(map[string]any{"prompt": prompt, "max_tokens": c.maxTokens, "stream": true})
	if err != nil {
		return m, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return m, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		return m, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return m, fmt.Errorf("the server answered %s", resp.Status)
	}
	piece := make([]byte, 32<<10)
	for {
		n, err := resp.Body.Read(piece)
		if n > 0 {
			if m.Chunks == 0 {
				m.FirstTextSeconds = time.Since(begin).Seconds()
			}
			// Each token is an object of its own, and the answers have no brace.
			m.Chunks += bytes.Count(piece[:n], []byte("{"))
			if err := deliver(bytes.ReplaceAll(piece[:n], []byte("\n"), nil)); err != nil {
				return m, err
			}
		}
		if errors.Is(err, io.EOF) {
			m.TotalSeconds = time.Since(begin).Seconds()
			return m, nil
		}
		if err != nil {
			return m, err
		}
	}
}

func (c *plainHTTP) print(p []byte) error {
	c.printing.Lock()
	defer c.printing.Unlock()
	_, err := os.Stdout.Write(p)
	return err
}
