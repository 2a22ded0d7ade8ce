package cause

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the table of causes in docs/gke.md")

const (
	causesBegin = "<!-- causes: written by go test ./internal/deploy/cause -run TestCausesAreDocumented -update -->\n"
	causesEnd   = "<!-- end of causes -->\n"
)

// TestCausesAreDocumented keeps the table in docs/gke.md that of the rules.
func TestCausesAreDocumented(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "docs", "gke.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), causesBegin)
	written, after, ends := strings.Cut(rest, causesEnd)
	if !begins || !ends {
		t.Fatalf("docs/gke.md lacks the lines %q and %q, with the table of causes between them", causesBegin, causesEnd)
	}
	want := causesTable()
	if *update {
		if err := os.WriteFile(path, []byte(before+causesBegin+want+causesEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, written); diff != "" {
		t.Errorf("causes in docs/gke.md (-rules +written); -update rewrites them:\n%s", diff)
	}
}

// causesTable is the Markdown of the rules, the first of each code.
func causesTable() string {
	values := regexp.MustCompile(`\$\d`)
	cell := strings.NewReplacer("|", `\|`, "<", `\<`)
	var b strings.Builder
	b.WriteString("| code | what it says | why | what to do |\n|---|---|---|---|\n")
	seen := map[string]bool{}
	for _, r := range rules() {
		if seen[r.code] {
			continue
		}
		seen[r.code] = true
		summary := values.ReplaceAllString(r.summary, "…")
		b.WriteString("| `" + r.code + "` | " + cell.Replace(summary) + " | " + cell.Replace(r.cause) + " | " + cell.Replace(r.remedy) + " |\n")
	}
	return b.String()
}
