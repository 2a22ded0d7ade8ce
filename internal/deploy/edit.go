package deploy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Get returns the value that the path names in an object, and whether there
// is one. Null counts as none, as it does for the API server.
func (p Path) Get(object map[string]any) (any, bool) {
	var node any = object
	for _, s := range p.steps {
		found, err := s.find(node)
		if err != nil || found == nil {
			return nil, false
		}
		node = found
	}
	return node, true
}

// Set gives the field a value, creating the maps that lead to it; nil
// removes the field. A list is never created or extended on the way, except
// a list of arguments, since an element made up of nothing but its name would
// be no element that works.
func (p Path) Set(object map[string]any, value any) error {
	_, err := set(object, p.steps, value)
	if err != nil {
		return fmt.Errorf("setting %s: %w", p, err)
	}
	return nil
}

// find returns the value that the step leads to, nil if there is none, and
// an error if the step cannot be applied to such a value.
func (s step) find(node any) (any, error) {
	switch node := node.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		if s.how != selectField && s.how != selectByKey {
			return nil, fmt.Errorf("%s is asked of a map", s)
		}
		return node[s.key], nil
	case []any:
		i, err := s.position(node)
		if err != nil || i < 0 {
			return nil, err
		}
		if argument, ok := node[i].(string); ok && s.how == selectByKey {
			_, value, _ := strings.Cut(argument, "=")
			return value, nil
		}
		return node[i], nil
	default:
		return nil, fmt.Errorf("%s is asked of the single value %v", s, node)
	}
}

// position returns where in a list the step leads, or -1.
func (s step) position(list []any) (int, error) {
	switch s.how {
	case selectByIndex:
		if s.index >= len(list) {
			return -1, nil
		}
		return s.index, nil
	case selectByKey, selectByField:
		return slices.IndexFunc(list, func(element any) bool { return s.matches(element) }), nil
	default:
		return -1, fmt.Errorf("%s is asked of a list", s)
	}
}

func (s step) matches(element any) bool {
	switch element := element.(type) {
	case string:
		return s.how == selectByKey && argumentKey(element) == s.key
	case map[string]any:
		if s.how == selectByField {
			return fmt.Sprint(element[s.key]) == s.value
		}
		return element["name"] == s.key
	default:
		return false
	}
}

func (s step) String() string {
	return strings.TrimPrefix(Path{steps: []step{{key: "x"}, s}}.String(), ":x")
}

// argumentKey returns what stands before the first equals sign of an
// argument, or all of it.
func argumentKey(argument string) string {
	key, _, _ := strings.Cut(argument, "=")
	return key
}

// set returns node with the value at the end of the steps.
func set(node any, steps []step, value any) (any, error) {
	s, rest := steps[0], steps[1:]
	if list, ok := node.([]any); ok {
		return setInList(list, s, rest, value)
	}
	object, ok := node.(map[string]any)
	if !ok {
		if node != nil {
			return nil, fmt.Errorf("%s is asked of the single value %v", s, node)
		}
		object = map[string]any{}
	}
	if s.how != selectField && s.how != selectByKey {
		return nil, fmt.Errorf("there is no list to look for %s in", s)
	}
	if len(rest) == 0 {
		if value == nil {
			delete(object, s.key)
		} else {
			object[s.key] = value
		}
		return object, nil
	}
	child := object[s.key]
	if child == nil {
		if value == nil {
			return object, nil
		}
		if s.key == "args" && rest[0].how == selectByKey {
			child = []any{}
		}
	}
	changed, err := set(child, rest, value)
	if err != nil {
		return nil, err
	}
	object[s.key] = changed
	return object, nil
}

func setInList(list []any, s step, rest []step, value any) (any, error) {
	i, err := s.position(list)
	if err != nil {
		return nil, err
	}
	if isArguments(list) && s.how == selectByKey {
		if len(rest) > 0 {
			return nil, fmt.Errorf("%s is an argument and has no fields", s)
		}
		return setArgument(list, s.key, value)
	}
	if i < 0 {
		return nil, fmt.Errorf("there is no element %s; there are %s", s, elementNames(list))
	}
	if len(rest) == 0 {
		if value == nil {
			return slices.Delete(list, i, i+1), nil
		}
		list[i] = value
		return list, nil
	}
	changed, err := set(list[i], rest, value)
	if err != nil {
		return nil, err
	}
	list[i] = changed
	return list, nil
}

// isArguments reports whether a list is one of strings; an empty one may be.
func isArguments(list []any) bool {
	return !slices.ContainsFunc(list, func(element any) bool {
		_, ok := element.(string)
		return !ok
	})
}

// setArgument sets or removes the argument with the key. Of several with the
// same key one is left, so that the result does not depend on which of them
// the program believes.
func setArgument(list []any, key string, value any) (any, error) {
	text, ok := value.(string)
	if value != nil && !ok {
		return nil, errors.New("the value of an argument is a text")
	}
	result, done := []any{}, value == nil
	for _, element := range list {
		if argument, _ := element.(string); argumentKey(argument) != key {
			result = append(result, element)
		} else if !done {
			result, done = append(result, key+"="+text), true
		}
	}
	if !done {
		result = append(result, key+"="+text)
	}
	return result, nil
}

func elementNames(list []any) string {
	var names []string
	for _, element := range list {
		if object, ok := element.(map[string]any); ok && object["name"] != nil {
			names = append(names, fmt.Sprint(object["name"]))
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("%d without names", len(list))
	}
	return strings.Join(names, ", ")
}
