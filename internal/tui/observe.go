package tui

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// onObserving begins to show an observation.
func (m *Model) onObserving(msg observingMsg) tea.Cmd {
	if msg.gen != m.gen {
		return nil
	}
	if msg.err != nil {
		name := m.name
		m.lose(msg.err, func() tea.Cmd { return m.watch(name) })
		return nil
	}
	m.regain()
	m.obs = msg.obs
	m.logs.SetSource(msg.obs.Logs)
	return tea.Batch(
		waitSnapshot(m.run, m.gen, m.obs.Snapshots),
		waitLines(m.run, m.gen, m.obs.Logs, 0),
	)
}

// onSnapshot takes the newest state.
func (m *Model) onSnapshot(msg snapshotMsg) tea.Cmd {
	if msg.gen != m.gen {
		return nil
	}
	if !msg.ok {
		name := m.name
		m.lose(errors.New("the observation of the cluster ended"), func() tea.Cmd { return m.watch(name) })
		return nil
	}
	m.snap, m.seen = msg.s, true
	m.out.Last, m.out.Seen = msg.s, true
	m.groups.SetSnapshot(msg.s)
	m.events.SetSnapshot(msg.s)
	cmds := []tea.Cmd{waitSnapshot(m.run, m.gen, m.obs.Snapshots)}
	if key := msg.s.Profile + "/" + string(msg.s.Phase); m.obs.Expect != nil && key != m.expectOf {
		m.expectOf = key
		cmds = append(cmds, expect(m.run, m.gen, m.obs, msg.s))
	}
	m.tellLimits()
	m.nameStreams()
	m.logs.SetNotice(m.disconnected())
	if !m.shownLog {
		m.shownLog = m.showServer()
	}
	m.everReady = m.everReady || msg.s.Phase == status.Ready
	if m.cfg.Hopeless != nil {
		if f := m.cfg.Hopeless(msg.s); f != nil {
			m.out.Fatal = f
			cmds = append(cmds, tea.Quit)
		}
	}
	return tea.Batch(cmds...)
}

// serverContainer is the container whose log tells most of a start-up.
const serverContainer = "jax-tpu"

// showServer shows the log of the model server of the group that matters, and
// reports whether there is one yet.
func (m *Model) showServer() bool {
	g, ok := m.shownGroup()
	if !ok || g.Leader == nil {
		return false
	}
	m.logs.Show(logtail.Stream{Pod: g.Leader.Name, Container: mainContainer(g.Leader.Containers)})
	return true
}

// nameStreams calls logs by the place of their pods: names of pods repeat what
// the header says.
func (m *Model) nameStreams() {
	places := map[string]string{}
	several := len(m.snap.Groups) > 1
	for _, g := range m.snap.Groups {
		group := ""
		if several {
			group = fmt.Sprintf("%d/", g.Index)
		}
		if g.Leader != nil {
			places[g.Leader.Name] = group + "leader"
		}
		for _, w := range g.Workers {
			places[w.Name] = fmt.Sprintf("%sworker %d", group, w.Index)
		}
	}
	if maps.Equal(places, m.places) {
		return
	}
	m.places = places
	m.logs.SetLabels(func(s logtail.Stream) string {
		return cmp.Or(places[s.Pod], s.Pod) + "/" + s.Container
	})
}

// disconnected says that what is shown may be old, or nothing.
func (m *Model) disconnected() string {
	if since := m.snap.DisconnectedSince; !since.IsZero() {
		return "the API server does not answer since " + since.Local().Format(time.TimeOnly)
	}
	return ""
}

// mainContainer is the container to look at first.
func mainContainer(containers []status.Container) string {
	for _, c := range containers {
		if c.Name == serverContainer {
			return c.Name
		}
	}
	for _, c := range containers {
		if !c.Init {
			return c.Name
		}
	}
	return ""
}

// onLines takes the log lines that have arrived.
func (m *Model) onLines(msg linesMsg) tea.Cmd {
	if msg.gen != m.gen || m.obs == nil {
		return nil
	}
	m.logs.Pull()
	return waitLines(m.run, m.gen, m.obs.Logs, pullEvery)
}

// noLog says why there is no log to show of a stream.
func (m *Model) noLog(s logtail.Stream) string {
	for _, n := range m.snap.Notes {
		if n.Topic == status.TopicLogs {
			return n.Message
		}
	}
	if pod, ok := m.pod(s.Pod); ok {
		for _, c := range pod.Containers {
			if c.Name == s.Container && c.State == status.Waiting {
				return "the container has not started: " + cmp.Or(c.Reason, pod.Reason, pod.Status)
			}
		}
	}
	return ""
}

func (m *Model) onEarlier(msg earlierMsg) {
	var note string
	switch {
	case msg.err != nil:
		note = msg.err.Error()
	case len(msg.lines) == 0:
		note = "no log of an earlier incarnation is kept"
	default:
		note = "the incarnation of " + msg.began.Local().Format("15:04:05")
	}
	m.logs.SetPrevious(msg.stream, msg.lines, note)
}

// onDeploy takes what happened while applying, and begins to observe when all
// is applied.
func (m *Model) onDeploy(msg deployMsg) tea.Cmd {
	if msg.gen != m.gen || !msg.ok {
		return nil
	}
	m.apply.happened(msg.e)
	if q := msg.e.Question; q != nil {
		m.consent(q)
	}
	if !msg.e.Done {
		return waitDeploy(m.run, m.gen, m.apply.events)
	}
	if msg.e.Err != nil {
		m.out.Err = msg.e.Err
		if m.form != nil {
			m.stage = stageForm
			m.form.Reopen(msg.e.Err.Error())
			return nil
		}
		m.lost = msg.e.Err.Error()
		return nil
	}
	m.form = nil
	return m.watch(msg.e.Name)
}

// onDeployments decides what to do with what there is.
func (m *Model) onDeployments(msg deploymentsMsg) tea.Cmd {
	if m.stage != stageLooking {
		return nil
	}
	switch {
	case msg.err != nil:
		m.lose(msg.err, func() tea.Cmd { return listDeployments(m.run, m.cfg.Backend) })
		return nil
	}
	m.regain()
	switch {
	case len(msg.list) == 1:
		return m.watch(msg.list[0].Name)
	case len(msg.list) > 1:
		m.choose(msg.list)
		return nil
	case m.cfg.ReadOnly || len(m.cfg.Form.Profiles) == 0:
		m.lose(errors.New("there is no deployment in namespace "+m.cfg.Namespace),
			func() tea.Cmd { return listDeployments(m.run, m.cfg.Backend) })
		return nil
	}
	return m.openForm()
}
