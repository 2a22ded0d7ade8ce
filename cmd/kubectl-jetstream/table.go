package main

import (
	"bytes"
	"io"
	"text/tabwriter"
)

// columns aligns tab-separated cells as kubectl does, three spaces apart,
// and leaves no blanks at the end of a line.
type columns struct {
	*tabwriter.Writer

	out     io.Writer
	aligned bytes.Buffer
}

func table(w io.Writer) *columns {
	c := &columns{out: w}
	c.Writer = tabwriter.NewWriter(&c.aligned, 0, 8, 3, ' ', 0)
	return c
}

// Flush writes the table. It must be called, once, at the end.
func (c *columns) Flush() error {
	if err := c.Writer.Flush(); err != nil {
		return err
	}
	for line := range bytes.Lines(c.aligned.Bytes()) {
		if _, err := c.out.Write(append(bytes.TrimRight(line, " \n"), '\n')); err != nil {
			return err
		}
	}
	return nil
}
