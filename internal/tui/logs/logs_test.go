package logs

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	jax    = logtail.Stream{Pod: "jetstream-pathways-0", Container: "jax-tpu"}
	proxy  = logtail.Stream{Pod: "jetstream-pathways-0", Container: "pathways-proxy"}
	worker = logtail.Stream{Pod: "jetstream-pathways-0-1", Container: "pathways-worker"}
)

var start = time.Date(2026, 3, 1, 14, 39, 50, 0, time.UTC)

func labels(s logtail.Stream) string {
	if s.Pod == jax.Pod {
		return "leader/" + s.Container
	}
	return "worker 1"
}

// fakeBook is a Source that keeps the last lines.
type fakeBook struct {
	lines []logtail.Line
	seq   uint64
	keep  int  // 0 for all
	gone  bool // some are gone that were not at the beginning
}

func (b *fakeBook) add(s logtail.Stream, texts ...string) {
	for _, text := range texts {
		b.seq++
		b.lines = append(b.lines, logtail.Line{
			Stream: s, UID: "uid", Text: text, Seq: b.seq,
			Time: start.Add(time.Duration(b.seq) * time.Second),
		})
	}
	if b.keep > 0 {
		b.lines = b.lines[max(0, len(b.lines)-b.keep):]
	}
}

func (b *fakeBook) Streams() []logtail.Stream {
	return []logtail.Stream{jax, proxy, worker}
}

func (b *fakeBook) Since(after uint64, want func(logtail.Stream) bool, limit int) (lines []logtail.Line, lost bool) {
	for _, l := range b.lines {
		if l.Seq > after && want(l.Stream) && len(lines) < limit {
			lines = append(lines, l)
		}
	}
	return lines, b.gone || len(b.lines) > 0 && b.lines[0].Seq > after+1
}

func newPane(tb testing.TB, w, h int, b *fakeBook) *Pane {
	tb.Helper()
	p := New(styles.New(styles.Options{Dark: true}))
	p.SetLocation(time.UTC)
	p.SetLabels(labels)
	p.SetSize(w, h)
	p.SetSource(b)
	return p
}

// press types keys: names of more than one letter as they are, others letter
// by letter.
func press(tb testing.TB, p *Pane, keys ...string) (msgs []tea.Msg) {
	tb.Helper()
	for _, name := range keys {
		for _, k := range keyMsgs(name) {
			cmd, used := p.HandleKey(k)
			if !used {
				tb.Errorf("the pane has no use for %q", k.String())
			}
			if cmd != nil {
				msgs = append(msgs, cmd())
			}
		}
	}
	return msgs
}

func keyMsgs(name string) []tea.KeyPressMsg {
	special := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEsc}, "backspace": {Code: tea.KeyBackspace},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"home": {Code: tea.KeyHome}, "end": {Code: tea.KeyEnd}, "pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown},
		"ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl+d": {Code: 'd', Mod: tea.ModCtrl},
		"ctrl+w": {Code: 'w', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl}, "tab": {Code: tea.KeyTab},
	}
	if k, ok := special[name]; ok {
		return []tea.KeyPressMsg{k}
	}
	var keys []tea.KeyPressMsg
	for _, r := range name {
		keys = append(keys, tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return keys
}

// screen is the View as text, one string a row, without trailing spaces.
func screen(p *Pane) []string {
	rows := strings.Split(ansi.Strip(p.View()), "\n")
	for i := range rows {
		rows[i] = strings.TrimRight(rows[i], " ")
	}
	return rows
}

// numbered returns n texts "line 1", "line 2", ….
func numbered(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("line %d", i+1)
	}
	return texts
}

// startUp is a book with the beginning of a start-up.
func startUp() *fakeBook {
	b := &fakeBook{}
	b.add(proxy, "Starting proxy server on [::]:38681")
	b.add(jax, "Config param load_parameters_path: gs://models/llama-3.1-405b/int8")
	b.add(worker, "All devices ready", "2026-03-01 14:39:53.120934: I tpu_hal.cc:214]\tchip 0\tready: host bounds 2,2,1, core on chip 1, driver /dev/vfio/0, memory 32 GiB")
	b.add(jax, "Num_devices: 16, shape (1, 1, 1, 16, 1, 1, 1)", "\x1b[33mwarning\x1b[0m: 日本語のログ行 — wide characters are counted by cell, not by letter, wherever a line is cut")
	b.add(jax, "restoring params from gs://models/llama-3.1-405b/int8")
	return b
}

