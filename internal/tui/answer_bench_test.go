package tui_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

// dictated is a model that says what it is told, and when it did.
type dictated struct{ pieces chan func() string }

func (d *dictated) Generate(ctx context.Context, _ chat.Request, deliver func(string) error) (chat.Stats, error) {
	for {
		select {
		case piece := <-d.pieces:
			if err := deliver(piece()); err != nil {
				return chat.Stats{}, err
			}
		case <-ctx.Done():
			return chat.Stats{}, ctx.Err()
		}
	}
}

// marked are signs of which each is one cell wide. They are more than a screen shows of
// an answer, and nothing else on it is one.
func marked(i int) string { return string(rune(0x1401 + i%600)) }

// glass is a screen that notes when a sign has come to it.
type glass struct {
	emu *vt.SafeEmulator

	mu      sync.Mutex
	awaited map[string]time.Time // when each was sent
	took    []time.Duration
}

// Write implements io.Writer. What is new on the screen has to be in what is written.
func (g *glass) Write(p []byte) (int, error) {
	_, err := g.emu.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n")))
	at := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for sign, sent := range g.awaited {
		if bytes.Contains(p, []byte(sign)) {
			g.took = append(g.took, at.Sub(sent))
			delete(g.awaited, sign)
		}
	}
	return len(p), err
}

func (g *glass) await(sign string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.awaited[sign] = time.Now()
}

// until polls the screen, for what is not measured.
func (g *glass) until(b *testing.B, what string, ok func() bool) {
	b.Helper()
	for range 3000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.Fatalf("%s did not come:\n%s", what, ansi.Strip(g.emu.Render()))
}

func (g *glass) shows(text string) func() bool {
	return func() bool { return strings.Contains(ansi.Strip(g.emu.Render()), text) }
}

func (g *glass) settled() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.awaited) == 0
}

// BenchmarkTokenToScreen measures the time from the delivery of a piece of an answer
// until a terminal shows it. Its iterations are as long as the pauses between the
// pieces; the figures are percentiles.
func BenchmarkTokenToScreen(b *testing.B) {
	chance := rand.New(rand.NewPCG(1, 2))
	for _, pace := range []struct {
		name string
		gap  func() time.Duration
	}{
		// Equal pauses would fall into step with the frames.
		{"15 to 60 ms apart", func() time.Duration { return 15*time.Millisecond + time.Duration(chance.Int64N(45e6)) }},
		{"100 a second", func() time.Duration { return 10 * time.Millisecond }},
	} {
		for _, frames := range []int{60, 120} {
			b.Run(fmt.Sprintf("%s, %d frames a second", pace.name, frames), func(b *testing.B) {
				tokenToScreen(b, pace.gap, tea.WithFPS(frames))
			})
		}
	}
}

func tokenToScreen(b *testing.B, gap func() time.Duration, option tea.ProgramOption) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	w, model := newWorld(), &dictated{pieces: make(chan func() string)}
	w.model = model
	g := &glass{emu: vt.NewSafeEmulator(120, 40), awaited: map[string]time.Time{}}
	in, keys := io.Pipe()
	go func() { _, _ = io.Copy(keys, g.emu) }() // the terminal's answers to queries
	raw, _ := chat.BuiltIn("raw")
	done := make(chan error, 1)
	go func() {
		_, err := tui.Run(ctx, tui.Config{
			Backend: w, Now: w.clock, Context: "gke_demo", Namespace: "default", Name: "jetstream-pathways",
			Program: "kubectl jetstream", DefaultName: "jetstream-pathways",
			Chat: tui.ChatConfig{Front: true, Settings: func(status.Snapshot) chat.Settings { return chat.Settings{Template: raw} }},
		}, tui.Terminal{In: in, Out: g, Environ: []string{"TERM=xterm-256color"}, Options: []tea.ProgramOption{
			tea.WithWindowSize(120, 40), tea.WithColorProfile(colorprofile.NoTTY), option,
		}})
		done <- err
	}()
	defer func() {
		cancel()
		_ = keys.Close()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if answers, ok := g.emu.InputPipe().(io.Closer); ok {
			_ = answers.Close()
		}
	}()
	w.snapshots <- ready()
	g.until(b, "the input", g.shows("ask the model"))
	if _, err := io.WriteString(keys, "go"); err != nil {
		b.Fatal(err)
	}
	g.until(b, "the prompt", g.shows("> go"))
	if _, err := io.WriteString(keys, "\r"); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	due := time.Now()
	for i := 0; b.Loop(); i++ {
		due = due.Add(gap())
		time.Sleep(time.Until(due))
		model.pieces <- func() string {
			sign := marked(i)
			g.await(sign)
			if i%20 == 19 {
				return "token" + sign + "\n\n"
			}
			return "token" + sign + " "
		}
	}
	g.until(b, "the last token", g.settled)
	slices.Sort(g.took)
	at := func(percent int) float64 { return g.took[(len(g.took)-1)*percent/100].Seconds() * 1000 }
	b.ReportMetric(at(50), "p50-ms")
	b.ReportMetric(at(90), "p90-ms")
	b.ReportMetric(at(99), "p99-ms")
}
