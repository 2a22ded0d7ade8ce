package conversation

import (
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// count is what the draft would be as a prompt, since it costs too much for
// every frame.
type count struct {
	stale         bool
	tokens, limit int
	dropped       int
	cut           bool
	err           error // why it would be refused
}

// uncounted is the length of a conversation, in bytes, from which on it is not
// counted for every key where no limit keeps that short.
const uncounted = 256 << 10

// counted returns the count of the draft. While an answer comes, the last one
// stands.
func (p *Pane) counted() count {
	if !p.count.stale || p.running() {
		return p.count
	}
	p.count = count{}
	draft := p.Draft()
	if text, command := strings.CutPrefix(draft, "/"); command && !strings.HasPrefix(text, "/") {
		draft = ""
	} else if command {
		draft = text
	}
	if strings.TrimSpace(draft) == "" {
		if len(p.turns) == 0 {
			return p.count
		}
		draft = "." // what the conversation itself takes
	}
	limits := p.session.Settings().Limits
	if limits == (chat.Limits{}) && p.length() > uncounted {
		return p.count
	}
	r, err := p.session.Preview(draft)
	p.count.tokens, p.count.limit, p.count.dropped, p.count.cut, p.count.err = r.Tokens, r.Limit, r.Dropped, r.Cut, err
	var long *chat.TooLongError
	if errors.As(err, &long) {
		p.count.tokens, p.count.limit = long.Tokens, long.Limit
	}
	return p.count
}

func (p *Pane) length() int {
	n := 0
	for _, t := range p.turns {
		n += len(t.of.User) + len(t.of.Answer)
	}
	return n
}

// undecided says whether the template is still to come, with the deployment's first
// snapshot.
func (p *Pane) undecided() bool { return p.session.Settings().Template.Name == "" }

// titleEdges is what the frame around a title takes of the pane's width.
const titleEdges = 4

// Title is what stands above the pane: in words, or shorter where they have no room.
func (p *Pane) Title() string {
	words := p.title("%s template", "%d of %d prompt tokens (estimate)", "%d prompt tokens (estimate)")
	if ansi.StringWidth(words) <= p.w-titleEdges {
		return words
	}
	return p.title("%s", "≈%d/%d tokens", "≈%d tokens")
}

func (p *Pane) title(template, tokensOf, tokens string) string {
	parts := []string{"Chat"}
	if !p.undecided() {
		parts = append(parts, fmt.Sprintf(template, p.session.Settings().Template.Name))
	}
	switch c := p.counted(); {
	case c.limit > 0:
		parts = append(parts, fmt.Sprintf(tokensOf, c.tokens, c.limit))
	case c.tokens > 0:
		parts = append(parts, fmt.Sprintf(tokens, c.tokens))
	}
	if !p.follow && len(p.turns) > 0 {
		parts = append(parts, "more below, ctrl+end")
	}
	return p.joined(parts...)
}
