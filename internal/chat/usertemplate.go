package chat

import (
	"errors"
	"fmt"
	"strings"
)

// Layout is a template as data, for one of a person's own. In its texts {system},
// {user} and {answer} stand for what was said; everything else is written as it is.
type Layout struct {
	// System is written first where there is a system prompt, with {system}. A layout
	// without it refuses a system prompt.
	System string `json:"system,omitempty"`
	// Turn is written for each earlier turn, with {user} and {answer}.
	Turn string `json:"turn"`
	// Prompt is written last, with {user}; the answer follows it.
	Prompt string `json:"prompt"`
	// Stop are the markers that end an answer.
	Stop []string `json:"stop,omitempty"`
}

// The names of what was said.
const (
	systemSlot = "{system}"
	userSlot   = "{user}"
	answerSlot = "{answer}"
)

// Template returns the template of a layout, or what is wrong with it.
func (l Layout) Template(name string) (Template, error) {
	for _, part := range []struct {
		name, text string
		slots      []string
	}{
		{"system", l.System, []string{systemSlot}}, {"turn", l.Turn, []string{userSlot, answerSlot}}, {"prompt", l.Prompt, []string{userSlot}},
	} {
		if part.name == "system" && part.text == "" {
			continue
		}
		for _, slot := range part.slots {
			if !strings.Contains(part.text, slot) {
				return Template{}, fmt.Errorf("template %s: %s leaves out what belongs there; write %s", name, part.name, slot)
			}
		}
	}
	for _, marker := range l.Stop {
		if strings.TrimSpace(marker) == "" {
			return Template{}, fmt.Errorf("template %s: a stop marker is blank, and would end every answer at once", name)
		}
	}
	return Template{Name: name, stops: l.Stop, write: l.write}, nil
}

func (l Layout) write(b *strings.Builder, c conversation) error {
	if c.System != "" {
		if l.System == "" {
			return errors.New("it has no place for a system prompt; leave the system prompt out, or give the template a text for system")
		}
		fill(b, l.System, systemSlot, c.System)
	}
	for _, t := range c.Turns {
		fill(b, l.Turn, userSlot, t.User, answerSlot, t.Answer)
	}
	fill(b, l.Prompt, userSlot, c.User)
	return nil
}

// fill writes a text with what was said in its places. What was said is not looked
// at again, so nothing in it can stand for something else.
func fill(b *strings.Builder, text string, slots ...string) {
	_, _ = strings.NewReplacer(slots...).WriteString(b, text) // a builder never fails
}
