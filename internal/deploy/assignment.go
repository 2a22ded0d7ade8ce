package deploy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// maxAssignment bounds one --set, in bytes: it ends up in an annotation,
// and nothing that is set by hand comes near it.
const maxAssignment = 16 << 10

// Assignment is one --set: a field and the text of its new value.
type Assignment struct {
	Path  Path
	Value string
}

// ParseAssignment reads PATH=VALUE. Everything after the equals sign is the
// value, whatever is in it.
func ParseAssignment(text string) (Assignment, error) {
	if len(text) > maxAssignment {
		return Assignment{}, fmt.Errorf("%.40q...: longer than %d bytes", text, maxAssignment)
	}
	path, rest, err := parsePathPrefix(text)
	if err != nil {
		return Assignment{}, err
	}
	value, ok := strings.CutPrefix(rest, "=")
	if !ok {
		return Assignment{}, fmt.Errorf("%q: an equals sign and a value are missing", text)
	}
	return Assignment{Path: path, Value: value}, nil
}

// String writes the assignment as ParseAssignment reads it.
func (a Assignment) String() string { return a.Path.String() + "=" + a.Value }

// apply makes the edit. The value takes the type of the one it replaces;
// where there is none, it is read as YAML, so 3 is a number, "3" a text and
// {a: b} a map. The value null removes the field.
func (a Assignment) apply(object map[string]any) error {
	if a.Value == "null" {
		return a.Path.Set(object, nil)
	}
	present, _ := a.Path.Get(object)
	value, err := a.typed(present)
	if err != nil {
		return fmt.Errorf("setting %s: %w", a.Path, err)
	}
	return a.Path.Set(object, value)
}

func (a Assignment) typed(present any) (any, error) {
	switch present.(type) {
	case string:
		return a.Value, nil
	case int64:
		n, err := strconv.ParseInt(a.Value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", a.Value)
		}
		return n, nil
	case float64:
		f, err := strconv.ParseFloat(a.Value, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", a.Value)
		}
		return f, nil
	case bool:
		b, err := strconv.ParseBool(a.Value)
		if err != nil {
			return nil, fmt.Errorf("%q is neither true nor false", a.Value)
		}
		return b, nil
	case map[string]any, []any:
		value, err := parseYAMLValue(a.Value)
		if err != nil {
			return nil, err
		}
		if fmt.Sprintf("%T", value) != fmt.Sprintf("%T", present) {
			return nil, fmt.Errorf("%q does not replace the whole list or map; name a field inside it, or write all of it as YAML", a.Value)
		}
		return value, nil
	default:
		if a.isArgument() {
			return a.Value, nil
		}
		return parseYAMLValue(a.Value)
	}
}

// isArgument reports whether the path ends at an argument KEY=VALUE of a
// container, whose value is a text whatever it looks like.
func (a Assignment) isArgument() bool {
	n := len(a.Path.steps)
	return n > 1 && a.Path.steps[n-1].how == selectByKey && a.Path.steps[n-2] == step{key: "args"}
}

// parseYAMLValue reads one YAML value with the number types of unstructured
// objects.
func parseYAMLValue(text string) (any, error) {
	data, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%q is not a YAML value: %w", text, err)
	}
	var value any
	if err := utiljson.Unmarshal(data, &value); err != nil {
		return nil, fmt.Errorf("%q is not a YAML value: %w", text, err)
	}
	if value == nil {
		return nil, errors.New("the value is missing; null removes the field")
	}
	return value, nil
}
