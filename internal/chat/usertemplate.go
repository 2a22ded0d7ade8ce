package chat

import (
	"errors"
	"fmt"
	"strings"
)

// stopBlock is the block of a user's template that lists its stop markers.
const stopBlock = "stop"

// ParseTemplate reads a template of the user's own: the text of a text/template
// without functions and variables, over .System, .Turns with .User and .Answer
// each, and .User, the text to answer now. Its block "stop" has one stop marker
// a line, in which \n stands for the end of a line.
func ParseTemplate(name, text string) (Template, error) {
	parsed, err := parseLayout(name, text)
	if err != nil {
		return Template{}, fmt.Errorf("reading the chat template: %w", err)
	}
	t := Template{Name: name, write: func(b *strings.Builder, c conversation) error {
		return parsed.execute(b, c)
	}}
	// Parsing does not look at the fields, so a first use does.
	const user, earlier, answer = "user-text", "earlier-text", "answer-text"
	sample, err := t.render(conversation{System: "system-text", Turns: []exchange{{earlier, answer}}, User: user})
	if err != nil {
		return Template{}, err
	}
	if !strings.Contains(sample, user) {
		return Template{}, fmt.Errorf("template %s leaves out the text to answer; write {{.User}} where it belongs", name)
	}
	if !parsed.has(stopBlock) {
		return t, nil
	}
	var stops strings.Builder
	if err := parsed.executeBlock(&stops, stopBlock, nil); err != nil {
		return Template{}, fmt.Errorf("template %s: %w", name, err)
	}
	for line := range strings.Lines(stops.String()) {
		if marker := strings.ReplaceAll(strings.TrimSpace(line), `\n`, "\n"); strings.TrimSpace(marker) != "" {
			t.stops = append(t.stops, marker)
		}
	}
	if len(t.stops) == 0 {
		return Template{}, errors.New("template " + name + ": its block stop has no marker; write one a line, or leave the block out")
	}
	return t, nil
}
