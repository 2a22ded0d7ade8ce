package maxtext

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
)

func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return pyjson.Float(f)
}

// parseArgument splits one command line argument as OmegaConf does: KEY=VALUE, where
// the value is YAML and a dotted or bracketed key names something inside KEY. Without
// "=" the value is None.
func parseArgument(arg string) (key string, v Value) {
	key, text, given := strings.Cut(arg, "=")
	nested := false
	if i := strings.IndexAny(key, ".["); i > 0 {
		key, nested = key[:i], true
	}
	switch {
	case !given:
		return key, nil
	case nested:
		return key, List("{...}")
	}
	return key, scalar(text)
}

// The patterns of YAML 1.1's numbers with OmegaConf's wider floats.
var (
	intPattern   = regexp.MustCompile(`^[-+]?(0b[0-1_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$`)
	floatPattern = regexp.MustCompile(`^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+([eE][-+][0-9]+)?)$`)
	// sixtyPattern is a number of base sixty, such as 1:30.
	sixtyPattern = regexp.MustCompile(`^[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+$`)
)

// scalar resolves a YAML scalar. Lists and mappings are kept as text, since no option
// takes one from the command line.
func scalar(text string) Value {
	text = strings.TrimSpace(text)
	if i := strings.Index(text, " #"); i >= 0 {
		text = strings.TrimSpace(text[:i])
	}
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		return text[1 : n-1]
	}
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		return true
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		return false
	case ".nan", ".NaN", ".NAN":
		return math.NaN()
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1)
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1)
	}
	plain := strings.ReplaceAll(text, "_", "")
	switch {
	case intPattern.MatchString(text):
		if n, err := strconv.ParseInt(plain, 0, 64); err == nil { // base 0 reads all of the forms
			return n
		}
	case sixtyPattern.MatchString(text):
		if n, ok := sixty(plain); ok {
			return n
		}
	case floatPattern.MatchString(text):
		if f, err := strconv.ParseFloat(plain, 64); err == nil {
			return f
		}
	case text[0] == '[' || text[0] == '{':
		return List(text)
	}
	return text
}

func sixty(text string) (n int64, ok bool) {
	digits := strings.TrimLeft(text, "+-")
	for part := range strings.SplitSeq(digits, ":") {
		d, err := strconv.ParseInt(part, 10, 32)
		if err != nil || n > math.MaxInt64/100 {
			return 0, false
		}
		n = n*60 + d
	}
	if text[0] == '-' {
		n = -n
	}
	return n, true
}

// convert gives a value from the command line the type of the option's default. ok is
// false where Python's constructor of that type raises ValueError.
func convert(v, like Value) (converted Value, ok bool) {
	switch like.(type) {
	case string:
		return Format(v), true
	case bool:
		return toBool(v)
	case int64:
		return toInt(v)
	case float64:
		return toFloat(v)
	}
	return nil, false
}

func toBool(v Value) (Value, bool) {
	switch v := v.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(v) {
		case "true":
			return true, true
		case "false":
			return false, true
		}
	}
	return nil, false
}

func toInt(v Value) (Value, bool) {
	switch v := v.(type) {
	case bool, int64: // a bool is an int to Python and stays one
		return v, true
	case float64:
		if math.IsNaN(v) || math.Abs(v) > math.MaxInt64/2 {
			return nil, false
		}
		return int64(v), true
	case string:
		n, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimSpace(v), "_", ""), 10, 64)
		return n, err == nil
	}
	return nil, false
}

func toFloat(v Value) (Value, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1.0, true
		}
		return 0.0, true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f, err == nil
	}
	return nil, false
}
