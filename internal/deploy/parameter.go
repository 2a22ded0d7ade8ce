package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Parameter is a value of a profile that users choose, each by a flag of the
// same name.
type Parameter struct {
	Name     string        `json:"name"`
	Type     ParameterType `json:"type"`
	Help     string        `json:"help"`
	Required bool          `json:"required,omitempty"`
	// Min and Max bound the numeric types, inclusively.
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
	// Targets are the fields the value goes to, in the notation of Path.
	Targets []string `json:"targets,omitempty"`
	// Choices are the values of type choice, each with its edits.
	Choices map[string][]Edit `json:"choices,omitempty"`

	// Default is what holds if nothing is chosen, read from the workload; it
	// is empty for a required parameter.
	Default string `json:"-"`
}

// Edit sets one field as part of a choice; without a value it removes it.
type Edit struct {
	Path  string  `json:"path"`
	Value *string `json:"value,omitempty"`
}

// ParameterType says how the text of a value is checked and written.
type ParameterType string

// The types of parameters.
const (
	TypeText        ParameterType = "text"        // any text without control characters
	TypeName        ParameterType = "name"        // the name of a Kubernetes object
	TypeInteger     ParameterType = "integer"     // a whole number
	TypeNumber      ParameterType = "number"      // a decimal number
	TypeBoolean     ParameterType = "boolean"     // true or false
	TypeGCSPath     ParameterType = "gcs-path"    // gs://BUCKET/PATH
	TypeGCSBucket   ParameterType = "gcs-bucket"  // gs://BUCKET[/PATH]
	TypeChoice      ParameterType = "choice"      // one of the names in Choices
	TypeLabels      ParameterType = "labels"      // KEY=VALUE,... added to a map
	TypeTolerations ParameterType = "tolerations" // KEY[=VALUE][:EFFECT],... added to a list
	TypeImages      ParameterType = "images"      // CONTAINER=IMAGE,... set in lists of containers
)

// Flag returns the parameter's flag with its dashes.
func (p *Parameter) Flag() string { return "--" + p.Name }

// apply checks a value and makes its edits; what is wrong is added to the
// problems, and then nothing is edited.
func (p *Parameter) apply(w workload, value string, ps *problems) {
	before := len(*ps)
	edits := p.edits(value, ps)
	if len(*ps) > before {
		return
	}
	for _, edit := range edits {
		object, err := w.object(edit.path)
		if err == nil {
			err = edit.make(object)
		}
		if err != nil {
			ps.add(p.Flag(), value, err.Error(), "see the parameter's targets in profile.yaml")
		}
	}
}

// fieldEdit is one edit that a parameter asks for.
type fieldEdit struct {
	path Path
	make func(object map[string]any) error
}

// edits translates a value into edits of fields.
func (p *Parameter) edits(value string, ps *problems) []fieldEdit {
	switch p.Type {
	case TypeChoice:
		return p.choose(value, ps)
	case TypeLabels:
		return p.addLabels(value, ps)
	case TypeTolerations:
		return p.addTolerations(value, ps)
	case TypeImages:
		return p.setImages(value, ps)
	default:
		typed := p.typed(value, ps)
		return p.atTargets(func(path Path, object map[string]any) error {
			if (Assignment{Path: path}).isArgument() {
				return path.Set(object, fmt.Sprint(typed))
			}
			return path.Set(object, typed)
		})
	}
}

func (p *Parameter) atTargets(edit func(Path, map[string]any) error) []fieldEdit {
	edits := make([]fieldEdit, len(p.Targets))
	for i, target := range p.Targets {
		path, err := ParsePath(target)
		edits[i] = fieldEdit{path: path, make: func(object map[string]any) error {
			if err != nil {
				return err
			}
			return edit(path, object)
		}}
	}
	return edits
}

// typed checks the text of a single value and converts it.
func (p *Parameter) typed(value string, ps *problems) any {
	switch p.Type {
	case TypeInteger:
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			ps.add(p.Flag(), value, "not a whole number", "write one "+p.bounds())
			return nil
		}
		p.checkBounds(value, float64(n), ps)
		return n
	case TypeNumber:
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || f != f {
			ps.add(p.Flag(), value, "not a number", "write one "+p.bounds())
			return nil
		}
		p.checkBounds(value, f, ps)
		return wholeIfPossible(f)
	case TypeBoolean:
		b, err := strconv.ParseBool(value)
		if err != nil {
			ps.add(p.Flag(), value, "neither true nor false", "write true or false")
		}
		return b
	case TypeGCSPath, TypeGCSBucket:
		checkGCS(p.Flag(), value, p.Type == TypeGCSPath, ps)
	case TypeName:
		checkObjectName(p.Flag(), value, ps)
	default:
		checkText(p.Flag(), value, ps)
	}
	return value
}

// wholeIfPossible keeps whole numbers whole, so that 6 is written as 6.
func wholeIfPossible(f float64) any {
	if n := int64(f); float64(n) == f {
		return n
	}
	return f
}

func (p *Parameter) checkBounds(value string, f float64, ps *problems) {
	if (p.Min != nil && f < *p.Min) || (p.Max != nil && f > *p.Max) {
		ps.add(p.Flag(), value, "out of range", "write a number "+p.bounds())
	}
}

func (p *Parameter) bounds() string {
	switch {
	case p.Min != nil && p.Max != nil:
		return fmt.Sprintf("from %v to %v", *p.Min, *p.Max)
	case p.Min != nil:
		return fmt.Sprintf("of at least %v", *p.Min)
	case p.Max != nil:
		return fmt.Sprintf("of at most %v", *p.Max)
	default:
		return "without a unit"
	}
}

func (p *Parameter) choose(value string, ps *problems) []fieldEdit {
	choice, ok := p.Choices[value]
	if !ok {
		names := slices.Sorted(maps.Keys(p.Choices))
		ps.add(p.Flag(), value, "no such choice", "write one of "+strings.Join(names, ", "))
		return nil
	}
	edits := make([]fieldEdit, len(choice))
	for i, edit := range choice {
		path, err := ParsePath(edit.Path)
		edits[i] = fieldEdit{path: path, make: func(object map[string]any) error {
			if err != nil {
				return err
			}
			text := "null"
			if edit.Value != nil {
				text = *edit.Value
			}
			return Assignment{Path: path, Value: text}.apply(object)
		}}
	}
	return edits
}

// defaultValue reads what the workload holds for the parameter: the value of
// its first target, or the choice whose edits are all made already.
func (p *Parameter) defaultValue(w workload) string {
	switch p.Type {
	case TypeChoice:
		for _, name := range slices.Sorted(maps.Keys(p.Choices)) {
			if choiceHolds(w, p.Choices[name]) {
				return name
			}
		}
		return ""
	case TypeLabels, TypeTolerations, TypeImages:
		return ""
	default:
		if p.Required || len(p.Targets) == 0 {
			return ""
		}
		return w.text(p.Targets[0])
	}
}

func choiceHolds(w workload, edits []Edit) bool {
	for _, edit := range edits {
		want := ""
		if edit.Value != nil {
			want = *edit.Value
		}
		if !strings.EqualFold(w.text(edit.Path), want) {
			return false
		}
	}
	return true
}
