package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestConfirm(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, " yes \n": true, "n\n": false, "\n": false, "": false, "yesterday\n": false} {
		a, stderr := testApp(t)
		a.In = strings.NewReader(answer)
		got, err := a.confirm(t.Context(), "Delete it?")
		if err != nil || got != want {
			t.Errorf("answer %q: %v, %v; want %v", answer, got, err, want)
		}
		if stderr.String() != "Delete it? [y/N] " {
			t.Errorf("asked %q", stderr)
		}
	}
}

func TestAnInterruptionEndsAQuestion(t *testing.T) {
	t.Parallel()
	a, _ := testApp(t)
	in, typing := io.Pipe()
	defer func() { _ = typing.Close() }()
	a.In = in
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(interruption{signal: os.Interrupt})
	_, err := a.confirm(ctx, "Delete it?")
	var stop interruption
	if !errors.As(err, &stop) {
		t.Errorf("error %v, want the interruption", err)
	}
}
