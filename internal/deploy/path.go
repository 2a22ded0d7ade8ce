package deploy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Path names one field of a workload, as in profile.yaml and in --set:
//
//	spec.replicas
//	leader.spec.containers[jax-tpu].args[per_device_batch_size]
//	worker.spec.nodeSelector[cloud.google.com/gke-tpu-topology]
//	Service:spec.ports[port=8000].targetPort
//
// An object is chosen by its kind; without one it is the LeaderWorkerSet,
// whose two pod templates are called leader and worker for short. What
// stands in brackets depends on what it is applied to: the entry of a map,
// the element of a list whose name it is, or, in a list of arguments, the
// argument KEY=VALUE, whose value is then the field. [FIELD=VALUE] chooses
// an element by another field than its name, and [2] by its position. A key
// with a bracket, a quote or an equals sign in it is written as a Go string.
type Path struct {
	Kind  string
	steps []step
}

// step leads from a value to one inside it.
type step struct {
	how   selection
	key   string // field name, key, or name of the field that is compared
	value string // selectByField: what it is compared with
	index int    // selectByIndex
}

type selection int

const (
	selectField   selection = iota // .key
	selectByKey                    // [key]
	selectByField                  // [key=value]
	selectByIndex                  // [index]
)

const kindLWS = "LeaderWorkerSet"

// templatePaths are the short names of the pod templates.
var templatePaths = [...]struct{ short, field string }{
	{"leader", "leaderTemplate"},
	{"worker", "workerTemplate"},
}

// ParsePath reads the notation described at Path.
func ParsePath(text string) (Path, error) {
	path, rest, err := parsePathPrefix(text)
	if err != nil {
		return Path{}, err
	}
	if rest != "" {
		return Path{}, fmt.Errorf("path %q: unexpected %q", text, rest)
	}
	return path, nil
}

// parsePathPrefix reads a path and returns what follows it, which is empty
// or begins with an equals sign.
func parsePathPrefix(text string) (Path, string, error) {
	path := Path{Kind: kindLWS}
	rest := text
	if end := strings.IndexAny(rest, ":.[="); end > 0 && rest[end] == ':' {
		path.Kind, rest = rest[:end], rest[end+1:]
	}
	for first := true; first || (rest != "" && rest[0] != '='); first = false {
		next, after, err := parseStep(rest, first)
		if err != nil {
			return Path{}, "", fmt.Errorf("path %q: %w", text, err)
		}
		path.steps, rest = append(path.steps, next), after
	}
	path.expandTemplate()
	return path, rest, nil
}

func parseStep(text string, first bool) (step, string, error) {
	if strings.HasPrefix(text, "[") && !first {
		return parseBracket(text[1:])
	}
	if !first {
		if !strings.HasPrefix(text, ".") {
			return step{}, "", fmt.Errorf("unexpected %q", text)
		}
		text = text[1:]
	}
	end := strings.IndexAny(text, ".[]=:\"")
	if end < 0 {
		end = len(text)
	}
	if end == 0 {
		return step{}, "", errors.New("a field name is missing")
	}
	return step{how: selectField, key: text[:end]}, text[end:], nil
}

// parseBracket reads what follows an opening bracket.
func parseBracket(text string) (step, string, error) {
	key, text, quoted, err := parseKey(text)
	if err != nil {
		return step{}, "", err
	}
	if strings.HasPrefix(text, "=") {
		value, rest, _, err := parseKey(text[1:])
		if err != nil {
			return step{}, "", err
		}
		if !strings.HasPrefix(rest, "]") {
			return step{}, "", errors.New("a closing bracket is missing")
		}
		return step{how: selectByField, key: key, value: value}, rest[1:], nil
	}
	if !strings.HasPrefix(text, "]") {
		return step{}, "", errors.New("a closing bracket is missing")
	}
	if index, err := strconv.ParseUint(key, 10, 16); err == nil && !quoted {
		return step{how: selectByIndex, index: int(index)}, text[1:], nil
	}
	return step{how: selectByKey, key: key}, text[1:], nil
}

func parseKey(text string) (key, rest string, quoted bool, err error) {
	if strings.HasPrefix(text, `"`) {
		prefix, err := strconv.QuotedPrefix(text)
		if err != nil {
			return "", "", false, errors.New("a quoted key does not end")
		}
		key, err := strconv.Unquote(prefix)
		if err != nil {
			return "", "", false, fmt.Errorf("key %s: %w", prefix, err)
		}
		return key, text[len(prefix):], true, nil
	}
	end := strings.IndexAny(text, "[]=\"")
	if end < 0 {
		return "", "", false, errors.New("a closing bracket is missing")
	}
	if end == 0 {
		return "", "", false, errors.New("the brackets are empty")
	}
	return text[:end], text[end:], false, nil
}

// expandTemplate replaces the short name of a pod template by its fields.
func (p *Path) expandTemplate() {
	if p.Kind != kindLWS || p.steps[0].how != selectField {
		return
	}
	for _, template := range templatePaths {
		if p.steps[0].key == template.short {
			p.steps = append([]step{
				{how: selectField, key: "spec"},
				{how: selectField, key: "leaderWorkerTemplate"},
				{how: selectField, key: template.field},
			}, p.steps[1:]...)
			return
		}
	}
}

// String writes the path in the notation that ParsePath reads, with the
// short names of the pod templates.
func (p Path) String() string {
	var b strings.Builder
	if p.Kind != kindLWS {
		b.WriteString(p.Kind + ":")
	}
	steps := p.steps
	if short := p.template(); short != "" {
		b.WriteString(short)
		steps = steps[3:]
	}
	for i, s := range steps {
		switch s.how {
		case selectField:
			if i > 0 || len(steps) < len(p.steps) {
				b.WriteByte('.')
			}
			b.WriteString(s.key)
		case selectByKey:
			b.WriteString("[" + quoteKey(s.key, true) + "]")
		case selectByField:
			b.WriteString("[" + quoteKey(s.key, false) + "=" + quoteKey(s.value, false) + "]")
		case selectByIndex:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	return b.String()
}

// template returns the short name of the pod template that the path leads
// into, or nothing.
func (p Path) template() string {
	if p.Kind != kindLWS || len(p.steps) < 3 {
		return ""
	}
	if p.steps[0] != (step{key: "spec"}) || p.steps[1] != (step{key: "leaderWorkerTemplate"}) {
		return ""
	}
	for _, template := range templatePaths {
		if p.steps[2] == (step{key: template.field}) {
			return template.short
		}
	}
	return ""
}

// quoteKey writes a key so that parseKey reads the same again. Alone in its
// brackets, a number would be read as a position.
func quoteKey(key string, alone bool) string {
	_, err := strconv.ParseUint(key, 10, 16)
	if key == "" || strings.ContainsAny(key, "[]=\"") || (alone && err == nil) {
		return strconv.Quote(key)
	}
	return key
}

// child returns the path one step further.
func (p Path) child(s step) Path {
	steps := make([]step, len(p.steps), len(p.steps)+1)
	copy(steps, p.steps)
	return Path{Kind: p.Kind, steps: append(steps, s)}
}
