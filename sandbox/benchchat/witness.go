package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
)

// witness is one more stream, for its tokens' time stamps: the model makes a step for
// all streams at once.
type witness struct {
	mu sync.Mutex
	at []float64 // when they were, in seconds
}

// witnessTokens is as many as the model lets an answer have.
const witnessTokens = 1900

var stamp = regexp.MustCompile(`"time_created": ([0-9.]+)`)

// withWitness does something while the model answers a witness.
func withWitness(ctx context.Context, s *built.Sandbox, do func(*witness) error) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := portForward(ctx, s)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, plainClient, "-url", f.url, "-max-tokens", fmt.Sprint(witnessTokens))
	cmd.Stdin = strings.NewReader("What is a TPU?\n")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return errors.Join(err, f.close())
	}
	w := &witness{}
	objects := bufio.NewScanner(out)
	objects.Split(splitObjects)
	read := make(chan struct{})
	begun := make(chan struct{}, 1)
	go func() {
		defer close(read)
		for objects.Scan() {
			w.take(objects.Text())
			select {
			case begun <- struct{}{}:
			default:
			}
		}
	}()
	select {
	case <-begun:
		err = do(w)
	case <-read:
		err = errors.New("the model does not answer the witness")
	}
	_ = cmd.Process.Kill()
	<-read
	_ = cmd.Wait() // it was killed
	return errors.Join(err, f.close())
}

// splitObjects splits after each closing brace.
func splitObjects(data []byte, _ bool) (advance int, token []byte, err error) {
	for i, b := range data {
		if b == '}' {
			return i + 1, data[:i], nil
		}
	}
	return 0, nil, nil
}

func (w *witness) take(object string) {
	m := stamp.FindStringSubmatch(object)
	if m == nil {
		return
	}
	if at, err := strconv.ParseFloat(m[1], 64); err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.at = append(w.at, at)
	}
}

// steps counts those of the model in the seconds before a time.
func (w *witness) steps(end time.Time, took float64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	until := float64(end.UnixNano()) / 1e9
	n := 0
	for _, at := range w.at {
		if at > until-took && at <= until {
			n++
		}
	}
	if last := len(w.at) - 1; last < 0 || w.at[0] > until-took || last+1 >= witnessTokens {
		return 0, errors.New("the witness does not cover the streams")
	}
	return n, nil
}
