package chat

import "fmt"

// DefaultMaxTokens bounds an answer where neither the person nor the model's
// limits do. It is longer than the server's own 100, which cuts most answers,
// and leaves room in every known context.
const DefaultMaxTokens = 512

// Limits are the lengths that the model was started with, in tokens; 0 where
// they are not known.
type Limits struct {
	// MaxPrefill is the longest prompt. The server cuts the beginning of a
	// longer one without a word.
	MaxPrefill int
	// MaxTarget is the longest prompt and answer together.
	MaxTarget int
}

// Settings are how a conversation is held.
type Settings struct {
	Template Template
	// System is put before the conversation.
	System string
	// MaxTokens bounds an answer; 0 means as much as Limits allow.
	MaxTokens int
	Limits    Limits
	// Trim lets a text that is too long by itself lose its beginning instead of
	// being refused.
	Trim bool
}

// Request is a prompt as it is sent, and how it came about.
type Request struct {
	// Text is the prompt.
	Text string
	// MaxTokens bounds the answer; 0 leaves the server's default of 100.
	MaxTokens int
	// Tokens estimates the length of Text and of what the server adds.
	Tokens int
	// Limit is what Tokens may be; 0 when that is not known.
	Limit int
	// Dropped is how many of the earlier turns did not fit.
	Dropped int
	// Cut is true when the beginning of the person's text was left out.
	Cut bool
	// Stops are the markers by which the answer ends. A Session looks for them.
	Stops []string
}

// TooLongError is returned for a text that does not fit even without the
// earlier turns.
type TooLongError struct {
	// Tokens is the estimated length of the prompt, Limit what it may be.
	Tokens, Limit int
	// System is true when the system prompt leaves no room for any text.
	System bool
}

func (e *TooLongError) Error() string {
	what, remedy := "the text is too long", "shorten it, or let its beginning be cut off"
	if e.System {
		what, remedy = "the system prompt is too long", "shorten it"
	}
	return fmt.Sprintf("%s: the prompt would have about %d tokens (an estimate) and the model takes %d; %s", what, e.Tokens, e.Limit, remedy)
}

// room returns how long a prompt and its answer may be.
func (s Settings) room() (prompt, answer int, err error) {
	l := s.Limits
	answer = s.MaxTokens
	switch {
	case answer > 0:
	case l.MaxPrefill > 0 && l.MaxTarget > l.MaxPrefill:
		answer = l.MaxTarget - l.MaxPrefill
	case l.MaxTarget > 0:
		answer = min(DefaultMaxTokens, (l.MaxTarget+1)/2)
	default:
		answer = DefaultMaxTokens
	}
	prompt = l.MaxPrefill
	if l.MaxTarget > 0 {
		left := l.MaxTarget - answer
		if left < 1 {
			return 0, 0, fmt.Errorf("an answer of %d tokens leaves no room for a prompt: the model takes %d tokens, prompt and answer together; ask for a shorter answer", answer, l.MaxTarget)
		}
		if prompt == 0 || left < prompt {
			prompt = left
		}
	}
	return prompt, answer, nil
}
