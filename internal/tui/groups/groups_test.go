package groups

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/styles"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func newPane(s status.Snapshot, w, h int) *Pane {
	p := New(styles.New(styles.Options{}))
	p.SetSize(w, h)
	p.SetNow(now)
	p.SetSnapshot(s)
	return p
}

// press types keys, separated by blanks.
func press(tb testing.TB, p *Pane, keys string) {
	tb.Helper()
	codes := map[string]rune{
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "enter": tea.KeyEnter,
		"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "space": tea.KeySpace,
	}
	for name := range strings.FieldsSeq(keys) {
		k := tea.KeyPressMsg{Code: codes[name]}
		if k.Code == 0 {
			k = tea.KeyPressMsg{Code: rune(name[0]), Text: name}
		}
		if _, used := p.HandleKey(k); !used {
			tb.Errorf("the pane has no use for %s", name)
		}
	}
}

func TestViewsMatchTheirGoldenFiles(t *testing.T) {
	t.Parallel()
	gone := status.Snapshot{Phase: status.NotFound, Cause: "there is no LeaderWorkerSet jetstream-pathways in namespace default"}
	without := deployment(1, 5)
	tests := []struct {
		name string
		s    status.Snapshot
		w, h int
		keys string
	}{
		{"nothing-74x17", gone, 74, 17, ""},
		{"pending-leader-74x17", pendingLeader(), 74, 17, ""},
		{"pending-leader-43x17", pendingLeader(), 43, 17, "down"},
		{"pending-leader-worker-120x18", pendingLeader(), 120, 18, "G"},
		{"restoring-74x17", deployment(1, 5), 74, 17, ""},
		{"restoring-43x9", deployment(1, 5), 43, 9, "down down down down"},
		{"restoring-120x38", deployment(1, 5), 120, 38, "down down down down"},
		{"restoring-60x12", without, 60, 12, "down"},
		{"ready-74x17", readyDeployment(), 74, 17, ""},
		{"degraded-74x17", degraded(), 74, 17, "G"},
		{"degraded-43x17", degraded(), 43, 17, ""},
		{"two-groups-74x17", twoGroups(), 74, 17, "G"},
		{"rollout-74x17", rollout(), 74, 17, ""},
		{"rollout-43x17", rollout(), 43, 17, ""},
		{"rollout-120x17", rollout(), 120, 17, ""},
		{"slice-74x17", slice(), 74, 17, "G up up up up up"},
		{"slice-43x17", slice(), 43, 17, "G"},
		{"disaggregated-74x17", disaggregated(), 74, 17, "G"},
		{"disaggregated-120x17", disaggregated(), 120, 17, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPane(tt.s, tt.w, tt.h)
			press(t, p, tt.keys)
			golden(t, ansi.Strip(p.View()))
		})
	}
	t.Run("ascii-74x17", func(t *testing.T) {
		t.Parallel()
		p := newPane(slice(), 74, 17)
		p.SetStyles(styles.New(styles.Options{ASCII: true}))
		press(t, p, "G")
		golden(t, ansi.Strip(p.View()))
	})
}

func golden(t *testing.T, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "_")+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
}
