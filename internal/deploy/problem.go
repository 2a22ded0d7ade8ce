package deploy

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with the values of a deployment.
type Problem struct {
	// Flag is the flag whose value is wrong, with its dashes.
	Flag string `json:"flag"`
	// Value is what was given, empty if nothing was.
	Value string `json:"value,omitempty"`
	// Message says what is wrong with it, Remedy what to write instead.
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

// String writes the problem on one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Flag)
	if p.Value != "" {
		fmt.Fprintf(&b, " %q", p.Value)
	}
	b.WriteString(": " + p.Message)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// ValidationError lists every problem that was found before anything was
// sent to a cluster.
type ValidationError struct {
	Problems []Problem
}

// Error writes one problem on each line.
func (e *ValidationError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// problems collects what is wrong.
type problems []Problem

func (ps *problems) add(flag, value, message, remedy string) {
	*ps = append(*ps, Problem{Flag: flag, Value: value, Message: message, Remedy: remedy})
}

// err returns the problems as an error, nil if there are none.
func (ps problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return &ValidationError{Problems: ps}
}