func TestGoldens(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(p *Pane, b *fakeBook)
		keys []string // afterwards
	}{
		{"one_container", func(p *Pane, _ *fakeBook) { p.Show(jax) }, nil},
		{"all_containers", nil, nil},
		{"wrapped", nil, []string{"w"}},
		{"full_timestamps", nil, []string{"t"}},
		{"no_timestamps", nil, []string{"t", "t"}},
		{"scrolled_to_the_right", nil, []string{"right", "right"}},
		{"paused", func(p *Pane, b *fakeBook) {
			b.add(jax, numbered(20)...)
			p.Pull()
			p.Update(keyMsgs("pgup")[0])
			b.add(jax, numbered(3)...)
			p.Pull()
		}, nil},
		{"search", nil, []string{"/", "param", "enter", "N"}},
		{"typing_a_search", func(p *Pane, _ *fakeBook) {
			p.SetNotice("Disconnected since 14:41:07, trying again.")
		}, []string{"/", "Ready"}},
		{"filter", nil, []string{"&", "!gs://", "enter"}},
		{"filter_that_hides_all", nil, []string{"&", "nothing like it", "enter"}},
		{"picker", nil, []string{"o", "j"}},
		{"lines_lost", func(p *Pane, b *fakeBook) {
			b.add(jax, numbered(2)...)
			b.lines = b.lines[len(b.lines)-1:]
			p.Pull()
		}, nil},
		{"previous_incarnation", func(p *Pane, _ *fakeBook) {
			p.Show(jax)
			p.Update(keyMsgs("p")[0])
			p.SetPrevious(jax, []logtail.Line{{Stream: jax, UID: "old", Time: start, Text: "jax.errors.JaxRuntimeError: DATA_LOSS"}}, "ended 14:31:20")
		}, nil},
		{"no_previous_incarnation", func(p *Pane, _ *fakeBook) {
			p.Show(jax)
			p.Update(keyMsgs("p")[0])
			p.SetPrevious(jax, nil, "")
		}, nil},
		{"restarted", func(p *Pane, b *fakeBook) {
			b.add(jax, "after the crash")
			b.lines[len(b.lines)-1].Restart = 1
			b.add(jax, "in another pod")
			b.lines[len(b.lines)-1].UID = "other"
			p.Pull()
		}, nil},
	}
	for _, tt := range tests {
		for _, width := range []int{80, 120} {
			name := fmt.Sprintf("%s_%d", tt.name, width)
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := startUp()
				p := newPane(t, width, 10, b)
				if tt.do != nil {
					tt.do(p, b)
				}
				press(t, p, tt.keys...)
				got := "─ " + p.Title() + "\n" + strings.Join(screen(p), "\n") + "\n"
				path := filepath.Join("testdata", name+".golden")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("the screen differs (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestReasonsWhyNothingIsShown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		show   logtail.Stream
		reason string
		want   string
	}{
		{"nothing at all yet", logtail.Stream{}, "", " Nothing has been logged yet."},
		{"nothing from one container", jax, "", " leader/jax-tpu has not logged anything yet."},
		{"the owner knows why", jax, "The container has not started: it waits for a node.", " The container has not started: it waits for a node."},
		{"the reason is long and not fit for a terminal", jax, "\x1b[2Jpods \"jetstream-pathways-0\" is forbidden: cannot get resource \"pods/log\"", " pods \"jetstream-pathways-0\" is forbidden: cannot get"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPane(t, 60, 4, &fakeBook{})
			p.Show(tt.show)
			p.SetReasons(func(s logtail.Stream) string {
				if s != tt.show {
					t.Errorf("asked about %v, want %v", s, tt.show)
				}
				return tt.reason
			})
			if got := screen(p)[0]; got != tt.want {
				t.Errorf("the pane says %q, want %q", got, tt.want)
			}
		})
	}
}
