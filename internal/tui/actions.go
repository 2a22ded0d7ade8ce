package tui

import (
	"context"
	"fmt"
	"strconv"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/dialog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

// asked is an open dialog: what is shown, and what follows from the answer.
type asked struct {
	pane dialogPane
	id   string
	// yes follows a yes, number a number, chosen a choice; no follows
	// everything else. They may be nil.
	yes, no func() tea.Cmd
	number  func(n int) tea.Cmd
	chosen  func(i int) tea.Cmd
}

// dialogPane is what the dialogs have in common.
type dialogPane interface {
	HandleKey(k tea.KeyPressMsg) (tea.Cmd, bool)
	Update(msg tea.Msg) tea.Cmd
	View() string
	Height() int
	Cursor() *tea.Cursor
	Bindings() []key.Binding
	SetSize(w, h int)
	SetStyles(s *styles.Styles)
}

// nextID names the next dialog. Answers to an earlier one are dropped.
func (m *Model) nextID() string {
	m.dialogs++
	return strconv.Itoa(m.dialogs)
}

// confirm asks for a yes or a no.
func (m *Model) confirm(q dialog.Question, yes, no func() tea.Cmd) {
	q.ID = m.nextID()
	m.asked = &asked{pane: dialog.NewQuestion(m.st, q), id: q.ID, yes: yes, no: no}
}

// answered closes the dialog of an answer and returns it, or nil if it is not
// the one that is open.
func (m *Model) answered(id string) *asked {
	if m.asked == nil || m.asked.id != id {
		return nil
	}
	a := m.asked
	m.asked = nil
	return a
}

func (m *Model) onAnswered(msg dialog.Answered) tea.Cmd {
	a := m.answered(msg.ID)
	switch {
	case a == nil:
	case msg.Yes && a.yes != nil:
		return a.yes()
	case !msg.Yes && a.no != nil:
		return a.no()
	case !msg.Yes:
		m.tell("nothing was changed")
	}
	return nil
}

func (m *Model) onEntered(msg dialog.Entered) tea.Cmd {
	if a := m.answered(msg.ID); a != nil && a.number != nil {
		return a.number(msg.N)
	}
	return nil
}

func (m *Model) onChosen(msg dialog.Chosen) tea.Cmd {
	if a := m.answered(msg.ID); a != nil && a.chosen != nil {
		return a.chosen(msg.Index)
	}
	return nil
}

func (m *Model) onDismissed(msg dialog.Dismissed) tea.Cmd {
	if a := m.answered(msg.ID); a != nil && a.no != nil {
		return a.no()
	}
	return nil
}

// consent asks what applying asks for.
func (m *Model) consent(q *Question) {
	answer := func(ok bool) func() tea.Cmd {
		return func() tea.Cmd {
			q.Answer <- ok
			return nil
		}
	}
	m.confirm(dialog.Question{
		Heading: dialog.Heading{Title: "This restarts the model", Text: q.Lines},
		Yes:     "go ahead", No: "leave it as it is",
	}, answer(true), answer(false))
}

// openActions offers what can be changed.
func (m *Model) openActions() {
	if m.name == "" || !m.seen {
		m.tell("there is nothing to act on yet")
		return
	}
	group := 0
	if g, ok := m.shownGroup(); ok {
		group = g.Index
	}
	if sel := m.groups.Selected(); sel.OK {
		group = sel.Group
	}
	steps := []func(){func() { m.askDeleteGroup(group) }, m.askRestart, m.askScale, m.askDown}
	if m.snap.Manual {
		steps = steps[:len(steps)-1] // down deletes what up made, and nothing else
	}
	list := dialog.List{
		ID: m.nextID(), Title: "Actions on " + m.name, Columns: []string{"ACTION", "WHAT IT DOES"},
		Rows: [][]string{
			{"delete group " + strconv.Itoa(group), "its pods go, and LeaderWorkerSet makes them anew"},
			{"restart", "all groups are replaced, one after the other"},
			{"scale", "change the number of groups"},
			{"down", "delete the deployment"},
		}[:len(steps)],
	}
	m.asked = &asked{pane: dialog.NewList(m.st, list), id: list.ID, chosen: func(i int) tea.Cmd {
		steps[i]()
		return nil
	}}
}

const reloads = "The model is loaded again, which takes many minutes."

func (m *Model) askDeleteGroup(group int) {
	name, backend := m.name, m.cfg.Backend
	m.confirm(dialog.Question{
		Heading: dialog.Heading{
			Title: fmt.Sprintf("Delete group %d?", group),
			Text:  []string{fmt.Sprintf("The pods of group %d of %s go and are made anew.", group, name), reloads},
		},
		Yes: "delete the group", No: "leave it running",
	}, m.acting(fmt.Sprintf("deleting group %d", group), func(ctx context.Context) (string, error) {
		return "", backend.DeleteGroup(ctx, name, group)
	}), nil)
}

func (m *Model) askRestart() {
	name, backend := m.name, m.cfg.Backend
	m.confirm(dialog.Question{
		Heading: dialog.Heading{
			Title: "Restart " + name + "?",
			Text:  []string{fmt.Sprintf("%s: each is replaced, one after the other.", count(len(m.snap.Groups), "group")), reloads},
		},
		Yes: "restart", No: "leave it running",
	}, m.acting("restarting", func(ctx context.Context) (string, error) {
		return "", backend.Restart(ctx, name)
	}), nil)
}

// maxGroups is the most groups that can be asked for here.
const maxGroups = 1000

func (m *Model) askScale() {
	name, backend, now := m.name, m.cfg.Backend, len(m.snap.Groups)
	chips := 0
	if now > 0 {
		chips = m.snap.Chips / now
	}
	q := dialog.NumberQuestion{
		ID:      m.nextID(),
		Heading: dialog.Heading{Title: "Scale " + name, Text: []string{"Each group needs a slice of its own. Fewer groups end those with the highest numbers."}},
		Label:   "groups", Value: now, Max: maxGroups,
		Explain: func(n int) string {
			if chips == 0 {
				return ""
			}
			return fmt.Sprintf("%s, %s", count(n, "group"), count(n*chips, "chip"))
		},
	}
	m.asked = &asked{pane: dialog.NewNumber(m.st, q), id: q.ID, number: func(n int) tea.Cmd {
		return m.acting("scaling to "+count(n, "group"), func(ctx context.Context) (string, error) {
			return "", backend.Scale(ctx, name, n)
		})()
	}}
}

func (m *Model) askDown() {
	name, backend := m.name, m.cfg.Backend
	m.confirm(dialog.Question{
		Heading: dialog.Heading{
			Title: "Delete " + name + "?", Danger: true,
			Text: []string{"The deployment and its pods are deleted. What still costs money is listed then."},
		},
		Yes: "delete it", No: "keep it", Typed: name,
	}, m.acting("deleting "+name, func(ctx context.Context) (string, error) {
		return backend.Delete(ctx, name)
	}), nil)
}

// acting is the action that follows a yes.
func (m *Model) acting(what string, f func(context.Context) (string, error)) func() tea.Cmd {
	return func() tea.Cmd {
		if m.under != "" {
			m.tell(m.under + " is under way; one thing after the other")
			return nil
		}
		m.under = what
		m.tell(what)
		return act(m.run, what, f)
	}
}

func (m *Model) onActed(msg actedMsg) tea.Cmd {
	m.under = ""
	if msg.text != "" {
		m.out.Report += msg.text
		m.openText(msg.what, msg.text)
	}
	if msg.err != nil {
		m.fail(fmt.Errorf("%s: %w", msg.what, msg.err))
		m.out.Report += msg.what + ": " + msg.err.Error() + "\n"
	} else {
		m.tell(msg.what + ": accepted")
	}
	if m.leaving {
		return tea.Quit
	}
	return nil
}

// choose asks which of several deployments to show.
func (m *Model) choose(deployments []Deployment) {
	m.stage = stageChoose
	list := dialog.List{
		ID: m.nextID(), Title: "Deployments in " + m.cfg.Namespace, Columns: []string{"NAME", "GROUPS", "AGE"},
	}
	for _, d := range deployments {
		list.Rows = append(list.Rows, []string{d.Name, d.State, age(m.now, d.Created)})
	}
	m.asked = &asked{
		pane: dialog.NewList(m.st, list), id: list.ID,
		chosen: func(i int) tea.Cmd { return m.watch(deployments[i].Name) },
		no:     m.quit,
	}
}
