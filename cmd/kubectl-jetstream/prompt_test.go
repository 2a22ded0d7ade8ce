package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadPrompt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		args  []string
		piped string
		want  string
		usage bool
	}{
		{"words are one prompt", []string{"What", "is a", "TPU?"}, "", "What is a TPU?", false},
		{"a pipe alone is the prompt", nil, "Hello\nthere\n", "Hello\nthere", false},
		{"words come before what they are about", []string{"Summarise:"}, "a text\r\n", "Summarise:\n\na text", false},
		{"a dash stands for the pipe", []string{"Summarise:", "-"}, "a text\n", "Summarise:\n\na text", false},
		{"a dash alone does, too", []string{"-"}, "a text\n", "a text", false},
		{"an empty pipe adds nothing", []string{"Hello"}, " \n", "Hello", false},
		{"leading space of a completion is kept", nil, "  def f(x):", "  def f(x):", false},
		{"nothing at all is a mistake", nil, "", "", true},
		{"blank words are a mistake", []string{" "}, "\n", "", true},
		{"too long a text is a mistake", nil, strings.Repeat("x", maxPrompt+1), "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := testApp(t)
			a.In = strings.NewReader(tt.piped)
			got, err := a.readPrompt(t.Context(), tt.args, time.Hour)
			var usage *usageError
			if errors.As(err, &usage) != tt.usage {
				t.Fatalf("error %v, want a usage error: %v", err, tt.usage)
			}
			if got != tt.want {
				t.Errorf("prompt %q, want %q", got, tt.want)
			}
		})
	}
}

// quietPipe is a pipe that stays open. Closing it lets the read that was left
// behind end.
func quietPipe(t *testing.T) (io.Reader, *io.PipeWriter) {
	t.Helper()
	in, write := io.Pipe()
	t.Cleanup(func() { _ = write.Close() })
	return in, write
}

func TestAPipeThatNobodyWritesToIsLeftAloneNextToAPrompt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _ := testApp(t)
		var stderr bytes.Buffer
		a.ErrOut = &stderr
		a.In, _ = quietPipe(t)
		got, err := a.readPrompt(t.Context(), []string{"Hello"}, stdinPatience)
		if err != nil || got != "Hello" {
			t.Errorf("prompt %q, error %v", got, err)
		}
		if !strings.Contains(stderr.String(), "standard input") {
			t.Errorf("nothing says that standard input was left alone: %q", &stderr)
		}
	})
}

func TestAPipeThatBeginsInTimeIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, _ := testApp(t)
		in, write := quietPipe(t)
		a.In = in
		go func() {
			time.Sleep(time.Second)
			_, _ = io.WriteString(write, "a text, ")
			time.Sleep(time.Hour)
			_, _ = io.WriteString(write, "slowly")
			_ = write.Close()
		}()
		got, err := a.readPrompt(t.Context(), []string{"Summarise:"}, stdinPatience)
		if err != nil || got != "Summarise:\n\na text, slowly" {
			t.Errorf("prompt %q, error %v", got, err)
		}
	})
}

func TestTheEndOfTheContextEndsTheWaitForAPrompt(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"Hello"}, {"Hello", "-"}} {
		synctest.Test(t, func(t *testing.T) {
			a, _ := testApp(t)
			a.In, _ = quietPipe(t)
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errTimeUp)
			defer cancel()
			if _, err := a.readPrompt(ctx, args, stdinPatience); !errors.Is(err, errTimeUp) {
				t.Errorf("arguments %q: error %v, want the cause of the context", args, err)
			}
		})
	}
}

func TestInputOf(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, path string) *os.File {
		t.Helper()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	text := filepath.Join(t.TempDir(), "prompt")
	if err := os.WriteFile(text, []byte("Hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = read.Close(), write.Close() })
	closed := open(t, text)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		in   *os.File
		want input
	}{
		{"a device", open(t, os.DevNull), nothing},
		{"a file", open(t, text), file},
		{"a pipe", read, pipe},
		{"what is closed", closed, nothing},
	} {
		if got, err := inputOf(tt.in); got != tt.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", tt.name, got, err, tt.want)
		}
	}
}
