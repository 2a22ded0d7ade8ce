package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"syscall"
	"time"
)

// maxPrompt bounds a prompt from standard input, in bytes. The longest
// context of the profiles is far below.
const maxPrompt = 1 << 20

// stdinPatience is how long a prompt on the command line waits for a pipe to
// deliver something. Programs inherit pipes that nobody writes to, so a pipe
// alone does not say that a text is coming.
const stdinPatience = 2 * time.Second

// stdinWord is the argument that asks for standard input, however long it
// takes, as in many commands.
const stdinWord = "-"

// readPrompt joins the words of the command line and what standard input
// delivers: an instruction first, then the text it is about. Standard input
// is read to its end where nothing else is given or "-" asks for it, and
// where it is a file; a pipe next to a prompt is read if it delivers something
// in time. When the context ends first, its cause is returned.
func (a *app) readPrompt(ctx context.Context, args []string, patience time.Duration) (string, error) {
	words := slices.DeleteFunc(slices.Clone(args), func(w string) bool { return w == stdinWord })
	asked := len(words) < len(args)
	prompt := strings.Join(words, " ")
	in, err := inputOf(a.In)
	if err != nil {
		return "", err
	}
	if in == nothing && asked {
		return "", usagef("%q asks for standard input, which is a terminal or empty", stdinWord)
	}
	if in != nothing {
		if asked || prompt == "" || in == file {
			patience = 0
		}
		text, came, err := readInput(ctx, a.In, patience)
		if err != nil {
			return "", err
		}
		if !came {
			fmt.Fprintf(a.ErrOut, "Nothing came on standard input within %s; add %s to wait for it.\n", patience, stdinWord)
		}
		switch {
		case prompt == "":
			prompt = text
		case strings.TrimSpace(text) != "":
			prompt += "\n\n" + text
		}
	}
	if strings.TrimSpace(prompt) == "" {
		return "", usagef("no prompt; give it as arguments or through a pipe")
	}
	return prompt, nil
}

// readInput reads a text to its end. With a patience, came is false when
// nothing, not even the end, arrived in time. A read that nobody waits for any
// more stays behind until the process ends, because a pipe cannot be asked to
// give it up.
func readInput(ctx context.Context, in io.Reader, patience time.Duration) (text string, came bool, err error) {
	first := make(chan struct{})
	type result struct {
		text []byte
		err  error
	}
	all := make(chan result, 1)
	go func() {
		limited := bufio.NewReader(io.LimitReader(in, maxPrompt+1))
		_, _ = limited.Peek(1) // its error comes again below
		close(first)
		text, err := io.ReadAll(limited)
		all <- result{text, err}
	}()
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		select {
		case <-first:
		case <-timer.C:
			return "", false, nil
		case <-ctx.Done():
			return "", false, context.Cause(ctx)
		}
	}
	select {
	case <-ctx.Done():
		return "", false, context.Cause(ctx)
	case r := <-all:
		switch {
		case r.err != nil:
			return "", true, fmt.Errorf("reading the prompt from standard input: %w", r.err)
		case len(r.text) > maxPrompt:
			return "", true, usagef("the prompt on standard input is longer than %d bytes", maxPrompt)
		}
		return strings.TrimRight(string(r.text), "\r\n"), true, nil
	}
}

// input says what standard input is.
type input int

const (
	nothing input = iota // a terminal, a device such as /dev/null, closed
	pipe
	file
)

func inputOf(in io.Reader) (input, error) {
	f, ok := in.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return pipe, nil // a test's
	}
	info, err := f.Stat()
	switch {
	case errors.Is(err, fs.ErrClosed), errors.Is(err, syscall.EBADF):
		return nothing, nil
	case err != nil:
		return nothing, fmt.Errorf("looking at standard input: %w", err)
	case info.Mode().IsRegular():
		return file, nil
	case info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0:
		return pipe, nil
	}
	return nothing, nil
}
