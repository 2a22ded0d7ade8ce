// Package generate asks a JetStream HTTP server for text.
//
// The server streams only when asked to, in a framing of its own: a 200 answer
// of type application/json whose body is a row of JSON objects with nothing
// between them and no mark at the end. Servers that do not stream answer with
// one object of another shape. The decoder takes both, at any chunk
// boundaries, and says which one it met.
//
// A Client may be used by many goroutines at once. Each request has its own
// connection: cancelling the context closes it, which also frees the slot that
// the request holds on the server, and it ends no other request.
package generate

import (
	"errors"
	"fmt"
	"time"
)

// Request is a prompt and how much may be answered.
type Request struct {
	// Prompt is sent as it is. It must be valid UTF-8.
	Prompt string
	// MaxTokens bounds the answer; 0 leaves the server's default of 100.
	MaxTokens int
}

// Framing is how a server sent its answer.
type Framing string

// The framings.
const (
	// Streamed: one object for each group of tokens.
	Streamed Framing = "streamed"
	// Single: one object with the whole answer.
	Single Framing = "single"
)

// Stats are the measures of one request. They are filled as far as the request
// came, also when it failed.
type Stats struct {
	// Framing is empty when no object was received.
	Framing Framing `json:"framing,omitempty"`
	// Chunks counts the objects with text in them. The server sends about one
	// for each token, and reports no number of tokens.
	Chunks int `json:"chunks"`
	// Bytes is the length of the text.
	Bytes int `json:"bytes"`
	// FirstText is the time from the request to the first text; zero when none
	// came.
	FirstText time.Duration `json:"firstText,omitzero"`
	// Total is the time from the request to its end.
	Total time.Duration `json:"total"`
}

// ChunksPerSecond is the rate after the first text, which stands for tokens
// per second. It is 0 when too little was received to tell.
func (s Stats) ChunksPerSecond() float64 {
	span := (s.Total - s.FirstText).Seconds()
	if s.Chunks < 2 || span <= 0 {
		return 0
	}
	return float64(s.Chunks-1) / span
}

// ErrEmpty is returned when an answer ended well and contained nothing. The
// server sends at least one object for every request, so it failed.
var ErrEmpty = errors.New("the server ended its answer without sending anything")

// TruncatedError is returned when an answer ended inside an object or its
// connection broke. The text up to there has been delivered.
type TruncatedError struct {
	// Err is what reading the answer ended with.
	Err error
}

func (e *TruncatedError) Error() string {
	return fmt.Sprintf("the answer was cut off: %v", e.Err)
}

func (e *TruncatedError) Unwrap() error { return e.Err }

// FormatError is returned when an answer is not what a JetStream HTTP server
// sends; something else may be listening.
type FormatError struct {
	// Start is the beginning of what was received, at most 80 bytes.
	Start string
	Err   error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("the answer is not one of a JetStream HTTP server: %v (it begins %q)", e.Err, e.Start)
}

func (e *FormatError) Unwrap() error { return e.Err }
