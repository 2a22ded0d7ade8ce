package main

import (
	"bufio"
	"fmt"
	"regexp"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logstore"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// logPrinter writes entries as the flags ask for.
type logPrinter struct {
	out    *bufio.Writer
	remark func(format string, args ...any)

	clean      bool // for a terminal
	timestamps bool
	prefix     bool
	// several turns the prefix on as soon as another container is shown.
	several bool
	only    string // the container that was shown so far
	grep    *regexp.Regexp
	since   time.Time
	// last holds the lines back but for the latest of them, while it is not
	// nil.
	last *lastLines
}

func (o *logsOptions) printer(present presentPods, incarnations []incarnation) *logPrinter {
	p := &logPrinter{
		out: bufio.NewWriterSize(o.Out, 64<<10), remark: o.remarkf,
		clean: o.outTTY, timestamps: o.timestamps, prefix: o.prefix, grep: o.grep,
	}
	if !o.prefixSet {
		p.several, p.prefix = true, len(o.choice.names(present, incarnations)) > 1
	}
	if o.since > 0 {
		p.since = o.now().Add(-o.since)
	}
	if o.tailSet {
		p.last = &lastLines{most: o.tail}
	}
	return p
}

// print writes one entry.
func (p *logPrinter) print(e logstore.Entry) error {
	if e.Line.Time.Before(p.since) {
		return nil
	}
	if e.Gap != nil {
		return p.gap(e)
	}
	if p.grep != nil && !p.grep.MatchString(e.Line.Text) {
		return nil
	}
	source := sourceName(*e.Origin)
	if p.several && p.only != source {
		p.prefix = p.prefix || p.only != ""
		p.only = source
	}
	line := ""
	if p.prefix {
		line = source + " "
	}
	if p.timestamps {
		line += e.Line.Time.UTC().Format(time.RFC3339Nano) + " "
	}
	line += e.Line.Text
	if e.Line.Cut {
		line += " … (cut)"
	}
	if p.clean {
		line = safetext.Line(line)
	}
	if p.last != nil {
		p.last.add(line)
		return nil
	}
	return p.write(line)
}

func (p *logPrinter) write(line string) error {
	if _, err := p.out.WriteString(line); err != nil {
		return err
	}
	return p.out.WriteByte('\n')
}

// gap tells of missing lines in their place.
func (p *logPrinter) gap(e logstore.Entry) error {
	if p.last != nil {
		return nil
	}
	if err := p.flush(); err != nil {
		return err
	}
	p.remark("%s: %s", sourceName(*e.Origin), gapText(e.Gap))
	return nil
}

func gapText(g *logstore.Gap) string {
	what := "lines are missing"
	if g.Lines > 0 {
		what = fmt.Sprintf("up to %d lines are missing", g.Lines)
	}
	when := "before " + g.To.UTC().Format(time.RFC3339)
	if !g.From.IsZero() {
		when = fmt.Sprintf("from %s to %s", g.From.UTC().Format(time.RFC3339), g.To.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("%s %s: %s", what, when, g.Why)
}

// settle writes the latest lines that were held back, and holds none from now
// on.
func (p *logPrinter) settle() error {
	if p.last == nil {
		return nil
	}
	for _, line := range p.last.inOrder() {
		if err := p.write(line); err != nil {
			return err
		}
	}
	p.last = nil
	return nil
}

func (p *logPrinter) flush() error { return p.out.Flush() }

// lastLines keeps the latest lines, at most so many.
type lastLines struct {
	most  int
	lines []string
	next  int // where the oldest is, once there are as many
}

func (l *lastLines) add(line string) {
	switch {
	case l.most == 0:
	case len(l.lines) < l.most:
		l.lines = append(l.lines, line)
	default:
		l.lines[l.next] = line
		l.next = (l.next + 1) % l.most
	}
}

func (l *lastLines) inOrder() []string {
	return append(append([]string(nil), l.lines[l.next:]...), l.lines[:l.next]...)
}
