package jetstreamhttp

import (
	"bytes"
	"errors"
	"math"
	"mime"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
)

// generateRequest has the fields of a /generate body that have an effect.
type generateRequest struct {
	Prompt    string
	MaxTokens pyjson.Integer // any size, since the check comes later
	Stream    bool
}

// parseError is why a body was refused: the status and its detail. A detail that
// JSON cannot express makes the framework itself fail, with a body of plain text.
type parseError struct {
	status int
	detail any
}

// failed is the error of a refusal that could not be rendered.
var failed = &parseError{status: 500}

// parseRequest reads a body as FastAPI does: nothing but JSON where the content type
// says JSON or nothing, every field optional, unknown ones ignored, values converted
// where that is harmless. All mistakes are reported together.
func parseRequest(contentType string, body []byte) (generateRequest, *parseError) {
	r := generateRequest{Prompt: "This is an example prompt", MaxTokens: "100"}
	if len(body) == 0 {
		return r, invalid(problem("missing", "Field required", nil, "body"))
	}
	if !utf8.Valid(body) {
		switch {
		case !isJSON(contentType):
			return r, failed
		case bytes.HasPrefix(body, []byte("\xff\xfe")) && len(body) == 2: // UTF-16, and empty
			return r, invalid(jsonInvalid(&pyjson.SyntaxError{Message: "Expecting value"}))
		}
		return r, &parseError{status: 400, detail: "There was an error parsing the body"}
	}
	text := string(body)
	if !isJSON(contentType) {
		return r, invalid(notObject(text))
	}
	// json.loads of bytes accepts a byte order mark.
	v, err := pyjson.Decode(strings.TrimPrefix(text, "\ufeff"))
	if err != nil {
		return r, invalid(jsonInvalid(err))
	}
	object, ok := v.(pyjson.Object)
	if v == nil {
		return r, invalid(problem("missing", "Field required", nil, "body"))
	}
	if !ok {
		if !finite(v) {
			return r, failed
		}
		return r, invalid(notObject(v))
	}
	var problems []any
	unrenderable := false // NaN and the infinities are no JSON
	field := func(name string, convert func(any) (any, string, string)) any {
		v, given := object.Get(name)
		if !given {
			return unset{}
		}
		if v == nil {
			return nil
		}
		converted, kind, message := convert(v)
		if kind != "" {
			problems = append(problems, problem(kind, message, v, "body", name))
			unrenderable = unrenderable || !finite(v)
		}
		return converted
	}
	field("server", toString)
	field("port", toString)
	field("session_cache", toString)
	prompt := field("prompt", toString)
	field("priority", toInteger)
	maxTokens := field("max_tokens", toInteger)
	stream := field("stream", toBool)
	switch {
	case unrenderable:
		return r, failed
	case len(problems) > 0:
		return r, invalid(problems...)
	}
	switch p := prompt.(type) {
	case string:
		r.Prompt = p
	case nil:
		r.Prompt = "" // null counts as not set in the message to JetStream
	}
	switch n := maxTokens.(type) {
	case pyjson.Integer:
		r.MaxTokens = n
	case nil:
		r.MaxTokens = "0"
	}
	r.Stream = stream == true
	return r, nil
}

// finite reports whether a value can be written as JSON: a refusal repeats it.
func finite(v any) bool {
	switch v := v.(type) {
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !finite(item) })
	case pyjson.Object:
		return !slices.ContainsFunc(v, func(m pyjson.Member) bool { return !finite(m.Value) })
	}
	return true
}

// unset is the value of a field that the body does not have.
type unset struct{}

func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	kind, _, err := mime.ParseMediaType(contentType)
	main, sub, _ := strings.Cut(kind, "/")
	return err == nil && main == "application" && (sub == "json" || strings.HasSuffix(sub, "+json"))
}

func invalid(problems ...any) *parseError { return &parseError{status: 422, detail: problems} }

// problem is one entry of a 422's detail.
func problem(kind, message string, input any, loc ...any) any {
	return pyjson.Object{
		{Name: "type", Value: kind}, {Name: "loc", Value: loc}, {Name: "msg", Value: message}, {Name: "input", Value: input},
	}
}

func notObject(input any) any {
	return problem("model_attributes_type", "Input should be a valid dictionary or object to extract fields from", input, "body")
}

func jsonInvalid(err error) any {
	message, pos := err.Error(), 0
	var syntax *pyjson.SyntaxError
	if errors.As(err, &syntax) {
		message, pos = syntax.Message, syntax.Pos
	}
	return append(problem("json_invalid", "JSON decode error", pyjson.Object{}, "body", pos).(pyjson.Object),
		pyjson.Member{Name: "ctx", Value: pyjson.Object{{Name: "error", Value: message}}})
}

// The conversions below are pydantic's lax mode. Each returns the value, or the kind
// and message of the problem.

func toString(v any) (converted any, kind, message string) {
	if s, ok := v.(string); ok {
		return s, "", ""
	}
	return nil, "string_type", "Input should be a valid string"
}

func toInteger(v any) (converted any, kind, message string) {
	switch v := v.(type) {
	case pyjson.Integer:
		return v, "", ""
	case bool:
		if v {
			return pyjson.Integer("1"), "", ""
		}
		return pyjson.Integer("0"), "", ""
	case float64:
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return nil, "finite_number", "Input should be a finite number"
		case v != math.Trunc(v):
			return nil, "int_from_float", "Input should be a valid integer, got a number with a fractional part"
		case math.Abs(v) >= 1<<63:
			return nil, "int_parsing_size", "Unable to parse input string as an integer, exceeded maximum size"
		}
		return pyjson.Integer(strconv.FormatFloat(v+0, 'f', 0, 64)), "", "" // +0 takes the sign off zero
	case string:
		if n, ok := integerText(v); ok {
			return n, "", ""
		}
		return nil, "int_parsing", "Input should be a valid integer, unable to parse string as an integer"
	}
	return nil, "int_type", "Input should be a valid integer"
}

// integerPattern is what a string that holds an integer looks like: a sign, digits
// with single underscores between them, and at most a fraction of zeros.
var integerPattern = regexp.MustCompile(`^([-+]?)([0-9]+(?:_[0-9]+)*)(\.0+)?$`)

func integerText(s string) (pyjson.Integer, bool) {
	m := integerPattern.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return "", false
	}
	digits := strings.TrimLeft(strings.ReplaceAll(m[2], "_", ""), "0")
	if digits == "" {
		return "0", true
	}
	return pyjson.Integer(strings.TrimPrefix(m[1], "+") + digits), true
}

func toBool(v any) (converted any, kind, message string) {
	switch v := v.(type) {
	case bool:
		return v, "", ""
	case pyjson.Integer:
		if v == "0" || v == "1" {
			return v == "1", "", ""
		}
		if _, err := strconv.ParseInt(string(v), 10, 64); err != nil {
			return nil, "bool_type", "Input should be a valid boolean"
		}
	case float64:
		if v == 0 || v == 1 {
			return v == 1, "", ""
		}
		if v != math.Trunc(v) {
			return nil, "bool_type", "Input should be a valid boolean"
		}
	case string:
		switch strings.ToLower(v) {
		case "true", "t", "yes", "y", "on", "1":
			return true, "", ""
		case "false", "f", "no", "n", "off", "0":
			return false, "", ""
		}
	default:
		return nil, "bool_type", "Input should be a valid boolean"
	}
	return nil, "bool_parsing", "Input should be a valid boolean, unable to interpret input"
}
