// Package form asks for what a deployment needs: a profile, its required
// values and, folded away, all others.
//
// Values are checked as they are typed, what is wrong stands beside the field,
// and the objects that would be applied are shown. The form knows nothing of
// Kubernetes: what a value means, and whether it is right, the Renderer says.
// It is asked beside the program, by a command; only the answer to the latest
// question counts.
//
// Submitted is sent once, and only for values that the Renderer found right.
package form

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form/input"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/viewer"
)

// Profile is one of the things that can be deployed.
type Profile struct {
	Name, Title, Model string
	// Chips and Slices are what one group takes.
	Chips, Slices int
	Fields        []Field
}

// Field is a value that a profile takes.
type Field struct {
	Name, Help string
	// Default holds if nothing is given.
	Default string
	// Kind is the type of the value; "boolean" is a choice of true and false.
	Kind     string
	Required bool
	// Choices are the values to choose from; without any the value is typed.
	Choices []string
}

// Problem is something wrong with the values.
type Problem struct {
	// Field is the name of the field, NameField, or a flag that no field of
	// the form stands for.
	Field string
	// Message says what is wrong, Remedy what to write instead.
	Message, Remedy string
}

// NameField is the field of the deployment's name, which every profile has. No
// parameter is called so, because flags have no capitals.
const NameField = "NAME"

// Renderer says what values would make, or what is wrong with them: all of it
// at once. It has to be fast, free of side effects, and safe to be called
// several times at once.
type Renderer interface {
	Render(profile string, values map[string]string) (yaml string, problems []Problem)
}

// Submitted asks to deploy. Values holds what was chosen, by the names of the
// profile's fields and NameField; what was left at its default is not in it.
type Submitted struct {
	Profile string
	Values  map[string]string
}

// Cancelled says that the form was left.
type Cancelled struct{}

// Options are what a form is made of.
type Options struct {
	Profiles []Profile
	Renderer Renderer
	// Namespace is where the deployment goes.
	Namespace string
	// DefaultName is the deployment's name if none is given.
	DefaultName string
	// Profile and Values are what the form begins with.
	Profile string
	Values  map[string]string
}

// Pane is the form.
type Pane struct {
	s       *styles.Styles
	o       Options
	w, h    int
	preview *viewer.Pane

	profile int // in o.Profiles
	inputs  map[string]*input.Input
	choices map[string]string
	touched map[string]bool // fields whose emptiness may be called a mistake
	open    bool            // whether the further fields are shown
	focus   stop
	reading bool // the preview has the focus
	top     int  // the first visible line of the rows

	check
}

// New returns a form. Init has to be called for the first check.
func New(s *styles.Styles, o Options) *Pane {
	p := &Pane{
		s: s, o: o, preview: viewer.New(s),
		inputs: map[string]*input.Input{}, choices: map[string]string{}, touched: map[string]bool{},
		focus: stop{kind: stopProfile},
	}
	p.profile = max(slices.IndexFunc(o.Profiles, func(profile Profile) bool { return profile.Name == o.Profile }), 0)
	for _, profile := range o.Profiles {
		for _, f := range append([]Field{p.nameField()}, profile.Fields...) {
			p.add(f)
		}
	}
	for _, f := range p.further() {
		p.open = p.open || p.value(f.Name) != ""
	}
	if o.Profile != "" {
		p.focus = p.firstEmpty()
	}
	p.describe()
	return p
}

// add makes the input of a field. Profiles that have a field in common share
// its value.
func (p *Pane) add(f Field) {
	value := p.o.Values[f.Name]
	if len(f.options()) > 0 {
		p.choices[f.Name] = safetext.Line(value)
	} else if p.inputs[f.Name] == nil {
		in := input.New(p.s)
		in.SetValue(value)
		p.inputs[f.Name] = in
	}
	if value != "" {
		p.touched[f.Name] = true
	}
}

// options are the values to choose from.
func (f Field) options() []string {
	if f.Kind == "boolean" && len(f.Choices) == 0 {
		return []string{"true", "false"}
	}
	return f.Choices
}

func (p *Pane) nameField() Field {
	return Field{Name: NameField, Help: "name of the deployment; its Service is named after it", Default: p.o.DefaultName, Kind: "name"}
}

// current is the selected profile.
func (p *Pane) current() Profile {
	if len(p.o.Profiles) == 0 {
		return Profile{}
	}
	return p.o.Profiles[p.profile]
}

// needed are the fields that have to be filled in, further the others.
func (p *Pane) needed() []Field {
	return slices.DeleteFunc(slices.Clone(p.current().Fields), func(f Field) bool { return !f.Required })
}

func (p *Pane) further() []Field {
	optional := slices.DeleteFunc(slices.Clone(p.current().Fields), func(f Field) bool { return f.Required })
	return append([]Field{p.nameField()}, optional...)
}

// field returns the field with the name.
func (p *Pane) field(name string) (Field, bool) {
	all := append(p.needed(), p.further()...)
	i := slices.IndexFunc(all, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return all[i], true
}

// value is what was given for a field.
func (p *Pane) value(name string) string {
	if f, _ := p.field(name); len(f.options()) > 0 {
		return p.choices[name]
	}
	if in := p.inputs[name]; in != nil {
		return strings.TrimSpace(in.Value())
	}
	return ""
}

// values are what was given, for the fields that the profile has.
func (p *Pane) values() map[string]string {
	values := map[string]string{}
	for _, f := range append(p.needed(), p.further()...) {
		if value := p.value(f.Name); value != "" {
			values[f.Name] = value
		}
	}
	return values
}

// SetStyles sets the styles.
func (p *Pane) SetStyles(s *styles.Styles) {
	p.s = s
	p.preview.SetStyles(s)
	for _, in := range p.inputs {
		in.SetStyles(s)
	}
}

// SetSize sets the room.
func (p *Pane) SetSize(w, h int) {
	p.w, p.h = max(w, 0), max(h, 0)
	p.fit()
}

// Typing reports whether letters go to an input.
func (p *Pane) Typing() bool {
	if p.reading {
		return p.preview.Typing()
	}
	return p.input() != nil
}

// input is the input that has the focus, nil if none has.
func (p *Pane) input() *input.Input {
	f, ok := p.field(p.focus.field)
	if p.focus.kind != stopField || !ok || len(f.options()) > 0 {
		return nil
	}
	return p.inputs[f.Name]
}

// Update takes keys, pasted text, the mouse wheel and the answers of the
// Renderer.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		cmd, _ := p.HandleKey(msg)
		return cmd
	case tea.PasteMsg:
		if p.reading {
			return p.preview.Update(msg)
		}
		if in := p.input(); in != nil {
			in.Paste(msg.Content)
			return p.changed()
		}
	case tea.MouseWheelMsg:
		return p.preview.Update(msg)
	case Rendered:
		return p.onRendered(msg)
	}
	return nil
}
