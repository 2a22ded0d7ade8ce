package chat

import (
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"
)

// What a layout accepts means the same to text/template.
func TestALayoutMeansWhatTextTemplateMakesOfIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text string }{
		{"text and fields", "<{{.System}}|{{.User}}>"},
		{"trimmed spaces", "a  {{- .User -}}  \n b"},
		{"a comment", "a{{/* not sent */}}b"},
		{"a string", `{{"{{"}}{{.User}}`},
		{"a range", "{{range .Turns}}[{{.User}}:{{.Answer}}]{{end}}"},
		{"the else of a range", "{{range .Turns}}{{.User}}{{else}}nothing yet{{end}}"},
		{"an if", "{{if .System}}s:{{.System}}{{else}}none{{end}}"},
		{"an else if", "{{if .Turns}}turns{{else if .System}}system{{else}}none{{end}}"},
		{"a with", "{{with .System}}s:{{.}}{{else}}{{.User}}{{end}}"},
		{"the dollar", "{{range .Turns}}{{$.System}}{{.User}}{{end}}"},
		{"a block of its own", `{{define "turn"}}{{.User}}={{.Answer}};{{end}}{{range .Turns}}{{template "turn" .}}{{end}}`},
		{"the dollar of a block", `{{define "turn"}}{{$.Answer}}{{end}}{{range .Turns}}{{template "turn" .}}{{end}}`},
		{"a block given nothing", `{{define "end"}}<|end|>{{end}}{{.User}}{{template "end"}}`},
		{"nested conditions", "{{range .Turns}}{{if .Answer}}{{with $.System}}{{.}}{{end}}{{end}}{{end}}"},
	} {
		for _, of := range []struct {
			name string
			c    conversation
		}{
			{"a conversation", talk},
			{"a first question", conversation{User: "Good."}},
			{"texts that look like templates", conversation{System: "{{.User}}", Turns: []exchange{{"{{", "<&>"}}, User: "}}"}},
		} {
			t.Run(tt.name+", "+of.name, func(t *testing.T) {
				t.Parallel()
				var want, got strings.Builder
				if err := template.Must(template.New("own").Parse(tt.text)).Execute(&want, of.c); err != nil {
					t.Fatal(err)
				}
				l, err := parseLayout("own", tt.text)
				if err != nil {
					t.Fatal(err)
				}
				if err := l.execute(&got, of.c); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.String(), got.String()); diff != "" {
					t.Errorf("(-text/template +layout):\n%s", diff)
				}
			})
		}
	}
}

func TestALayoutSaysWhereSomethingCannotBe(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"a function", "{{len .Turns}}", `function "len" not defined`},
		{"a variable of its own", "{{$x := .User}}", "no variables"},
		{"the index of a range", "{{range $i, $t := .Turns}}{{end}}", "no variables"},
		{"a pipeline", `{{.User | .System}}`, "no functions"},
		{"a number", "{{1}}", "own:1:2: 1 is not known"},
		{"a list as text", "\n{{.Turns}}", "own:2:2: {{.Turns}} is no text"},
		{"a range over a text", "{{range .User}}{{end}}", ".User is no list"},
		{"a field of a text", "{{.User.Name}}", "does not exist here"},
		{"a block that is nowhere", `{{template "turn" .}}`, `no block "turn"`},
		{"the end of a range", "{{range .Turns}}{{break}}{{end}}", "is not known"},
		{"a block within itself", `{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}`, "template depth"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, err := parseLayout("own", tt.text)
			if err == nil {
				err = l.execute(&strings.Builder{}, talk)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
