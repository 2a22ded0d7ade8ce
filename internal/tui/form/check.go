package form

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// check is what is known of the values.
type check struct {
	turn      int // of the latest question
	answered  int // the question that the answer below belongs to
	problems  []Problem
	valid     bool // whether there ever were objects to show
	attempted bool // deploying was tried: everything missing is a mistake
	waiting   bool // to deploy when the answer comes
	submitted bool
	refusal   string
	unwrapped bool // the preview shows objects, which are not wrapped
}

// Rendered is the Renderer's answer; it has to be given to Update of the form
// that asked.
type Rendered struct {
	form     *Pane
	turn     int
	yaml     string
	problems []Problem
}

// Init asks for the first check.
func (p *Pane) Init() tea.Cmd { return p.ask() }

// ask sends the values to the Renderer.
func (p *Pane) ask() tea.Cmd {
	if len(p.o.Profiles) == 0 {
		return nil
	}
	p.turn++
	renderer, profile, values := p.o.Renderer, p.current().Name, p.values()
	answer := Rendered{form: p, turn: p.turn}
	return func() tea.Msg {
		answer.yaml, answer.problems = renderer.Render(profile, values)
		return answer
	}
}

// changed is called after every change of a value.
func (p *Pane) changed() tea.Cmd {
	if p.focus.kind == stopField {
		p.touched[p.focus.field] = true
	}
	p.waiting, p.submitted, p.refusal = false, false, ""
	return p.ask()
}

func (p *Pane) onRendered(msg Rendered) tea.Cmd {
	if msg.form != p || msg.turn != p.turn {
		return nil
	}
	p.answered, p.problems = msg.turn, msg.problems
	if len(p.problems) == 0 {
		p.valid = true
		p.preview.SetText(msg.yaml)
	}
	p.describe()
	if p.waiting {
		p.waiting = false
		return p.submit()
	}
	return nil
}

// submit deploys if the values are right, and otherwise leads to what is
// wrong.
func (p *Pane) submit() tea.Cmd {
	p.attempted = true
	switch {
	case p.submitted || p.turn == 0:
		return nil
	case p.answered != p.turn:
		p.waiting = true
		return nil
	case len(p.problems) > 0:
		p.reading = false
		p.focus = p.firstWrong()
		p.fit()
		return nil
	}
	p.submitted, p.refusal = true, ""
	submitted := Submitted{Profile: p.current().Name, Values: p.values()}
	return func() tea.Msg { return submitted }
}

// Reopen lets the form be submitted again, after a deployment was refused, and
// says why.
func (p *Pane) Reopen(refusal string) {
	p.submitted, p.refusal = false, safetext.Line(refusal)
}

// firstWrong is the field with the first problem in the order of the screen.
func (p *Pane) firstWrong() stop {
	wrong := func(f Field) bool {
		return slices.ContainsFunc(p.problems, func(problem Problem) bool { return problem.Field == f.Name })
	}
	needed, further := p.needed(), p.further()
	if i := slices.IndexFunc(needed, wrong); i >= 0 {
		return stop{stopField, needed[i].Name}
	}
	if i := slices.IndexFunc(further, wrong); i >= 0 {
		p.open = true
		return stop{stopField, further[i].Name}
	}
	return stop{kind: stopDeploy}
}

// firstEmpty is where a form with a profile begins.
func (p *Pane) firstEmpty() stop {
	for _, f := range p.needed() {
		if p.value(f.Name) == "" {
			return stop{stopField, f.Name}
		}
	}
	return stop{kind: stopDeploy}
}

// problem is what is wrong with a field. A required field that nobody came to
// yet is not wrong.
func (p *Pane) problem(f Field) (Problem, bool) {
	if f.Required && p.value(f.Name) == "" && !p.attempted && !p.touched[f.Name] {
		return Problem{}, false
	}
	i := slices.IndexFunc(p.problems, func(problem Problem) bool { return problem.Field == f.Name })
	if i < 0 {
		return Problem{}, false
	}
	return p.problems[i], true
}

// text is a problem in the words of the command line, with the value given.
func (p *Pane) text(problem Problem) string {
	flag := problem.Field
	f, ok := p.field(problem.Field)
	if ok {
		flag = f.flag()
		if value := p.value(f.Name); value != "" {
			flag += fmt.Sprintf(" %q", value)
		}
	}
	return safetext.Line(flag + ": " + short(problem))
}

// short is a problem beside its field.
func short(problem Problem) string {
	text := problem.Message
	if problem.Remedy != "" {
		text += "; " + problem.Remedy
	}
	return safetext.Line(text)
}

// flag is the name of a field on the command line.
func (f Field) flag() string {
	if f.Name == NameField {
		return NameField
	}
	return "--" + f.Name
}

// label is the name of a field on the screen.
func (f Field) label() string { return strings.ToLower(f.Name) }

// describe titles the preview.
func (p *Pane) describe() {
	switch {
	case !p.valid:
		p.preview.Open("Objects", "What would be applied is shown here as soon as the values are right.")
		p.preview.SetWrap(true)
		return
	case len(p.problems) > 0:
		p.preview.SetTitle("Objects, for the last values that were right")
	default:
		p.preview.SetTitle("Objects that will be applied to " + p.o.Namespace)
	}
	if !p.unwrapped {
		p.unwrapped = true
		p.preview.SetWrap(false)
	}
}
