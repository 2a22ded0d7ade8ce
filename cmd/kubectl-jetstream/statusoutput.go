package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/util/jsonpath"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// lwsResource is how kubectl names the resource of a deployment.
const lwsResource = "leaderworkerset.leaderworkerset.x-k8s.io"

func objectName(name string) string { return lwsResource + "/" + name }

// snapshotOutput is the -o flag of status: one of a few words, or a
// jsonpath= template.
type snapshotOutput struct {
	text     string
	template *jsonpath.JSONPath
	clean    bool // standard output is a terminal, which a template must not steer
}

var _ pflag.Value = (*snapshotOutput)(nil)

func (o *snapshotOutput) String() string { return o.text }
func (o *snapshotOutput) Type() string   { return "json|yaml|wide|name|jsonpath=…" }

func (o *snapshotOutput) Set(s string) error {
	switch s {
	case "json", "yaml", "wide", "name":
		o.text = s
		return nil
	}
	path, ok := strings.CutPrefix(s, "jsonpath=")
	if !ok || path == "" {
		return fmt.Errorf("must be one of json, yaml, wide, name, jsonpath=TEMPLATE")
	}
	if !strings.Contains(path, "{") {
		path = "{." + strings.TrimPrefix(path, ".") + "}"
	}
	t := jsonpath.New("output").AllowMissingKeys(true)
	if err := t.Parse(path); err != nil {
		return fmt.Errorf("template %q: %w", path, err)
	}
	o.text, o.template = s, t
	return nil
}

// data says whether the output is for programs.
func (o *snapshotOutput) data() bool { return o.text != "" && o.text != "wide" }

// print writes one snapshot.
func (o *snapshotOutput) print(w io.Writer, s status.Snapshot, now time.Time) error {
	switch {
	case o.template != nil:
		return o.printTemplate(w, s)
	case o.text == "name":
		_, err := fmt.Fprintln(w, objectName(s.Name))
		return err
	case o.data():
		return printData(w, o.text, s)
	default:
		view := statusText{now: now, wide: o.text == "wide", expected: expectedOf(s.Profile)}
		return view.write(w, s)
	}
}

// printTemplate fills the template with the same fields that -o json shows.
func (o *snapshotOutput) printTemplate(w io.Writer, s status.Snapshot) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	var fields any
	if err := json.Unmarshal(b, &fields); err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	var text strings.Builder
	if err := o.template.Execute(&text, fields); err != nil {
		return fmt.Errorf("filling the template: %w", err)
	}
	if !strings.HasSuffix(text.String(), "\n") {
		text.WriteByte('\n')
	}
	filled := text.String()
	if o.clean {
		filled = safetext.Text(filled)
	}
	_, err = io.WriteString(w, filled)
	return err
}
