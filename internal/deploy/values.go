package deploy

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ValuesAnnotation is the annotation of the LeaderWorkerSet that holds the
// Values it was made from. It stands on the object itself and not in its pod
// templates, where a change would restart the model.
const ValuesAnnotation = "kubectl-jetstream.github.io/values"

// Values is what a user chose for one deployment. The zero value of a field
// means that nothing was chosen.
type Values struct {
	Profile   string `json:"profile,omitempty"`
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	// Params holds the values of the profile's parameters by name.
	Params map[string]string `json:"params,omitempty"`
	// Set holds edits of other fields, PATH=VALUE, in order.
	Set []string `json:"set,omitempty"`
}

// Merge returns the values overlaid by others: what over chooses wins, and
// what it leaves open stays. Of two edits of the same field the later one is
// kept, and an empty parameter is back at its default. A different profile starts afresh, since neither parameters nor paths
// mean the same there; name and namespace stay.
func (v Values) Merge(over Values) Values {
	if over.Profile != "" && v.Profile != "" && !sameProfile(over.Profile, v.Profile) {
		v = Values{Name: v.Name, Namespace: v.Namespace}
	}
	merged := Values{
		Profile:   override(v.Profile, over.Profile),
		Name:      override(v.Name, over.Name),
		Namespace: override(v.Namespace, over.Namespace),
		Set:       mergeAssignments(v.Set, over.Set),
	}
	if len(v.Params)+len(over.Params) > 0 {
		merged.Params = map[string]string{}
		maps.Copy(merged.Params, v.Params)
		maps.Copy(merged.Params, over.Params)
		maps.DeleteFunc(merged.Params, func(_, value string) bool { return value == "" })
	}
	return merged
}

// sameProfile reports whether two names mean the same profile. One from a
// directory is remembered by its full path, and may be given by another.
func sameProfile(a, b string) bool {
	if a == b {
		return true
	}
	if !filepath.IsAbs(a) && !filepath.IsAbs(b) {
		return false
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
}

func override(value, over string) string {
	if over != "" {
		return over
	}
	return value
}

// mergeAssignments appends edits to others and drops each that a later one
// replaces. What is no assignment is kept, for Render to complain about.
func mergeAssignments(earlier, later []string) []string {
	all := append(append([]string(nil), earlier...), later...)
	key := func(text string) string {
		assignment, err := ParseAssignment(text)
		if err != nil {
			return text
		}
		return assignment.Path.Kind + ":" + assignment.Path.String()
	}
	last := map[string]int{}
	for i, text := range all {
		last[key(text)] = i
	}
	var merged []string
	for i, text := range all {
		if last[key(text)] == i {
			merged = append(merged, text)
		}
	}
	return merged
}

// RememberedValues returns the values that a LeaderWorkerSet was made from,
// and whether it carries any: one that was applied by hand carries none.
func RememberedValues(lws *unstructured.Unstructured) (Values, bool, error) {
	text, ok := lws.GetAnnotations()[ValuesAnnotation]
	if !ok {
		return Values{}, false, nil
	}
	var v Values
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return Values{}, false, fmt.Errorf("reading annotation %s of %s: %w", ValuesAnnotation, RefOf(lws), err)
	}
	return v, true, nil
}

// remember writes the values to the annotation that RememberedValues reads.
func (v Values) remember(lws *unstructured.Unstructured) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding the values of %s: %w", RefOf(lws), err)
	}
	annotations := lws.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[ValuesAnnotation] = string(data)
	lws.SetAnnotations(annotations)
	return nil
}
