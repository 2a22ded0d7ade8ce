package maxtext

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed data/base.txt
var baseData string

//go:embed data/configs.txt
var configData string

//go:embed data/models.txt
var modelData string

// Value is an option's value: nil, bool, int64, float64, string or List.
type Value any

// List is a list or mapping, kept as Python prints it.
type List string

// Option is one option with its value.
type Option struct {
	Name  string
	Value Value
}

// Format is str() of a value.
func Format(v Value) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return formatFloat(v)
	case List:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}

// typeName is the name of a value's Python type.
func typeName(v Value) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	default:
		return "list"
	}
}

// parseData reads one of the embedded files: sections in brackets, each with one
// option a line. A file without sections has one named "". The files are part of the
// program and checked by a test, so a bad line is skipped.
func parseData(data string) map[string][]Option {
	sections := make(map[string][]Option)
	section := ""
	for line := range strings.Lines(data) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "["); ok && strings.HasSuffix(line, "]") {
			section = strings.TrimSuffix(name, "]")
			sections[section] = nil
			continue
		}
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) != 3 || strings.HasPrefix(line, "#") {
			continue
		}
		sections[section] = append(sections[section], Option{fields[0], typed(fields[1], fields[2])})
	}
	return sections
}

func typed(kind, text string) Value {
	switch kind {
	case "bool":
		return text == "True"
	case "int":
		n, _ := strconv.ParseInt(text, 10, 64) // checked by a test
		return n
	case "float":
		f, _ := strconv.ParseFloat(text, 64) // likewise
		return f
	case "list":
		return List(text)
	case "none":
		return nil
	default:
		return text
	}
}
