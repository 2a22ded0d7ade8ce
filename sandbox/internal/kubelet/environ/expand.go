package environ

import "strings"

// Expand replaces every $(NAME) in text by what lookup knows of NAME. A reference
// that lookup does not know stays as it is, $$ is a plain $, and any other $ stands
// for itself, as the API documents for commands, arguments and values.
func Expand(text string, lookup func(name string) (string, bool)) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		switch {
		case strings.HasPrefix(after, "$"):
			out.WriteByte('$')
			text = after[1:]
		case strings.HasPrefix(after, "("):
			name, rest, closed := strings.Cut(after[1:], ")")
			if !closed {
				out.WriteString("$(")
				text = after[1:]
				continue
			}
			if value, ok := lookup(name); ok {
				out.WriteString(value)
			} else {
				out.WriteString("$(" + name + ")")
			}
			text = rest
		default:
			out.WriteByte('$')
			text = after
		}
	}
}

// ExpandAll expands each of the texts.
func ExpandAll(texts []string, env map[string]string) []string {
	if texts == nil {
		return nil
	}
	lookup := func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
	expanded := make([]string, len(texts))
	for i, text := range texts {
		expanded[i] = Expand(text, lookup)
	}
	return expanded
}
