package deploy

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// Change is one difference between two states of an object. A nil value
// means that the field is absent.
type Change struct {
	Path Path
	Old  any
	New  any
}

// String writes the change on one line: the path, then what it was and what
// it becomes.
func (c Change) String() string {
	switch {
	case c.Old == nil:
		return fmt.Sprintf("%s: added %s", c.Path, compact(c.New))
	case c.New == nil:
		return fmt.Sprintf("%s: removed, was %s", c.Path, compact(c.Old))
	default:
		return fmt.Sprintf("%s: %s, was %s", c.Path, compact(c.New), compact(c.Old))
	}
}

// compact writes a value on one line; texts stand without quotes.
func compact(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	data, err := utiljson.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// Diff returns what differs between two states of an object of a kind,
// ordered by path. Elements of lists are matched as people name them:
// containers and the like by name, arguments by what stands before their
// equals sign, and only the rest by position; so an argument that moved is no
// change.
func Diff(kind string, before, after map[string]any) []Change {
	var changes []Change
	diffValue(Path{Kind: kind}, before, after, &changes)
	slices.SortStableFunc(changes, func(a, b Change) int {
		return cmp.Compare(a.Path.String(), b.Path.String())
	})
	return changes
}

func diffValue(path Path, before, after any, changes *[]Change) {
	switch before := before.(type) {
	case map[string]any:
		if after, ok := after.(map[string]any); ok {
			diffMaps(path, before, after, changes)
			return
		}
	case []any:
		if after, ok := after.([]any); ok {
			diffLists(path, before, after, changes)
			return
		}
	}
	if !reflect.DeepEqual(before, after) {
		*changes = append(*changes, Change{Path: path, Old: before, New: after})
	}
}

func diffMaps(path Path, before, after map[string]any, changes *[]Change) {
	keys := map[string]bool{}
	for key := range before {
		keys[key] = true
	}
	for key := range after {
		keys[key] = true
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		diffValue(path.child(fieldStep(key)), before[key], after[key], changes)
	}
}

// fieldStep returns the step to a key of a map; a key that is no plain field
// name stands in brackets.
func fieldStep(key string) step {
	for _, r := range key {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return step{how: selectByKey, key: key}
		}
	}
	return step{how: selectField, key: key}
}

func diffLists(path Path, before, after []any, changes *[]Change) {
	name := listKey(path, before, after)
	if name == nil {
		for i := range max(len(before), len(after)) {
			diffValue(path.child(step{how: selectByIndex, index: i}), at(before, i), at(after, i), changes)
		}
		return
	}
	for _, element := range before {
		s := name(element)
		found, _ := s.find(after)
		diffValue(path.child(s), named(s, element), found, changes)
	}
	for _, element := range after {
		s := name(element)
		if found, _ := s.find(before); found == nil {
			diffValue(path.child(s), nil, named(s, element), changes)
		}
	}
}

func at(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// named returns what a step finds in a list that holds just the element.
func named(s step, element any) any {
	found, _ := s.find([]any{element})
	return found
}

// identifyingFields are the fields by which elements of the lists in a pod
// template and a Service are told apart, in the order in which they are tried.
var identifyingFields = [...]string{"name", "containerPort", "mountPath", "port"}

// listKey returns how the elements of two states of a list are named, or
// nil if they have to be compared by position.
func listKey(path Path, lists ...[]any) func(any) step {
	if last := path.steps[len(path.steps)-1]; last == (step{key: "args"}) {
		byArgument := func(element any) step {
			text, _ := element.(string)
			return step{how: selectByKey, key: argumentKey(text)}
		}
		if unique(byArgument, lists) {
			return byArgument
		}
		return nil
	}
	for _, field := range identifyingFields {
		byField := func(element any) step {
			object, _ := element.(map[string]any)
			if object[field] == nil {
				return step{}
			}
			value := fmt.Sprint(object[field])
			if field == "name" {
				return step{how: selectByKey, key: value}
			}
			return step{how: selectByField, key: field, value: value}
		}
		if unique(byField, lists) {
			return byField
		}
	}
	return nil
}

// unique reports whether every element of each list has a name of its own.
func unique(name func(any) step, lists [][]any) bool {
	for _, list := range lists {
		seen := map[step]bool{}
		for _, element := range list {
			s := name(element)
			if s.key == "" || seen[s] {
				return false
			}
			seen[s] = true
		}
	}
	return true
}
