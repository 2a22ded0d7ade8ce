package chat

import (
	"fmt"
	"slices"
	"strings"
)

// Template is a way to write a conversation as one text, and the markers by
// which an answer in it ends. The zero Template is raw.
//
// No template writes a marker for the beginning of the text: the server puts
// the token there itself.
type Template struct {
	Name string

	// stops end an answer. The text before an answer counts as the end of a
	// line, so that a marker which begins with one is found at once.
	stops []string
	// write is nil for raw.
	write func(b *strings.Builder, c conversation) error
}

// conversation is what a template is made from; a user's template sees its
// fields.
type conversation struct {
	System string
	Turns  []exchange
	User   string
}

type exchange struct{ User, Answer string }

// Stops returns the markers that end an answer.
func (t Template) Stops() []string { return slices.Clone(t.stops) }

// Alone reports whether the template sends the person's text and nothing else:
// no earlier turns and no system prompt. Its answers are kept to the last
// space.
func (t Template) Alone() bool { return t.write == nil }

func (t Template) render(c conversation) (string, error) {
	if t.Alone() {
		return c.User, nil
	}
	var b strings.Builder
	if err := t.write(&b, c); err != nil {
		return "", fmt.Errorf("template %s: %w", t.Name, err)
	}
	return b.String(), nil
}
