package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// The part of docs/profiles.md that comes from the profiles' data.
const (
	profilesBegin = "<!-- profiles: written by go test ./cmd/kubectl-jetstream -run TestProfilesAreDocumented -update -->\n"
	profilesEnd   = "<!-- end of profiles -->\n"
)

// TestProfilesAreDocumented keeps docs/profiles.md the data of the built-in profiles.
func TestProfilesAreDocumented(t *testing.T) {
	t.Parallel()
	all, err := deploy.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range all {
		profileSection(&b, p)
	}
	documentedBetween(t, docs("profiles.md"), profilesBegin, profilesEnd, b.String())
}

// cell writes a text into a cell of a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", `\<`, "\n", " ").Replace(text)
}

// code writes a text as code, if there is any.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}

func profileSection(b *strings.Builder, p *deploy.Profile) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n| | |\n|---|---|\n", p.Name, p.Title)
	row := func(name, value string) { fmt.Fprintf(b, "| %s | %s |\n", name, cell(value)) }
	row("model", p.Model)
	row("slices of a group", fmt.Sprintf("%d × %s, topology %s", p.Slices, p.Accelerator, p.Topology))
	row("hosts and chips of a group", fmt.Sprintf("%d hosts × %d chips = %d chips", p.Nodes(), p.ChipsPerHost, p.Chips()))
	row("machine type", p.MachineType)
	if p.Sizing != nil {
		row("TPU memory", strings.Join(sizingLines(p), "; "))
	}
	row("context", fmt.Sprintf("%d tokens of prompt, %d with the answer", p.Context.MaxPrefill, p.Context.MaxTarget))
	row("chat template", p.ChatTemplate)
	for _, name := range sortedKeys(p.Expected) {
		row("expected time of "+name, fmt.Sprintf("%s: %s", rangeOf(p.Expected[name]), p.Expected[name].Source))
	}
	if p.Guide != nil {
		row("guide", fmt.Sprintf("[%s](%s), %s", p.Guide.Title, p.Guide.URL, p.Guide.Manifest))
	}

	b.WriteString("\n### Parameters\n\n| flag | values | default | meaning |\n|---|---|---|---|\n")
	for i := range p.Parameters {
		param := &p.Parameters[i]
		standard := code(param.Default)
		if param.Required {
			standard = "required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", param.Flag(), cell(parameterType(param)), standard, cell(param.Help))
	}

	if len(p.Deviations) == 0 {
		return
	}
	b.WriteString("\n### Differences from the guide's manifest\n")
	for i, d := range p.Deviations {
		fmt.Fprintf(b, "\n%d. %s\n\n   | field | guide | profile |\n   |---|---|---|\n", i+1, strings.TrimSpace(d.Reason))
		for _, c := range d.Changes {
			fmt.Fprintf(b, "   | `%s` | %s | %s |\n", c.Path, code(fieldText(c.Guide)), code(fieldText(c.Profile)))
		}
	}
}

// TestEachFieldOfAProfileIsDocumented keeps the tables complete by which people write
// profiles and chat templates of their own.
func TestEachFieldOfAProfileIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docs("profiles.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []any{deploy.Profile{}, deploy.Parameter{}, deploy.Guide{}, deploy.ContextLimits{}, deploy.Sizing{}, deploy.DurationRange{}, deploy.FieldChanged{}, chat.Layout{}} {
		for field := range reflect.TypeOf(of).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if named := regexp.MustCompile("`[a-z]*\\.?" + name + "[`.]"); name != "" && name != "-" && !named.Match(text) {
				t.Errorf("docs/profiles.md does not mention the field %s of %T", name, of)
			}
		}
	}
}

// TestEachFindingIsInTheTroubleshooting keeps the table of what Kubernetes tells
// complete. The codes stand in the source alone.
func TestEachFindingIsInTheTroubleshooting(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docs("gke.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "internal", "deploy", "status", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`Code(?:, f\.Fatal)?(?: =|:) +"([a-z-]+)"`)
	found := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range code.FindAllSubmatch(source, -1) {
			found++
			if !strings.Contains(string(text), "`"+string(match[1])+"`") {
				t.Errorf("docs/gke.md does not tell of the finding %s", match[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d codes in the source; they are written in another way now", found)
	}
}
