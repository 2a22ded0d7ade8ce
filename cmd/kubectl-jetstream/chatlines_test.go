package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTurnsFromAPipe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, input string
		want        []string
	}{
		{"a line is a turn", "one\ntwo\n", []string{"one", "two"}},
		{"the last line needs no end", "one\ntwo", []string{"one", "two"}},
		{"a backslash goes on in the next line", "one \\\n two\\\nthree\nfour\n", []string{"one \n two\nthree", "four"}},
		{"a backslash at the very end is text", "one\\", []string{"one\\"}},
		{"line ends of Windows", "one\r\ntwo\r\n", []string{"one", "two"}},
		{"nothing", "", nil},
		{"empty lines are turns without text", "\n\none\n", []string{"", "", "one"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := lineReader{r: bufio.NewReader(strings.NewReader(tt.input))}
			var got []string
			for {
				text, err := l.next(t.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("turns (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALineWithoutEndIsRefused(t *testing.T) {
	t.Parallel()
	l := lineReader{r: bufio.NewReader(strings.NewReader(strings.Repeat("x", maxPrompt+1)))}
	var usage *usageError
	if _, err := l.next(t.Context()); !errors.As(err, &usage) {
		t.Errorf("error %v", err)
	}
}

// endless is a line that never ends; it counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 4*maxPrompt {
		return 0, errors.New("the line is still being read")
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestALineWithoutEndIsNotReadToItsEnd(t *testing.T) {
	t.Parallel()
	input := &endless{}
	l := lineReader{r: bufio.NewReader(input)}
	var usage *usageError
	if _, err := l.next(t.Context()); !errors.As(err, &usage) || input.read > 2*maxPrompt {
		t.Errorf("error %v after %d bytes", err, input.read)
	}
}

func TestAnInterruptionDoesNotWaitForALine(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTimeUp)
	l := lineReader{r: bufio.NewReader(r)}
	if _, err := l.next(ctx); !errors.Is(err, errTimeUp) {
		t.Errorf("error %v", err)
	}
}
