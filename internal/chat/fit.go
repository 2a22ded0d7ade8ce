package chat

import (
	"errors"
	"sort"
	"strings"
	"unicode/utf8"
)

// beginOfText is the token that the server puts before every prompt.
const beginOfText = 1

// bytesPerToken is the longest text, on average, for which EstimateTokens
// counts one token. A text of more bytes than this times the limit cannot fit,
// and need not be written out to see that.
const bytesPerToken = 8

// ErrNoText is returned for a text without a visible character.
var ErrNoText = errors.New("there is nothing to send: the text is empty")

// request writes the prompt for a text after the earlier exchanges, as many of
// the last ones as fit.
func (s Settings) request(earlier []exchange, text string) (Request, error) {
	switch {
	case strings.TrimSpace(text) == "":
		return Request{}, ErrNoText
	case !utf8.ValidString(text), !utf8.ValidString(s.System):
		return Request{}, errors.New("the prompt is not valid UTF-8 text; convert it first")
	}
	prompt, answer, err := s.room()
	if err != nil {
		return Request{}, err
	}
	if s.Template.Alone() {
		earlier = nil
	}
	f := fitting{settings: s, limit: prompt, earlier: earlier}
	r, err := f.fit(text)
	if err != nil {
		return Request{}, err
	}
	r.MaxTokens, r.Limit, r.Stops = answer, prompt, s.Template.Stops()
	return r, nil
}

// fitting looks for what fits into a limit; 0 is none.
type fitting struct {
	settings Settings
	limit    int
	earlier  []exchange
}

func (f fitting) fit(text string) (Request, error) {
	if f.limit == 0 {
		r, _, err := f.try(len(f.earlier), text)
		return r, err
	}
	r, ok, err := f.try(0, text)
	if err != nil {
		return Request{}, err
	}
	if !ok {
		return f.trim(text)
	}
	// The number of turns is doubled until they do not fit and then halved, so
	// that the work depends on the limit and not on how long the conversation
	// is.
	kept, beyond := 0, len(f.earlier)+1
	for step := 1; kept+step < beyond; {
		longer, ok, err := f.try(kept+step, text)
		switch {
		case err != nil:
			return Request{}, err
		case ok:
			r, kept = longer, kept+step
			step *= 2
		default:
			beyond = kept + step
		}
		if kept+step >= beyond {
			step = max(1, (beyond-kept)/2)
		}
	}
	return r, nil
}

// try writes the prompt with the last turns and reports whether it fits.
func (f fitting) try(turns int, text string) (Request, bool, error) {
	c := conversation{System: f.settings.System, Turns: f.earlier[len(f.earlier)-turns:], User: text}
	if f.limit > 0 && c.size() > f.limit*bytesPerToken && turns > 0 {
		return Request{}, false, nil
	}
	written, err := f.settings.Template.render(c)
	if err != nil {
		return Request{}, false, err
	}
	tokens := beginOfText + EstimateTokens(written)
	return Request{Text: written, Tokens: tokens, Dropped: len(f.earlier) - turns}, tokens <= f.limit, nil
}

func (c conversation) size() int {
	n := len(c.System) + len(c.User)
	for _, t := range c.Turns {
		n += len(t.User) + len(t.Answer)
	}
	return n
}

// trim takes as much of the end of a text as fits without any earlier turn.
func (f fitting) trim(text string) (Request, error) {
	whole, _, err := f.try(0, text)
	if err != nil {
		return Request{}, err
	}
	empty, ok, err := f.try(0, "")
	if err != nil {
		return Request{}, err
	}
	if !ok {
		return Request{}, &TooLongError{Tokens: empty.Tokens, Limit: f.limit, System: true}
	}
	if !f.settings.Trim {
		return Request{}, &TooLongError{Tokens: whole.Tokens, Limit: f.limit}
	}
	end := text[max(0, len(text)-f.limit*bytesPerToken):]
	cut := sort.Search(len(end), func(i int) bool {
		_, ok, err := f.try(0, wholeRunes(end[i:]))
		return ok && err == nil
	})
	r, _, err := f.try(0, wholeRunes(end[cut:]))
	r.Cut = true
	return r, err
}

// wholeRunes leaves out the rest of a character at the beginning.
func wholeRunes(s string) string {
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return s
}
