// Package styles holds everything that decides how the screens look: colours
// and the glyphs that go with them. No other package names a colour.
//
// Every meaning is carried by a word or a glyph first and by colour second, so
// that the screens read the same without colour. The palette is the terminal's
// own sixteen colours, which people have chosen to be legible; only the light
// variant departs from it, where yellow would vanish on white.
package styles

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Options say what the terminal shows well.
type Options struct {
	// Dark is true on a dark background.
	Dark bool
	// ASCII restricts glyphs to ASCII, for terminals without UTF-8.
	ASCII bool
}

// Styles are the semantic styles. A Styles is not changed after New and may be
// shared.
type Styles struct {
	Glyphs Glyphs

	Text   lipgloss.Style // plain text
	Muted  lipgloss.Style // what the eye may pass over
	Strong lipgloss.Style // names and headlines
	Title  lipgloss.Style // of a pane
	Focus  lipgloss.Style // the title of the pane with the focus
	Rule   lipgloss.Style // lines between panes

	Good lipgloss.Style // ready, done
	Busy lipgloss.Style // in progress
	Warn lipgloss.Style // slower than expected, not confirmed
	Bad  lipgloss.Style // failed
	Loud lipgloss.Style // the one line that must be seen: a fatal cause

	Selected lipgloss.Style // the selected row
	Match    lipgloss.Style // text that a search found
	Current  lipgloss.Style // the match that is shown
	Key      lipgloss.Style // a key in help
	Prompt   lipgloss.Style // in front of an input
	Command  lipgloss.Style // a command to copy

	Heading  lipgloss.Style // in an answer, behind its marks
	Code     lipgloss.Style // between its marks
	Quote    lipgloss.Style // the bar in front of a quotation
	Link     lipgloss.Style // the text in front of an address
	Emphasis lipgloss.Style
	Struck   lipgloss.Style // between its marks
}

// New returns the styles for a terminal.
func New(o Options) *Styles {
	pick := lipgloss.LightDark(o.Dark)
	base := lipgloss.NewStyle()
	fg := func(c color.Color) lipgloss.Style { return base.Foreground(c) }
	green := pick(lipgloss.Color("28"), lipgloss.Green)
	blue := pick(lipgloss.Blue, lipgloss.BrightBlue)
	yellow := pick(lipgloss.Color("130"), lipgloss.Yellow)
	red := pick(lipgloss.Color("124"), lipgloss.BrightRed)
	grey := pick(lipgloss.Color("240"), lipgloss.Color("246"))
	return &Styles{
		Glyphs: glyphs(o.ASCII),

		Text:   base,
		Muted:  fg(grey),
		Strong: base.Bold(true),
		Title:  base,
		Focus:  base.Bold(true).Foreground(blue),
		Rule:   fg(grey),

		Good: fg(green),
		Busy: fg(blue),
		Warn: fg(yellow),
		Bad:  fg(red),
		Loud: base.Bold(true).Foreground(red),

		Selected: base.Reverse(true),
		Match:    base.Underline(true).Foreground(yellow),
		Current:  base.Reverse(true).Foreground(yellow),
		Key:      base.Bold(true),
		Prompt:   base.Bold(true).Foreground(blue),
		Command:  base.Bold(true),

		Heading:  base.Bold(true).Foreground(blue),
		Code:     fg(pick(lipgloss.Color("23"), lipgloss.Cyan)),
		Quote:    fg(grey),
		Link:     base.Underline(true),
		Emphasis: base.Italic(true),
		Struck:   base.Strikethrough(true),
	}
}
