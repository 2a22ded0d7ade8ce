package deploy

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Render returns the objects of a deployment: the profile's workload with
// the values in it, named and labelled. It needs no cluster and gives the same
// objects for the same input. If anything is wrong with the values, the error
// is a *ValidationError that lists all of it.
//
// Without a namespace in the values the objects have none, and whoever applies
// them decides.
func Render(p *Profile, v Values) ([]*unstructured.Unstructured, error) {
	w, err := p.workloadObjects()
	if err != nil {
		return nil, fmt.Errorf("reading profile %s: %w", p.Name, err)
	}
	v.Profile, v.Name = p.Name, override(DefaultName, v.Name)
	var ps problems
	p.applyParameters(w, v.Params, &ps)
	applyAssignments(w, v.Set, &ps)
	checkNamespace(v.Namespace, &ps)
	checkName(v.Name, w.replicas(), &ps)
	checkPlaceholders(p, v.Params, w, &ps)
	checkSchema(w, "--set", &ps)
	checkSlices(p, w, &ps)
	checkLengths(p, w, &ps)
	checkNumberFormat(p, w, &ps)
	checkMemory(p, w, &ps)
	checkVersions(w, &ps)
	if err := ps.err(); err != nil {
		return nil, err
	}
	if err := identify(w, v.Name, v.Namespace); err != nil {
		return nil, fmt.Errorf("naming the objects of profile %s: %w", p.Name, err)
	}
	if err := v.remember(w.lws); err != nil {
		return nil, err
	}
	return w.objects(), nil
}

// applyParameters edits the workload for each parameter given, in the order
// of the profile, and complains about those that are unknown or missing.
func (p *Profile) applyParameters(w workload, params map[string]string, ps *problems) {
	for i := range p.Parameters {
		param := &p.Parameters[i]
		value := params[param.Name]
		if value != "" {
			param.apply(w, value, ps)
		} else if param.Required {
			ps.add(param.Flag(), "", "missing", "give "+param.Help)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if params[name] != "" && p.Parameter(name) == nil {
			ps.add("--"+name, params[name], fmt.Sprintf("profile %s has no such parameter", p.Name),
				fmt.Sprintf("see kubectl jetstream profiles %s", p.Name))
		}
	}
}

func applyAssignments(w workload, texts []string, ps *problems) {
	for _, text := range texts {
		assignment, err := ParseAssignment(text)
		if err == nil {
			err = assignment.refuseReserved()
		}
		var object map[string]any
		if err == nil {
			object, err = w.object(assignment.Path)
		}
		if err == nil {
			err = assignment.apply(object)
		}
		if err != nil {
			ps.add("--set", text, err.Error(), "write PATH=VALUE, such as leader.spec.containers[jax-tpu].args[steps]=1")
		}
	}
}

// refuseReserved refuses edits of what tells whose an object is.
func (a Assignment) refuseReserved() error {
	switch a.Path.steps[0].key {
	case "apiVersion", "kind", "status":
		return fmt.Errorf("%s cannot be set", a.Path)
	case "metadata":
		if len(a.Path.steps) < 3 || (a.Path.steps[1].key != "labels" && a.Path.steps[1].key != "annotations") {
			return fmt.Errorf("%s cannot be set; of the metadata only labels and annotations can, one at a time", a.Path)
		}
	}
	return nil
}
