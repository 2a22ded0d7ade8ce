package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
)

// confirm asks a yes-or-no question on standard error and reads the answer.
// Anything but yes is no. When the context ends first, its cause is
// returned; the read then stays behind until the process ends, because a
// terminal cannot be asked to give up a read.
func (a *app) confirm(ctx context.Context, question string) (bool, error) {
	fmt.Fprintf(a.ErrOut, "%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.In).ReadString('\n')
		answer <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.ErrOut)
		return false, context.Cause(ctx)
	case line := <-answer:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		}
		return false, nil
	}
}
