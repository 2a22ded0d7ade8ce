package chat

import (
	"errors"
	"sort"
	"strings"
	"unicode/utf8"
)

const (
	// beginOfText is the token that the server puts before every prompt.
	beginOfText = 1
	// bytesPerToken is the longest text for which EstimateTokens counts one
	// token. What has more bytes than this times the limit cannot fit, which is
	// seen without writing it out.
	bytesPerToken = 4
)

// ErrNoText is returned for a text without a visible character.
var ErrNoText = errors.New("there is nothing to send: the text is empty")

// request writes the prompt for a text after the earlier exchanges, with as
// many of the last ones as fit.
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
	r, err := fitting{settings: s, limit: prompt, earlier: earlier}.fit(text)
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
	alone, ok, err := f.try(0, text)
	if err != nil {
		return Request{}, err
	}
	if !ok {
		return f.trim(text, alone.Tokens)
	}
	return f.withEarlier(text, alone)
}

// withEarlier adds earlier turns to a prompt that fits without them. Their
// number is doubled until they do not fit and the gap is halved then, so that
// the work depends on the limit and not on how long the conversation is.
func (f fitting) withEarlier(text string, fits Request) (Request, error) {
	kept, beyond, step := 0, len(f.earlier)+1, 1
	for kept+1 < beyond {
		turns := min(kept+step, beyond-1)
		r, ok, err := f.try(turns, text)
		if err != nil {
			return Request{}, err
		}
		if ok {
			fits, kept, step = r, turns, 2*step
			continue
		}
		beyond, step = turns, max(1, (turns-kept)/2)
	}
	return fits, nil
}

// try writes the prompt with the last turns before the text and reports
// whether it fits.
func (f fitting) try(turns int, text string) (Request, bool, error) {
	c := conversation{System: f.settings.System, Turns: f.earlier[len(f.earlier)-turns:], User: text}
	if turns > 0 && c.longerThan(f.limit*bytesPerToken) && f.limit > 0 {
		return Request{}, false, nil
	}
	written, err := f.settings.Template.render(c)
	if err != nil {
		return Request{}, false, err
	}
	tokens := beginOfText + EstimateTokens(written)
	return Request{Text: written, Tokens: tokens, Dropped: len(f.earlier) - turns}, tokens <= f.limit, nil
}

func (c conversation) longerThan(limit int) bool {
	n := len(c.System) + len(c.User)
	for _, t := range c.Turns {
		n += len(t.User) + len(t.Answer)
	}
	return n > limit
}

// trim takes as much of the end of a text as fits without any earlier turn.
func (f fitting) trim(text string, tokens int) (Request, error) {
	empty, ok, err := f.try(0, "")
	if err != nil {
		return Request{}, err
	}
	if !ok {
		return Request{}, &TooLongError{Tokens: empty.Tokens, Limit: f.limit, System: f.settings.System != ""}
	}
	if !f.settings.Trim {
		return Request{}, &TooLongError{Tokens: tokens, Limit: f.limit}
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
