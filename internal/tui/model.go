package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/conversation"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/events"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/groups"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/logs"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/timeline"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/viewer"
)

// stage is what the program is doing as a whole.
type stage int

const (
	stageLooking stage = iota // asking what there is
	stageChoose               // several deployments: which one
	stageForm                 // none: what to deploy
	stageBoard                // applying, or watching one deployment
)

// Model is the whole program. It belongs to the goroutine of the program.
type Model struct {
	cfg  Config
	run  async
	keys KeyMap
	st   *styles.Styles
	now  time.Time

	w, h  int
	dark  bool
	mouse bool
	stage stage

	// gen numbers observations and questions; answers to earlier ones are
	// dropped.
	gen  int
	name string // of the deployment
	obs  *Observation
	snap status.Snapshot
	seen bool
	// expect is what is known of durations, of the profile named in expectOf.
	expect   forecast.Expectations
	last     Last
	expectOf string
	apply    applying
	// places are what pods are called in the log pane, by name.
	places   map[string]string
	shownLog bool // a log was chosen to begin with
	picked   bool // the selection among the groups is a person's
	// trouble is why the outside world did not do as asked; esc takes it away.
	trouble string
	// lost is why there is nothing to look at; it is tried again at retryAt.
	lost    string
	retry   func() tea.Cmd
	retryAt time.Time
	// note is a short confirmation in the footer, until noteEnds.
	note     string
	noteEnds time.Time
	// under is the action that is under way; leaving waits for its end.
	under     string
	leaving   bool
	everReady bool

	focus  Pane
	bottom Pane
	zoomed bool

	groups   *groups.Pane
	timeline *timeline.Pane
	logs     *logs.Pane
	events   *events.Pane
	talk     talk

	viewer  *viewer.Pane // nil unless open
	asked   *asked       // nil unless a dialog is open
	dialogs int          // how many there were
	form    *form.Pane   // in stageForm

	out Outcome
}

// newModel returns the program in its first stage. run executes commands in
// the program's context.
func newModel(cfg Config, run async) *Model {
	m := &Model{
		cfg: cfg, run: run, keys: DefaultKeyMap(), dark: cfg.Theme != ThemeLight,
		now: cfg.Now(), name: cfg.Name, bottom: PaneLogs,
	}
	m.st = styles.New(styles.Options{Dark: m.dark, ASCII: cfg.ASCII})
	m.groups, m.timeline = groups.New(m.st), timeline.New(m.st)
	m.events = events.New(m.st)
	m.logs = logs.New(m.st)
	m.logs.SetReasons(m.noLog)
	m.talk.pane, m.talk.session = conversation.New(m.st), newSession(cfg.Chat)
	m.talk.pane.SetSession(m.talk.session)
	if cfg.Chat.Front {
		m.zoomed = true
		m.setFocus(PaneChat)
	}
	return m
}

// Init implements tea.Model.
func (m *Model) Init() tea.Cmd {
	first := listDeployments(m.run, m.cfg.Backend)
	switch {
	case m.cfg.Deploy != nil:
		m.name = m.cfg.Deploy.Name
		first = m.deploy(*m.cfg.Deploy)
	case m.name != "":
		first = m.watch(m.name)
	}
	return tea.Batch(tick(), tea.RequestBackgroundColor, first)
}

// watch begins to observe a deployment; an observation before it ends with its
// last snapshot.
func (m *Model) watch(name string) tea.Cmd {
	m.gen++
	m.stage, m.name = stageBoard, name
	m.out.Name = name
	return observe(m.run, m.cfg.Backend, m.gen, name)
}

// deploy begins to apply.
func (m *Model) deploy(r Request) tea.Cmd {
	m.gen++
	m.stage, m.name = stageBoard, r.Name
	m.apply = applying{begun: m.now, running: true}
	m.out.Name = r.Name
	return startDeploy(m.run, m.cfg.Backend, m.gen, r)
}

// outlook is how long the start-up still takes, of the group that the headline
// is about.
func (m *Model) outlook() forecast.Forecast { return m.outlookOf(m.headlineGroup()) }

// outlookOf is the outlook of a group, with the steps of applying in front.
func (m *Model) outlookOf(g status.Group, ok bool) forecast.Forecast {
	var f forecast.Forecast
	if ok {
		f = forecast.Of(g.Milestones, m.expect, m.now)
	}
	f.Steps = append(m.apply.steps(m.now, len(f.Steps) > 0), f.Steps...)
	return f
}

// shownGroup is the group whose start-up the timeline shows: that of the
// selection once a person has made one, else the one that the headline is about.
func (m *Model) shownGroup() (status.Group, bool) {
	if sel := m.groups.Selected(); sel.OK && m.picked {
		for _, g := range m.snap.Groups {
			if g.Index == sel.Group {
				return g, true
			}
		}
	}
	return m.headlineGroup()
}

// headlineGroup is the group that the phase of the whole is about: the first in
// that phase, else the first that is not ready, else the first.
func (m *Model) headlineGroup() (status.Group, bool) {
	if !m.seen || len(m.snap.Groups) == 0 {
		return status.Group{}, false
	}
	best := -1
	for i, g := range m.snap.Groups {
		switch {
		case g.Phase == status.Ready:
		case g.Phase == m.snap.Phase:
			return g, true
		case best < 0:
			best = i
		}
	}
	return m.snap.Groups[max(best, 0)], true
}

// tell puts a short confirmation into the footer.
func (m *Model) tell(note string) {
	m.note, m.noteEnds = note, m.now.Add(noteLasts)
}

// noteLasts is how long a confirmation hides the keys in the footer.
const noteLasts = 5 * time.Second
