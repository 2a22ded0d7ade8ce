package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
)

// The targets.
const (
	targetAdded = 2 * time.Millisecond // at the median
	// targetSteps is how far 99 of 100 streams may be behind the model at their end: a
	// tenth of a second, which is about what the times of two processes tell. Those
	// that do not keep up are behind by hundreds.
	targetSteps = 10
	// targetGrowth is how much a process may grow over the long answer beyond a few
	// copies of the text itself, which somebody may still want to read.
	targetGrowth = 16 << 20
)

const (
	// speed divides the sandbox's durations, until the model serves.
	speed = "200"
	// tokensPerSecond is the pace of every stream.
	tokensPerSecond = 100
	// deployment is what all parts talk to, leader its pod, and port where that
	// answers.
	deployment, leader, port = "jetstream-pathways", "jetstream-pathways-0", ":8000"
	// patience bounds every single wait.
	patience = 2 * time.Minute
)

// bench collects results.
type bench struct {
	bin, lws string
	only     string   // a part of the names of what to measure
	others   []string // further plugins
	long     time.Duration
	log      io.Writer
	results  measure.Table
}

func (b *bench) measure(ctx context.Context) error {
	for _, part := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"time to the first text", b.first},
		{"64 streams at once", b.streams},
		{"memory over a long answer", b.longAnswer},
	} {
		if !strings.Contains(part.name, b.only) {
			continue
		}
		fmt.Fprintf(b.log, "measuring: %s\n", part.name)
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("measuring %s: %w", part.name, err)
		}
	}
	return nil
}

// onModel runs a sandbox with a model that serves and whose answers go on until they
// are as long as they may be.
func (b *bench) onModel(ctx context.Context, do func(*built.Sandbox) error, up ...string) error {
	options := []string{"--speed", speed, "--tokens-per-second", fmt.Sprint(tokensPerSecond), "--scenario", "model-runs-on"}
	return built.With(ctx, b.bin, options, func(s *built.Sandbox) error {
		if err := s.Up(ctx); err != nil {
			return err
		}
		if err := s.InstallLWS(ctx, b.lws); err != nil {
			return err
		}
		err := s.Do(ctx, "kubectl-jetstream", slices.Concat([]string{
			"up", "--no-tui", "--profile", "llama-3.1-405b-v6e-4x4",
			"--checkpoint", "gs://models/llama-3.1-405b/int8", "--pathways-bucket", "gs://pathways",
		}, up)...)
		if err != nil {
			return err
		}
		return do(s)
	})
}

// forward is the upstream kubectl's port-forward.
type forward struct {
	cmd *exec.Cmd
	url string
}

var forwarding = regexp.MustCompile(`Forwarding from (127\.0\.0\.1:\d+) ->`)

// portForward opens a port-forward to the leader.
func portForward(ctx context.Context, s *built.Sandbox) (*forward, error) {
	cmd := s.Command(ctx, "kubectl", "port-forward", "pod/"+leader, port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	f := &forward{cmd: cmd}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := forwarding.FindStringSubmatch(lines.Text()); m != nil {
			f.url = "http://" + m[1]
			// It tells of each connection.
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return f, nil
		}
	}
	return nil, errors.Join(errors.New("kubectl port-forward does not listen"), f.close())
}

func (f *forward) close() error {
	err := f.cmd.Process.Kill()
	_ = f.cmd.Wait() // it was killed
	return err
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", d.Seconds()*1000)
}

// percentile of durations that are sorted.
func percentile(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)-1)*percent/100]
}
