package logs

import (
	"slices"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
)

// everything is the name of all logs together.
const everything = "all containers"

// origin is a log that lines have come from.
type origin struct {
	stream logtail.Stream
	label  string
	cell   string // the label as wide as its column
}

// run tells one run of a container from the next.
type run struct {
	uid     string
	restart int32
}

// Show shows one log, the zero Stream all of them, and follows it. Search,
// filter and the horizontal position stay.
func (p *Pane) Show(s logtail.Stream) {
	p.picker = nil
	if s == p.stream {
		p.earlier = hidden
		return
	}
	p.choose(s)
}

// Selected returns the log that is shown; the zero Stream means all.
func (p *Pane) Selected() logtail.Stream { return p.stream }

// choose starts a log from its beginning.
func (p *Pane) choose(s logtail.Stream) {
	p.stream, p.after, p.lost = s, 0, false
	all := s == logtail.Stream{}
	p.want = func(other logtail.Stream) bool { return all || other == s }
	p.earlier, p.note = hidden, ""
	p.live = p.fresh()
	p.previous = p.fresh()
	p.Pull()
	p.layout()
}

// fresh returns an empty pager with the pane's search and filter.
func (p *Pane) fresh() *pager {
	g := newPager()
	g.filter, g.search = p.filter, p.search
	return g
}

func (p *Pane) all() bool { return p.stream == logtail.Stream{} }

func (p *Pane) name(s logtail.Stream) string {
	if (s == logtail.Stream{}) {
		return everything
	}
	return sanitize(p.label(s))
}

// choices are what can be shown: everything, and each log by itself.
func (p *Pane) choices() []logtail.Stream {
	choices := []logtail.Stream{{}}
	if p.source != nil {
		choices = append(choices, p.source.Streams()...)
	}
	if !slices.Contains(choices, p.stream) {
		choices = append(choices, p.stream)
	}
	return choices
}

// step shows the log d places further in the list of choices.
func (p *Pane) step(d int) {
	choices := p.choices()
	at := slices.Index(choices, p.stream) + d
	p.Show(choices[(at+len(choices))%len(choices)])
}

// origin returns the index of a stream in p.origins.
func (p *Pane) origin(s logtail.Stream) int {
	i, ok := p.index[s]
	if !ok {
		i = len(p.origins)
		p.index[s] = i
		p.origins = append(p.origins, origin{stream: s, label: p.name(s)})
		p.layout()
	}
	return i
}
