package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/transcript"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// jsonSchema is as much of a JSON Schema as describes what is printed. Programs are to
// pass over fields that they do not know, so none is forbidden.
type jsonSchema struct {
	Dialect     string                 `json:"$schema,omitempty"`
	Title       string                 `json:"title,omitempty"`
	Description string                 `json:"description,omitempty"`
	Type        any                    `json:"type,omitempty"`
	Format      string                 `json:"format,omitempty"`
	Properties  map[string]*jsonSchema `json:"properties,omitempty"`
	Required    []string               `json:"required,omitempty"`
	Items       *jsonSchema            `json:"items,omitempty"`
	Values      *jsonSchema            `json:"additionalProperties,omitempty"`
	AnyOf       []*jsonSchema          `json:"anyOf,omitempty"`
}

// TestOutputsHaveSchemas keeps docs/schema the types that are printed.
func TestOutputsHaveSchemas(t *testing.T) {
	t.Parallel()
	comments := fieldComments(t, ".", "../../internal/deploy", "../../internal/deploy/status",
		"../../internal/deploy/health", "../../internal/deploy/milestone", "../../internal/chat")
	of := func(v any) *jsonSchema { return comments.schema(reflect.TypeOf(v)) }
	written := map[string]bool{}
	for file, s := range map[string]*jsonSchema{
		"status":   of(status.Snapshot{}),
		"event":    eventSchema(comments),
		"generate": of(answerEnd{}),
		"piece":    pieceSchema(t),
		"config":   of(configView{}),
		"profile":  of(profileDescription{}),
		"version":  of(versionInfo{}),
		"chat":     transcriptSchema(t),
	} {
		s.Dialect, s.Title = "https://json-schema.org/draft/2020-12/schema", "kubectl jetstream: "+file
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(s); err != nil {
			t.Fatal(err)
		}
		documented(t, docs("schema", file+".json"), text.String())
		written[file+".json"] = true
	}
	onlyDocumented(t, docs("schema"), written)
}

// TestEachSchemaIsInTheDocument keeps docs/json.md complete.
func TestEachSchemaIsInTheDocument(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docs("json.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(docs("schema", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no schemas: %v", err)
	}
	for _, file := range files {
		if link := "(schema/" + filepath.Base(file) + ")"; !strings.Contains(string(text), link) {
			t.Errorf("docs/json.md has no link %s", link)
		}
	}
}

// eventSchema is that of an event with the payload of any type.
func eventSchema(c comments) *jsonSchema {
	s := c.schema(reflect.TypeFor[event]())
	data := &jsonSchema{Description: "by type; see docs/events.md"}
	for _, payload := range []any{
		stallData{}, appliedData{}, phaseData{}, podData{}, containerData{}, groupData{}, milestoneData{}, kubernetesData{}, findingData{}, resultData{},
	} {
		one := c.schema(reflect.TypeOf(payload))
		one.Title = strings.TrimSuffix(reflect.TypeOf(payload).Name(), "Data")
		data.AnyOf = append(data.AnyOf, one)
	}
	s.Properties["data"] = data
	return s
}

// transcriptSchema is read off two conversations, as the types are the package's own:
// one with everything in it, and one with as little as there can be.
func transcriptSchema(t *testing.T) *jsonSchema {
	t.Helper()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	full := chat.Turn{
		Number: 1, User: "a", Answer: "b", State: chat.Failed, Err: errors.New("c"), Begun: now, Dropped: 1, Cut: true,
		Stats: chat.Stats{Framing: chat.Streamed, Chunks: 1, Bytes: 1, FirstText: 1, Total: 1, RoundTrip: 1, Pod: "d"},
	}
	read := func(c transcript.Conversation) any {
		return printed(t, func(w io.Writer) error { return transcript.Encode(w, c) })
	}
	return schemaOf(
		read(transcript.Conversation{Deployment: "e", Saved: now, Template: "f", System: "g", Turns: []chat.Turn{full}}),
		read(transcript.Conversation{Turns: []chat.Turn{{}}}),
	)
}

