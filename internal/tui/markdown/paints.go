package markdown

import (
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// attr is a set of what text can be.
type attr uint8

const (
	attrHeading attr = 1 << iota
	attrStrong
	attrEmphasis
	attrStruck
	attrCode
	attrLink
	attrQuote
	attrMuted
)

// paint is what a style puts around text.
type paint struct{ open, close string }

// paints are the styles of all sets that were met. Rendering through the
// styles themselves would cost more than all the rest.
type paints struct {
	s     *styles.Styles
	known map[attr]paint
}

func newPaints(s *styles.Styles) *paints { return &paints{s: s, known: map[attr]paint{}} }

func (p *paints) of(a attr) paint {
	if a == 0 {
		return paint{}
	}
	if known, ok := p.known[a]; ok {
		return known
	}
	style := lipgloss.NewStyle()
	for _, one := range []struct {
		attr  attr
		style lipgloss.Style
	}{
		{attrMuted, p.s.Muted},
		{attrCode, p.s.Code},
		{attrQuote, p.s.Quote},
		{attrHeading, p.s.Heading},
		{attrLink, p.s.Link},
		{attrStrong, p.s.Strong},
		{attrEmphasis, p.s.Emphasis},
		{attrStruck, p.s.Struck},
	} {
		if a&one.attr != 0 {
			style = style.Inherit(one.style)
		}
	}
	open, end, _ := strings.Cut(style.Render("x"), "x")
	p.known[a] = paint{open, end}
	return p.known[a]
}

func (p *paints) paint(a attr, text string) string {
	look := p.of(a)
	return look.open + text + look.close
}
