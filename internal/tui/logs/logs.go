// Package logs is the pane that shows the logs of a deployment: of one
// container, or of all of them in the order in which their lines arrived.
//
// Lines come from a Source when the owner calls Pull, never by themselves. The
// pane keeps a bounded copy of what it shows and says where lines are missing.
// Each line is made fit for a terminal once, when it is pulled. Pull costs as
// much as the new lines, View as much as the visible rows; what search and
// filter found is kept up to date line by line. Heights of wrapped lines are
// computed when they are first needed.
//
// While new lines are followed the last one is at the bottom. Going up, and
// every jump to a match, stops that, and from then on what is on the screen
// stays there until the buffer drops it.
package logs

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

const (
	// maxLines and maxBytes bound what the pane keeps of a log. The bytes are
	// those of some fifty thousand ordinary lines, so that only unusually long
	// ones are dropped for their sake, and few enough to search at each key.
	maxLines = 10_000
	maxBytes = 8 << 20
	// maxText is how much is kept of one line, in bytes: several screens full.
	maxText = 16 << 10
	// page is how many lines the Source is asked for at once.
	page = 2_000
)

var _ Source = (*logtail.Book)(nil)

// Source is where lines come from: a *logtail.Book.
type Source interface {
	// Streams returns the logs that there are.
	Streams() []logtail.Stream
	// Since returns the lines of the wanted streams that are numbered higher than
	// after, the oldest and at most so many, and whether others are gone.
	Since(after uint64, want func(logtail.Stream) bool, most int) (lines []logtail.Line, lost bool)
}

// PreviousRequested asks the owner for the log that the previous incarnation
// of a container left. The answer goes to SetPrevious.
type PreviousRequested struct{ Stream logtail.Stream }

// Pane is the log pane.
type Pane struct {
	styles *styles.Styles
	paints paints
	keys   keyMap
	w, h   int
	loc    *time.Location
	notice string

	source Source
	label  func(logtail.Stream) string
	reason func(logtail.Stream) string

	// stream is the log that is shown, the zero Stream all of them.
	stream logtail.Stream
	want   func(logtail.Stream) bool
	after  uint64 // the number of the last line that was pulled
	lost   bool   // lines are gone, and no line has come since to say so before

	// origins are where lines come from; lines refer to them by index.
	origins []origin
	index   map[logtail.Stream]int

	live     *pager
	previous *pager
	earlier  earlier
	note     string // what is to be said about the previous incarnation

	columns columns
	stamps  stamps
	wrap    bool
	x       int // cells that are scrolled out on the left

	search, filter pattern
	input          *input
	picker         *picker

	out []byte // the last View, for its memory
}

// earlier is what the pane knows about the previous incarnation.
type earlier int

const (
	hidden earlier = iota // the present incarnation is shown
	loading
	loaded
)

// New returns a pane that shows all logs and follows them.
func New(s *styles.Styles) *Pane {
	p := &Pane{keys: newKeyMap(), loc: time.Local, live: newPager(), previous: newPager()}
	p.index = make(map[logtail.Stream]int)
	p.label = func(s logtail.Stream) string { return s.Pod + "/" + s.Container }
	p.reason = func(logtail.Stream) string { return "" }
	p.choose(logtail.Stream{})
	p.SetStyles(s)
	return p
}

// SetStyles sets how the pane looks.
func (p *Pane) SetStyles(s *styles.Styles) {
	p.styles, p.paints = s, newPaints(s)
	p.layout()
}

// SetSize sets the cells that View may take.
func (p *Pane) SetSize(w, h int) {
	p.w, p.h = max(w, 0), max(h, 0)
	p.layout()
}

// SetLocation sets the time zone of timestamps; it is time.Local otherwise.
func (p *Pane) SetLocation(loc *time.Location) { p.loc = loc }

// SetSource sets where lines come from, and forgets those from elsewhere. A
// nil Source has none.
func (p *Pane) SetSource(s Source) {
	p.source = s
	p.origins, p.index = nil, make(map[logtail.Stream]int)
	p.choose(p.stream)
}

// SetLabels sets how streams are called, in titles and in front of lines; they
// are pod/container otherwise. Call it again when names would come out
// differently.
func (p *Pane) SetLabels(label func(logtail.Stream) string) {
	p.label = label
	for i := range p.origins {
		p.origins[i].label = label(p.origins[i].stream)
	}
	p.layout()
}

// SetReasons sets what is asked for the reason why there is nothing to show of
// a stream (the zero Stream: of any): a sentence, or nothing if it is only
// that nothing was logged yet. It is asked when the pane is drawn, so its
// answer may change.
func (p *Pane) SetReasons(reason func(logtail.Stream) string) { p.reason = reason }

// SetNotice puts a line at the bottom of the pane that stays there, such as
// that the connection is lost. An empty one removes it.
func (p *Pane) SetNotice(text string) {
	if text = sanitize(text); text != p.notice {
		p.notice = text
		p.layout()
	}
}

// Capturing reports whether text is being typed, so that all keys belong here.
func (p *Pane) Capturing() bool { return p.input != nil }

// Update takes keys, pasted text and the mouse wheel.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.PasteMsg:
		if p.input != nil {
			p.input.insert(msg.Content)
			p.typed()
		}
	case tea.MouseWheelMsg:
		p.wheel(msg)
	}
	return nil
}

// shownPager is the pager on the screen.
func (p *Pane) shownPager() *pager {
	if p.earlier != hidden {
		return p.previous
	}
	return p.live
}
