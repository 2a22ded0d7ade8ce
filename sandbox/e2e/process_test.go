package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is a call of the plugin that a test watches and interrupts.
type process struct {
	cmd *exec.Cmd

	mu    sync.Mutex
	text  strings.Builder
	lines chan struct{} // something was printed
	read  sync.WaitGroup
}

// start runs the plugin in the background; both streams are read as one.
func (c *cluster) start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: c.command(t.Context(), bin("kubectl-jetstream"), args...), lines: make(chan struct{}, 1)}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = in, in
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	p.read.Go(func() {
		defer func() { _ = out.Close() }()
		for reader := bufio.NewReader(out); ; {
			line, err := reader.ReadString('\n')
			p.mu.Lock()
			p.text.WriteString(line)
			p.mu.Unlock()
			select {
			case p.lines <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	})
	return p
}

// printed is all that was printed so far.
func (p *process) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// await blocks until one of the lines contains a text.
func (p *process) await(t *testing.T, text string) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for !strings.Contains(p.printed(), text) {
		select {
		case <-p.lines:
		case <-deadline.C:
			t.Fatalf("%q was not printed within a minute:\n%s", text, p.printed())
		}
	}
}

// end sends a signal and returns the exit code, -1 if the signal itself ended it.
func (p *process) end(t *testing.T, signal os.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatalf("%v\n%s", err, p.printed())
	}
	_ = p.cmd.Wait() // the exit code tells
	p.read.Wait()
	return p.cmd.ProcessState.ExitCode()
}
