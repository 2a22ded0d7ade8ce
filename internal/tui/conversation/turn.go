package conversation

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/markdown"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// maxShown bounds the text of a turn that is laid out, in bytes.
const maxShown = 1 << 20

// rateEvery is how often the rate of a running answer changes: a figure that changes
// with each frame cannot be read.
const rateEvery = 500 * time.Millisecond

// turn is a turn of the session and how it is shown: in units, each of which
// has rows. They are the sections of what the person said, one of notices, the
// sections of the answer, and the status.
type turn struct {
	of           chat.Turn
	user, answer *markdown.Document
	took         int           // bytes of the answer that are laid out
	end          string        // the last of them
	first        time.Duration // until some of the answer came, as seen here
	soFar        chat.Stats    // of the running answer, when its rate was taken last
}

func newTurn(s *styles.Styles, of chat.Turn, now time.Time) *turn {
	t := &turn{of: of, user: markdown.NewPlain(s), answer: markdown.New(s)}
	t.user.Append(shown(of.User))
	t.take(of, now)
	return t
}

// is reports whether a turn of the session is this one. Two are told apart by
// when they began, since a number is given again after a retry.
func (t *turn) is(of chat.Turn) bool {
	return t.of.Number == of.Number && t.of.Begun.Equal(of.Begun) && t.of.User == of.User
}

// take takes over what came of the answer.
func (t *turn) take(of chat.Turn, now time.Time) {
	if t.first == 0 && of.State == chat.Answering {
		t.first = max(now.Sub(of.Begun), 0)
		t.soFar = chat.Stats{FirstText: t.first, Total: t.first}
	}
	t.of = of
	t.rate(now)
	text := shown(of.Answer)
	if len(text) < t.took || !strings.HasSuffix(text[:t.took], t.end) {
		// The end of an answer can turn out to be none of it.
		t.answer.Reset()
		t.took = 0
	}
	if len(text) == t.took {
		return
	}
	t.answer.Append(text[t.took:])
	t.took = len(text)
	t.end = strings.Clone(text[max(t.took-64, 0):])
}

// rate takes the rate of a running answer, unless it was taken a moment ago.
func (t *turn) rate(now time.Time) {
	if total := now.Sub(t.of.Begun); t.of.State == chat.Answering && total-t.soFar.Total >= rateEvery {
		t.soFar.Chunks, t.soFar.Total = t.of.Stats.Chunks, total
	}
}

// shown is the beginning of a text that is laid out.
func shown(text string) string {
	if len(text) <= maxShown {
		return text
	}
	end := maxShown
	for back := 0; back < utf8.UTFMax && !utf8.RuneStart(text[end]); back++ {
		end--
	}
	return text[:end]
}

func (t *turn) setWidth(w int) {
	t.user.SetWidth(w)
	t.answer.SetWidth(w)
}

// units is the number of units.
func (t *turn) units() int { return t.user.Sections() + t.answer.Sections() + 2 }

// part says what a unit is, and which of its kind.
type part int

const (
	partUser part = iota
	partNotices
	partAnswer
	partStatus
)

func (t *turn) part(unit int) (part, int) {
	users := t.user.Sections()
	switch answers := t.answer.Sections(); {
	case unit < users:
		return partUser, unit
	case unit == users:
		return partNotices, 0
	case unit <= users+answers:
		return partAnswer, unit - users - 1
	default:
		return partStatus, 0
	}
}
