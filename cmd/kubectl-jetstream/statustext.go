package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// statusText writes a snapshot for people: the headline, why, the pods in
// the words of kubectl, and what is wrong.
type statusText struct {
	now      time.Time
	expected forecast.Expectations
	wide     bool
}

func (v statusText) write(w io.Writer, s status.Snapshot) error {
	fmt.Fprintln(w, v.title(s))
	fmt.Fprintln(w, safetext.Line(v.headline(s)))
	if out, ok := outlookOf(s, v.expected, v.now); ok && out.step.Stalled {
		fmt.Fprintln(w, safetext.Line(stallText(out.step)))
	}
	if len(s.Groups) > 0 {
		fmt.Fprintln(w)
		if err := v.pods(w, s); err != nil {
			return err
		}
		writeBlocks(w, s)
	}
	for _, f := range s.Findings {
		fmt.Fprintln(w)
		writeFinding(w, f)
	}
	for i, n := range s.Notes {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintf(w, "Note: %s\n", safetext.Line(n.Message))
	}
	return nil
}

func (v statusText) title(s status.Snapshot) string {
	parts := []string{s.Name, "namespace " + s.Namespace}
	if s.Profile != "" {
		parts = append(parts, "profile "+s.Profile)
	}
	if s.Profile == "" && s.Model != "" {
		parts = append(parts, "model "+s.Model)
	}
	if n := len(s.Groups); n > 0 {
		parts = append(parts, count(n, "group"))
	}
	return safetext.Line(strings.Join(parts, ", "))
}

// headline is one line: the phase, for how long, and why.
func (v statusText) headline(s status.Snapshot) string {
	line := s.Headline()
	if !s.Since.IsZero() && v.now.After(s.Since) {
		line += " for " + forecast.Clock(v.now.Sub(s.Since))
	}
	if why := v.meaning(s); why != "" {
		line += ": " + why
	}
	if !s.DisconnectedSince.IsZero() {
		line += fmt.Sprintf(" (as of %s ago: the API server does not answer)", forecast.Clock(v.now.Sub(s.DisconnectedSince)))
	}
	return line
}

// meaning is why the deployment is in its phase. Of a load it says for how
// long the step in progress runs, how long that usually takes, and when the
// model can answer.
func (v statusText) meaning(s status.Snapshot) string {
	out, ok := outlookOf(s, v.expected, v.now)
	if !ok {
		return s.Cause
	}
	text := s.Cause
	switch {
	case s.Phase != status.Loading || out.step.Elapsed == 0:
	case out.step.Awaited:
		text += fmt.Sprintf("; %s %s", out.step.Label(), out.took("an expected "))
	default:
		text += ", " + out.took("an expected ")
	}
	return text + out.readyText(", ", v.now)
}

// pods is the table of groups and their pods.
func (v statusText) pods(w io.Writer, s status.Snapshot) error {
	t := table(w)
	header := "NAME\tREADY\tSTATUS\tRESTARTS\tAGE\tNODE"
	if v.wide {
		header += "\tNODEPOOL\tIP\tREVISION"
	}
	fmt.Fprintln(t, header)
	for _, g := range s.Groups {
		fmt.Fprintf(t, "group %d\t%d/%d\t%s\t\t\t%s\n", g.Index, g.Ready, max(g.Desired, g.Created), g.Phase, strings.Repeat("\t", 3*btoi(v.wide)))
		for _, p := range g.Pods() {
			v.pod(t, p)
		}
	}
	return t.Flush()
}

func (v statusText) pod(w io.Writer, p status.Pod) {
	fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s", p.Name, p.ReadyText(), safetext.Line(p.Status),
		p.RestartsText(v.now), p.Age(v.now), cmp.Or(p.Node, "<none>"))
	if v.wide {
		fmt.Fprintf(w, "\t%s\t%s\t%s", cmp.Or(p.NodePool, "<unknown>"), cmp.Or(p.IP, "<none>"), p.Revision)
	}
	fmt.Fprintln(w)
	if !v.wide {
		return
	}
	for _, c := range p.Containers {
		ready := "no"
		if c.Ready {
			ready = "yes"
		}
		state := c.State
		if c.Reason != "" {
			state += ": " + c.Reason
		}
		fmt.Fprintf(w, "    %s\t%s\t%s\t%d\t\t\t\t\t\n", c.Name, ready, safetext.Line(state), c.Restarts)
	}
}

// writeBlocks says which pods the others of their groups wait for, where the
// headline does not.
func writeBlocks(w io.Writer, s status.Snapshot) {
	for _, g := range s.Groups {
		if g.Leader != nil && g.Leader.Blocks != "" && !strings.Contains(s.Cause, g.Leader.Blocks) {
			fmt.Fprintf(w, "\n%s: %s\n", g.Leader.Name, safetext.Line(g.Leader.Blocks))
		}
	}
}

// writeFinding writes what is wrong, why, what shows it and what helps.
func writeFinding(w io.Writer, f status.Finding) {
	where := f.Pod
	if f.Container != "" {
		where += "/" + f.Container
	}
	line := f.Summary
	if where != "" {
		line = strings.TrimPrefix(where, "/") + ": " + line
	}
	if f.Fatal {
		line += " (waiting does not help)"
	}
	fmt.Fprintln(w, safetext.Line(line))
	fmt.Fprint(w, findingLines("  ", findingData{Cause: f.Cause, Evidence: f.Evidence, Remedy: f.Remedy}))
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
