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

func TestAnInterruptionDoesNotWaitForALine(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTimeUp)
	l := lineReader{r: bufio.NewReader(r)}
	if _, err := l.next(ctx); !errors.Is(err, errTimeUp) {
		t.Errorf("error %v", err)
	}
}
