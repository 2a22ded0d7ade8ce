package logs

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
)

// batch is what the Source gave at once.
type batch struct {
	after uint64 // what was asked for
	lines []logtail.Line
	lost  bool // whether lines among them or before are gone
}

// Pull takes in the new lines and returns how many there were. Of more than
// can be kept it looks at the last ones only.
func (p *Pane) Pull() int {
	if p.source == nil {
		return 0
	}
	var batches []batch
	total, kept := 0, 0
	for more := true; more; {
		b := batch{after: p.after}
		b.lines, b.lost = p.source.Since(p.after, p.want, page)
		b.lost = b.lost || p.lost
		if p.lost = b.lost && len(b.lines) == 0; len(b.lines) == 0 {
			break
		}
		p.after = b.lines[len(b.lines)-1].Seq
		batches = append(batches, b)
		total, kept = total+len(b.lines), kept+len(b.lines)
		for n := len(batches[0].lines); kept-n >= maxLines; n = len(batches[0].lines) {
			p.live.dropped += n
			kept -= n
			batches = batches[1:]
		}
		more = len(b.lines) == page
	}
	for i := range batches {
		p.takeBatch(&batches[i])
	}
	return total
}

// takeBatch appends lines, with a remark if some are missing: before the first
// of them, or where the numbers have the first gap if all logs are shown, since
// all are numbered together.
func (p *Pane) takeBatch(b *batch) {
	remark, at := "", 0
	if b.lost {
		remark = "earlier lines were not kept"
	}
	missing := b.lines[len(b.lines)-1].Seq - b.after - uint64(len(b.lines))
	if b.lost && p.all() && missing > 0 {
		for b.lines[at].Seq == b.after+uint64(at)+1 {
			at++
		}
		remark = fmt.Sprintf("%d lines were not kept", missing)
		if missing == 1 {
			remark = "1 line was not kept"
		}
	}
	for i := range b.lines {
		if i == at && remark != "" {
			p.live.add(p.remark(remark))
		}
		p.take(p.live, &b.lines[i])
	}
}

// take appends one line, and a remark if it is the first of another run.
func (p *Pane) take(g *pager, l *logtail.Line) {
	from := p.origin(l.Stream)
	now := run{l.UID, l.Restart}
	if was, seen := g.runs[from]; seen && was != now {
		if was.uid != now.uid {
			g.add(p.remark(p.origins[from].label + ": a new pod"))
		} else {
			g.add(p.remark(fmt.Sprintf("%s: restarted, run %d", p.origins[from].label, now.restart+1)))
		}
	}
	g.runs[from] = now
	made := newLine(l.Text, p.styles.Glyphs.Ellipsis, l.Cut)
	made.time, made.origin = l.Time, from
	g.add(made)
}

// remark makes a line of the pane's own words.
func (p *Pane) remark(text string) line {
	dots := p.styles.Glyphs.Ellipsis
	l := newLine(dots+" "+text+" "+dots, dots, false)
	l.notice = true
	return l
}

// SetPrevious answers a PreviousRequested with the log of the stream's
// previous incarnation. The note says more about it, or why there is none. An
// answer that is not waited for is ignored.
func (p *Pane) SetPrevious(s logtail.Stream, lines []logtail.Line, note string) {
	if s != p.stream || p.earlier == hidden {
		return
	}
	p.previous = p.fresh()
	p.earlier, p.note = loaded, sanitize(note)
	for i := range lines[max(0, len(lines)-maxLines):] {
		p.take(p.previous, &lines[max(0, len(lines)-maxLines)+i])
	}
	p.layout()
}

// togglePrevious changes between the present and the previous incarnation.
func (p *Pane) togglePrevious() tea.Cmd {
	if p.earlier != hidden {
		p.earlier = hidden
		return nil
	}
	p.previous = p.fresh()
	if p.all() {
		p.earlier = loaded
		p.note = "Logs of earlier incarnations are kept by container: choose one with o."
		p.layout()
		return nil
	}
	p.earlier, p.note = loading, ""
	p.layout()
	wanted := p.stream
	return func() tea.Msg { return PreviousRequested{Stream: wanted} }
}
