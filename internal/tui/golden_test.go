package tui_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) {
	time.Local = time.UTC // screens show the time of day
	os.Exit(m.Run())
}

func TestScreens(t *testing.T) {
	t.Parallel()
	two := restoring()
	second := ready().Groups[0]
	second.Index = 1
	second.Leader.Name = "jetstream-pathways-1"
	for i := range second.Workers {
		second.Workers[i].Name = fmt.Sprintf("jetstream-pathways-1-%d", i+1)
	}
	two.Groups = append(two.Groups, second)
	two.Phase, two.Chips, two.Desired, two.Created, two.Ready = status.Serving, 32, 10, 10, 9
	for name, s := range map[string]status.Snapshot{"restoring": restoring(), "ready": ready(), "failed": failed(), "two-groups": two} {
		for _, size := range [][2]int{{60, 15}, {80, 24}, {120, 40}} {
			t.Run(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]), func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				w.expectsNothing = name == "ready" // or it could not be seen when that has arrived
				w.says("jetstream-pathways-0", "jax-tpu", "Num_devices: 16, shape (1, 1, 1, 16, 1, 1, 1)", "restoring params from gs://models/llama-3.1-405b/int8")
				p := w.show(t, size[0], size[1], tui.Config{Name: "jetstream-pathways"})
				w.snapshots <- s
				// What comes last: the log, or what stands for it on a small screen.
				last := "restoring params"
				if size[0] < 76 {
					last = "group 0"
				}
				p.AwaitText(last, strings.ToUpper(s.Headline()))
				if !w.expectsNothing {
					p.AwaitText("10–20m")
				}
				got := p.Text()
				path := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "_")+".golden")
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("screen (-want +got):\n%s", diff)
				}
			})
		}
	}
}
