// Package generate asks a JetStream HTTP server for text.
//
// The server streams only when asked to, in a framing of its own: a 200 answer
// of type application/json whose body is a row of JSON objects with nothing
// between them and no mark at the end. Servers that do not stream answer with
// one object of another shape. The decoder takes both, at any chunk
// boundaries, and says which one it met.
//
// A Client may be used by many goroutines at once. Each request has its own
// connection: cancelling the context closes it, by which the server learns of it,
// and it ends no other request.
package generate

import (
	"errors"
	"fmt"
)

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
