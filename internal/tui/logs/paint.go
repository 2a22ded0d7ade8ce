package logs

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// paint is a style as what it puts around text. Rendering through the style
// itself would cost more than all the rest of a frame.
type paint struct{ open, close string }

func newPaint(s lipgloss.Style) paint {
	open, end, _ := strings.Cut(s.Render("x"), "x")
	return paint{open, end}
}

func (p paint) append(out []byte, text string) []byte {
	out = append(out, p.open...)
	out = append(out, text...)
	return append(out, p.close...)
}

type paints struct {
	text, muted, warn, match, current, selected, prompt paint
}

func newPaints(s *styles.Styles) paints {
	return paints{
		text: newPaint(s.Text), muted: newPaint(s.Muted), warn: newPaint(s.Warn),
		match: newPaint(s.Match), current: newPaint(s.Current),
		selected: newPaint(s.Selected), prompt: newPaint(s.Prompt),
	}
}
