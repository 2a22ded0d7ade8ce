package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// askWhatMisbehaves asks a ready deployment while its model writes what no terminal
// should interpret, and while it does not know when to stop.
func (c *cluster) askWhatMisbehaves(t *testing.T, ns string) {
	t.Helper()
	const prompt = "Briefly: what is tea?"
	usual := c.jetstream(t, "generate", "-n", ns, prompt)
	expect(t, "generate", usual, 0, "tea")
	const w = 100
	term := c.onTerminal(t, w, 30, "chat", "-n", ns)
	term.see("ask the model")

	c.setScenario(t, "hostile-text")
	c.readHostile(t, ns, term, w)
	c.setScenario(t, "model-runs-on")
	const said = "Briefly: what is salt?"
	term.say(said)
	if answer := term.answered(said); strings.Contains(answer, "User:") || !strings.Contains(answer, "salt") {
		t.Errorf("an invented turn is shown:\n%s", answer)
	}

	// Without a template nothing is cut: the model does run on.
	expect(t, "generate --raw", c.jetstream(t, "generate", "-n", ns, "--raw", "--max-tokens", "60", "User: "+prompt+"\nAssistant:"), 0, "\nUser: ")
	var answer struct {
		Text     string
		Complete bool
		Chunks   int
	}
	r := c.jetstream(t, "generate", "-n", ns, "-o", "json", prompt)
	if err := json.Unmarshal([]byte(r.stdout), &answer); err != nil {
		t.Fatalf("%v: %s", err, r)
	}
	// The stream was left at the first invented turn, far from max_tokens.
	if answer.Text != strings.TrimSpace(usual.stdout) || !answer.Complete || answer.Chunks > 60 {
		t.Errorf("of a model that runs on came %+v, want %s", answer, usual)
	}

	term.press(keyEsc)
	term.see("enter or i types here")
	term.press("q")
	if code, left := term.wait(); code != 0 || !strings.Contains(left, "Ready for") {
		t.Errorf("exit code %d\n%s", code, left)
	}
}

// hostileTokenSize is how long the last token of a hostile answer is.
const hostileTokenSize = 10 << 20

// readHostile asks for a hostile answer, in a chat on a terminal that is w cells wide
// and through a pipe.
func (c *cluster) readHostile(t *testing.T, ns string, term *screen, w int) {
	t.Helper()
	const said = "Briefly: what is rain?"
	term.say(said)
	screen := term.await("the hostile answer", 2*time.Minute, func(screen string) bool {
		return strings.Contains(screen, "1.0 MB of 10.0 MB") && strings.Contains(screen, " to first token") && !strings.Contains(screen, "esc stop")
	})
	c.intact(t, term, screen, w)
	// Its end is far below its beginning, which is where the sequences are.
	term.press("\x1b[1;5H") // ctrl+home
	screen = term.await("the beginning", time.Minute, func(screen string) bool { return strings.Contains(screen, "You    "+said) })
	for _, text := range []string{"simulated answer is hostile", "clipboard", "title", "link", "screen", "reset", "direction", "gnp.exe", "0123456789abcdef"} {
		if !strings.Contains(screen, text) {
			t.Errorf("%q of the answer is not shown", text)
		}
	}
	c.intact(t, term, screen, w)

	r := c.jetstream(t, "generate", "-n", ns, said)
	for _, bytes := range []string{"\x1b]52;c;", "\x1b]0;owned\x1b\\", "\x1b[2J", "\u009b31m", "\u202e", "\x00", "\x1bc"} {
		if !strings.Contains(r.stdout, bytes) {
			t.Errorf("%q does not come through a pipe", bytes)
		}
	}
	if last := strings.TrimRight(r.stdout[max(len(r.stdout)-hostileTokenSize-1, 0):], "\n"); r.code != 0 || strings.Count(last, "0123456789abcdef") != hostileTokenSize/16 {
		t.Errorf("exit code %d with %d bytes: %s", r.code, len(r.stdout), r.stderr)
	}
}

// intact checks that a screen is the dashboard's own, cell by cell.
func (c *cluster) intact(t *testing.T, term *screen, screen string, w int) {
	t.Helper()
	if !term.AltScreen() || !strings.Contains(screen, "[Chat") || !strings.Contains(screen, "READY for") || !strings.Contains(screen, "> ask the model") {
		t.Errorf("the screen is not as it was:\n%s", screen)
	}
	for line := range strings.Lines(screen) {
		if n := ansi.StringWidth(strings.TrimRight(line, "\n")); n > w {
			t.Errorf("a line of %d cells on a terminal of %d: %q", n, w, line)
		}
		for _, r := range strings.TrimRight(line, "\n") {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Errorf("%q is on the screen: %q", r, line)
			}
		}
	}
}