// pieceSchema is read off the lines that are printed for a piece of an answer.
func pieceSchema(t *testing.T) *jsonSchema {
	t.Helper()
	read := func(sample int) any {
		return printed(t, func(w io.Writer) error { return (&jsonlAnswer{w: w, sample: sample}).piece("a") })
	}
	return schemaOf(read(1), read(0))
}

// printed decodes what a function prints.
func printed(t *testing.T, write func(io.Writer) error) any {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// schemaOf is the schema of a value in which every field is, required being those
// that are in the least value too.
func schemaOf(full, least any) *jsonSchema {
	switch v := full.(type) {
	case map[string]any:
		s := &jsonSchema{Type: "object", Properties: map[string]*jsonSchema{}}
		l, _ := least.(map[string]any)
		for _, name := range sortedKeys(v) {
			s.Properties[name] = schemaOf(v[name], l[name])
			if _, ok := l[name]; ok {
				s.Required = append(s.Required, name)
			}
		}
		return s
	case []any:
		l, _ := least.([]any)
		return &jsonSchema{Type: "array", Items: schemaOf(v[0], append(l, nil)[0])}
	case bool:
		return &jsonSchema{Type: "boolean"}
	case float64:
		return &jsonSchema{Type: "number"}
	case string:
		if _, err := time.Parse(time.RFC3339, v); err == nil {
			return &jsonSchema{Type: "string", Format: "date-time"}
		}
	}
	return &jsonSchema{Type: "string"}
}

// comments are what the source says of fields, by type and field.
type comments map[string]map[string]string

func (c comments) schema(t reflect.Type) *jsonSchema {
	if t == reflect.TypeFor[time.Time]() {
		return &jsonSchema{Type: "string", Format: "date-time"}
	}
	if t.Implements(reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()) {
		return &jsonSchema{Type: "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return c.schema(t.Elem())
	case reflect.Struct:
		s := &jsonSchema{Type: "object", Properties: map[string]*jsonSchema{}}
		c.fields(s, t)
		return s
	case reflect.Slice:
		return &jsonSchema{Type: "array", Items: c.schema(t.Elem())}
	case reflect.Map:
		return &jsonSchema{Type: "object", Values: c.schema(t.Elem())}
	case reflect.Bool:
		return &jsonSchema{Type: "boolean"}
	case reflect.String:
		return &jsonSchema{Type: "string"}
	case reflect.Interface:
		return &jsonSchema{}
	case reflect.Float64:
		return &jsonSchema{Type: "number"}
	default:
		return &jsonSchema{Type: "integer"}
	}
}

// fields adds the fields of a struct, and those that are embedded in it.
func (c comments) fields(s *jsonSchema, t reflect.Type) {
	for field := range t.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
			continue
		case name == "" && field.Anonymous:
			embedded := field.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			c.fields(s, embedded)
			continue
		}
		property := c.schema(field.Type)
		property.Description = c[t.Name()][field.Name]
		optional := strings.Contains(options, "omit")
		if kind := field.Type.Kind(); !optional && (kind == reflect.Slice || kind == reflect.Map) {
			property.Type = []string{property.Type.(string), "null"}
		}
		s.Properties[name] = property
		if !optional {
			s.Required = append(s.Required, name)
		}
	}
}

// fieldComments reads the comments of all structs in some folders. A comment that names
// the field below as well is that field's too.
func fieldComments(t *testing.T, folders ...string) comments {
	t.Helper()
	c := comments{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no source in %s: %v", folder, err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				if structure, ok := spec.Type.(*ast.StructType); ok {
					c[spec.Name.Name] = commentsOf(structure)
				}
				return true
			})
		}
	}
	return c
}

func commentsOf(structure *ast.StructType) map[string]string {
	out := map[string]string{}
	last := ""
	for _, field := range structure.Fields.List {
		text := strings.Join(strings.Fields(field.Doc.Text()+" "+field.Comment.Text()), " ")
		for _, name := range field.Names {
			if text == "" && regexp.MustCompile(`\b`+name.Name+`\b`).MatchString(last) {
				text = last
			}
			out[name.Name] = text
			last = text
		}
	}
	return out
}
