package main

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form"
)

// formProfiles are the profiles as the form shows them.
func formProfiles(profiles []*deploy.Profile) []form.Profile {
	out := make([]form.Profile, len(profiles))
	for i, p := range profiles {
		out[i] = form.Profile{Name: p.Name, Title: p.Title, Model: p.Model, Chips: p.Chips(), Slices: p.Slices}
		for _, param := range p.Parameters {
			f := form.Field{
				Name: param.Name, Help: param.Help, Default: param.Default, Kind: string(param.Type),
				Required: param.Required, Choices: slices.Sorted(maps.Keys(param.Choices)),
			}
			if param.Type == deploy.TypeBoolean {
				f.Default = strings.ToLower(f.Default) // the server writes True
			}
			out[i].Fields = append(out[i].Fields, f)
		}
	}
	return out
}

// formRenderer renders what a person types. base holds what the form does not
// ask for: the namespace and the edits given by --set.
type formRenderer struct {
	profiles map[string]*deploy.Profile
	base     deploy.Values
}

var _ form.Renderer = formRenderer{}

// formValues are the values of a form, laid over those it does not ask for.
func formValues(base deploy.Values, profile string, values map[string]string) deploy.Values {
	params := maps.Clone(values)
	delete(params, form.NameField)
	return base.Merge(deploy.Values{Profile: profile, Name: values[form.NameField], Params: params})
}

func (r formRenderer) Render(profile string, values map[string]string) (string, []form.Problem) {
	objects, err := deploy.Render(r.profiles[profile], formValues(r.base, profile, values))
	var invalid *deploy.ValidationError
	var text bytes.Buffer
	switch {
	case errors.As(err, &invalid):
		problems := make([]form.Problem, len(invalid.Problems))
		for i, p := range invalid.Problems {
			field := p.Flag // NAME, or --set and --namespace, for which no field stands
			if name := strings.TrimPrefix(p.Flag, "--"); r.profiles[profile].Parameter(name) != nil {
				field = name
			}
			problems[i] = form.Problem{Field: field, Message: p.Message, Remedy: p.Remedy}
		}
		return "", problems
	case err == nil:
		err = deploy.WriteYAML(&text, objects)
	}
	if err != nil {
		return "", []form.Problem{{Field: "profile", Message: err.Error()}}
	}
	return text.String(), nil
}

// deployForm is the form that asks for a deployment of a built-in profile. It
// begins with what is configured.
func (a *app) deployForm(namespace string) form.Options {
	profiles := a.profiles()
	r := formRenderer{profiles: map[string]*deploy.Profile{}, base: deploy.Values{Namespace: namespace}}
	for _, p := range profiles {
		r.profiles[p.Name] = p
	}
	begin, _ := a.configuration().values(deploy.Values{})
	return form.Options{
		Profile: begin.Profile, Values: begin.Params,
		Profiles: formProfiles(profiles), Renderer: r, Namespace: namespace, DefaultName: deploy.DefaultName,
	}
}
