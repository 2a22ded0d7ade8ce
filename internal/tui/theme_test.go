package tui_test

import (
	"bytes"
	"io"
	"regexp"
	"sync"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/screentest"
)

// colour is a sequence that sets one; bold and reverse are none.
var colour = regexp.MustCompile(`\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m`)

// TestThemes draws on a terminal that tells of a dark background and has 256
// colours. 28 is the green of light backgrounds.
func TestThemes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		theme          tui.Theme
		coloured, dark bool
	}{
		{"", true, true},
		{tui.ThemeAuto, true, true},
		{tui.ThemeDark, true, true},
		{tui.ThemeLight, true, false},
		{tui.ThemeNone, false, true},
	} {
		t.Run("theme "+string(test.theme), func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			screen := screentest.New(t, 120, 40)
			var raw lockedBuffer
			done := make(chan error, 1)
			go func() {
				_, err := tui.Run(t.Context(), tui.Config{
					Backend: w, Now: w.clock, Name: "jetstream-pathways", Theme: test.theme,
				}, tui.Terminal{
					In: screen.In(), Out: io.MultiWriter(screen, &raw), Environ: screen.Environ(),
					Options: append(screen.Options(), tea.WithColorProfile(colorprofile.ANSI256)),
				})
				done <- err
			}()
			w.snapshots <- ready()
			screen.AwaitText("READY", "ask the model")
			screen.Type("q")
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			drawn := raw.bytes()
			if got := colour.Match(drawn); got != test.coloured {
				t.Errorf("colours are drawn: %v, want %v", got, test.coloured)
			}
			if light := bytes.Contains(drawn, []byte("38;5;28m")); test.coloured && light == test.dark {
				t.Errorf("the colours are those of a light background: %v", light)
			}
		})
	}
}

// lockedBuffer is written by the program and read by the test.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}
