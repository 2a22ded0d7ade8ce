package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// lines holds a conversation without a screen: a turn is a line of standard input,
// and an answer is all that is printed.
func (o *chatOptions) lines(ctx context.Context) error {
	d, err := o.deploymentNamed(o.named())
	if err != nil {
		return err
	}
	var turns []chat.Turn
	if o.goOn {
		if turns, err = o.earlier(d); err != nil {
			return err
		}
	}
	asking, err := o.prepareToAsk(ctx, d, o.group)
	if err != nil {
		return err
	}
	defer asking.close()
	session := chat.New(o.flags.settings(asking.seen))
	session.Resume(turns)
	if o.keeps() {
		defer func() { o.tellKept(d, session.Settings(), session.Turns()) }()
	}

	input := lineReader{r: bufio.NewReader(o.In)}
	for {
		if o.canAsk() {
			fmt.Fprint(o.ErrOut, "> ")
		}
		text, err := input.next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case strings.TrimSpace(text) == "":
			continue
		}
		if err := o.turn(ctx, session, asking, text); err != nil {
			return err
		}
	}
}

// turn asks for one answer and prints it.
func (o *chatOptions) turn(ctx context.Context, session *chat.Session, asking *asking, text string) error {
	p := &textAnswer{w: o.Out, clean: o.outTTY}
	turn, err := session.Ask(ctx, asking, text, o.now, p.piece)
	if turn.Dropped > 0 {
		fmt.Fprintf(o.ErrOut, "%s did not fit into the model's context and %s left out.\n", count(turn.Dropped, "earlier turn"), wasWere(turn.Dropped))
	}
	if turn.Cut {
		fmt.Fprintln(o.ErrOut, "The text was too long; its beginning was left out.")
	}
	if end := p.end(turn.Stats, err); err == nil {
		err = end
	}
	return asking.explain(ctx, err, turn.Stats.Pod)
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// lineReader reads turns: lines, of which those that end with a backslash go on in
// the next.
type lineReader struct{ r *bufio.Reader }

// next returns the next turn, or io.EOF. When the context ends first, its cause is
// returned; the read stays behind until the process ends, because a pipe cannot be
// asked to give it up.
func (l lineReader) next(ctx context.Context) (string, error) {
	type result struct {
		text string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := l.read()
		read <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case r := <-read:
		return r.text, r.err
	}
}

func (l lineReader) read() (string, error) {
	var b strings.Builder
	for {
		line, err := l.line(maxPrompt - b.Len())
		if errors.Is(err, errLongLine) {
			return "", usagef("a line on standard input is longer than %d bytes", maxPrompt)
		}
		line = strings.TrimRight(line, "\r\n")
		rest, more := strings.CutSuffix(line, `\`)
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return "", fmt.Errorf("reading standard input: %w", err)
		case err != nil && line == "" && b.Len() == 0:
			return "", io.EOF
		case more && err == nil:
			b.WriteString(rest + "\n")
			continue
		}
		b.WriteString(line)
		return b.String(), nil
	}
}

var errLongLine = errors.New("the line is too long")

// line reads a line with its end, and no more of a longer one than it takes to see
// that it is.
func (l lineReader) line(limit int) (string, error) {
	var b strings.Builder
	for {
		part, err := l.r.ReadSlice('\n')
		if b.Len()+len(part) > limit {
			return "", errLongLine
		}
		b.Write(part)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return b.String(), err
		}
	}
}
