package form

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	big    = "llama-3.1-405b-v6e-4x4"
	disagg = "llama-2-70b-v6e-2x4-disagg"
)

func profiles() []Profile {
	fields := func(replicas string) []Field {
		return []Field{
			{Name: "checkpoint", Kind: "gcs-path", Required: true, Help: "where the converted checkpoint is, gs://BUCKET/PATH; the int8 one ends in /int8"},
			{Name: "pathways-bucket", Kind: "gcs-bucket", Required: true, Help: "bucket for the temporary files of Pathways, such as its compilation cache, gs://BUCKET"},
			{Name: "replicas", Kind: "integer", Default: "1", Help: replicas},
			{Name: "batch-size", Kind: "number", Default: "6", Help: "sequences decoded at the same time for each chip"},
			{Name: "max-prefill-length", Kind: "integer", Default: "1024", Help: "longest prompt in tokens; the server silently cuts longer ones to their last tokens"},
			{Name: "weights", Kind: "choice", Default: "int8", Choices: []string{"bf16", "int8"}, Help: "number format of the checkpoint and the served weights"},
			{Name: "warm-up", Kind: "boolean", Default: "true", Help: "compile all prompt lengths before serving; without it the first prompt of each length waits"},
			{Name: "node-selector", Kind: "labels", Help: "further node labels the pods need, KEY=VALUE, comma-separated"},
		}
	}
	return []Profile{
		{
			Name: big, Title: "Llama 3.1 405B on one TPU v6e slice of 16 chips", Model: "Llama 3.1 405B Instruct", Chips: 16, Slices: 1,
			Fields: fields("number of groups; each serves a whole copy of the model and takes a node pool of its own"),
		},
		{
			Name: disagg, Title: "Llama 2 70B, disaggregated over two TPU v6e slices of 8 chips", Model: "Llama 2 70B Chat", Chips: 16, Slices: 2,
			Fields: slices.DeleteFunc(fields("number of groups"), func(f Field) bool { return f.Name == "node-selector" }),
		},
	}
}

// renderer is a small stand-in: buckets begin with gs://, numbers are numbers.
type renderer struct{}

func (renderer) Render(profile string, values map[string]string) (string, []Problem) {
	var problems []Problem
	add := func(field, message, remedy string) { problems = append(problems, Problem{field, message, remedy}) }
	for _, name := range []string{"checkpoint", "pathways-bucket"} {
		switch value := values[name]; {
		case value == "":
			add(name, "missing", "give where it is")
		case !strings.HasPrefix(value, "gs://"):
			add(name, "not a bucket", "write gs://BUCKET")
		}
	}
	if n := values["replicas"]; strings.Trim(n, "0123456789") != "" {
		add("replicas", "not a whole number", "write one from 0 to 1000")
	}
	if n := values[NameField]; n != strings.ToLower(n) {
		add(NameField, "not a name for a Service, which the deployment needs", "use lower-case letters")
	}
	if values["batch-size"] == "666" {
		add("--set", "there is no such field", "write PATH=VALUE")
	}
	if len(problems) > 0 {
		return "", problems
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: leaderworkerset.x-k8s.io/v1\nkind: LeaderWorkerSet\nprofile: %s\nvalues:\n", profile)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&b, "  %s: %s\n", name, values[name])
	}
	b.WriteString("spec:\n" + strings.Repeat("  - a line of the objects\n", 60))
	return b.String(), nil
}

func plainStyles() *styles.Styles { return styles.New(styles.Options{}) }

// opened is a form of the size with its first check done.
func opened(w, h int, o Options) *Pane {
	o.Profiles, o.Renderer, o.Namespace, o.DefaultName = profiles(), renderer{}, "serving", "jetstream-pathways"
	p := New(plainStyles(), o)
	p.SetSize(w, h)
	run(p, p.Init())
	return p
}

// run runs a command and gives its answer back, as the program does. It
// returns the messages that are for others.
func run(p *Pane, cmd tea.Cmd) []tea.Msg {
	var out []tea.Msg
	for cmd != nil {
		msg := cmd()
		if _, ok := msg.(Rendered); !ok {
			return append(out, msg)
		}
		cmd = p.Update(msg)
	}
	return out
}

// press turns words into keys: names of keys as Bubble Tea writes them, and
// anything else letter by letter.
func press(words ...string) []tea.KeyPressMsg {
	named := map[string]tea.KeyPressMsg{
		"enter": {Code: tea.KeyEnter}, "esc": {Code: tea.KeyEscape}, "backspace": {Code: tea.KeyBackspace},
		"tab": {Code: tea.KeyTab}, "shift+tab": {Code: tea.KeyTab, Mod: tea.ModShift},
		"up": {Code: tea.KeyUp}, "down": {Code: tea.KeyDown}, "left": {Code: tea.KeyLeft}, "right": {Code: tea.KeyRight},
		"pgup": {Code: tea.KeyPgUp}, "pgdown": {Code: tea.KeyPgDown}, "space": {Code: tea.KeySpace, Text: " "},
		"ctrl+s": {Code: 's', Mod: tea.ModCtrl}, "ctrl+o": {Code: 'o', Mod: tea.ModCtrl},
		"ctrl+u": {Code: 'u', Mod: tea.ModCtrl}, "ctrl+c": {Code: 'c', Mod: tea.ModCtrl},
	}
	var keys []tea.KeyPressMsg
	for _, word := range words {
		if k, ok := named[word]; ok {
			keys = append(keys, k)
			continue
		}
		for _, r := range word {
			keys = append(keys, tea.KeyPressMsg{Code: r, Text: string(r)})
		}
	}
	return keys
}

// give gives a form keys and returns the messages for others.
func give(p *Pane, words ...string) []tea.Msg {
	var out []tea.Msg
	for _, k := range press(words...) {
		cmd, _ := p.HandleKey(k)
		out = append(out, run(p, cmd)...)
	}
	return out
}

func golden(t *testing.T, got string) {
	t.Helper()
	file := filepath.Join("testdata", strings.NewReplacer("/", "_", " ", "_").Replace(t.Name())+".golden")
	got += "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
