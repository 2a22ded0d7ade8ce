package tui

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sizes are terminals from nothing to larger than any.
func sizes(yield func(w, h int) bool) {
	for _, w := range []int{0, 1, 2, 20, 40, 59, 60, 75, 76, 80, 103, 104, 120, 200, 300} {
		for _, h := range []int{0, 1, 2, 3, 5, 10, 15, 17, 18, 24, 27, 28, 40, 60, 100} {
			if !yield(w, h) {
				return
			}
		}
	}
}

func TestNothingOverlapsOrLeavesTheScreen(t *testing.T) {
	t.Parallel()
	for w, h := range sizes {
		for focus := range paneCount {
			for _, v := range []View{
				{Focus: focus, Bottom: PaneLogs},
				{Focus: focus, Bottom: PaneEvents, Cause: 2},
				{Focus: focus, Bottom: PaneChat, Zoomed: true, Cause: 1},
			} {
				l := NewLayout(w, h, v)
				taken := map[[2]int]string{}
				occupy := func(what string, r Rect) {
					t.Helper()
					if r.X < 0 || r.Y < 0 || r.W < 0 || r.H < 0 || r.X+r.W > max(w, 0) || (r.H > 0 && r.Y+r.H > h) {
						t.Fatalf("%dx%d %+v: %s leaves the screen: %+v", w, h, v, what, r)
					}
					for y := r.Y; y < r.Y+r.H; y++ {
						for x := r.X; x < r.X+r.W; x++ {
							if other := taken[[2]int{x, y}]; other != "" {
								t.Fatalf("%dx%d %+v: %s overlaps %s at %d,%d", w, h, v, what, other, x, y)
							}
							taken[[2]int{x, y}] = what
						}
					}
				}
				occupy("header", l.Header)
				occupy("cause", l.Cause)
				occupy("step", l.Step)
				occupy("footer", l.Footer)
				for p, r := range l.Panes {
					occupy(paneName(Pane(p)), r)
				}
			}
		}
	}
}

// paneName names a pane in messages.
func paneName(p Pane) string {
	return [...]string{"groups", "milestones", "logs", "events", "chat"}[p]
}

func TestWhatIsShownAtWhichSize(t *testing.T) {
	t.Parallel()
	shown := func(l Layout) []string {
		var out []string
		for p, r := range l.Panes {
			if !r.Empty() {
				out = append(out, paneName(Pane(p)))
			}
		}
		return out
	}
	for _, tt := range []struct {
		name string
		w, h int
		view View
		want []string
	}{
		{"a small terminal shows the pane with the focus", 60, 15, View{Focus: PaneLogs, Bottom: PaneLogs}, []string{"logs"}},
		{"a usual one shows groups, milestones and one more", 80, 24, View{Focus: PaneGroups, Bottom: PaneEvents}, []string{"groups", "milestones", "events"}},
		{"a wide one has room for the chat as well", 120, 40, View{Focus: PaneGroups, Bottom: PaneLogs}, []string{"groups", "milestones", "logs", "chat"}},
		{"with the focus on the chat of a wide one the logs stay", 120, 40, View{Focus: PaneChat, Bottom: PaneChat}, []string{"groups", "milestones", "logs", "chat"}},
		{"a wide and flat one has no room for the chat", 200, 20, View{Bottom: PaneLogs}, []string{"groups", "milestones", "logs"}},
		{"zoomed there is the pane with the focus alone", 120, 40, View{Focus: PaneMilestones, Bottom: PaneLogs, Zoomed: true}, []string{"milestones"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, shown(NewLayout(tt.w, tt.h, tt.view))); diff != "" {
				t.Errorf("panes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheTimelineNeedsNoScrollingOnAWideTerminal(t *testing.T) {
	t.Parallel()
	if r := NewLayout(120, 40, View{Bottom: PaneLogs}).Panes[PaneMilestones]; r.H < milestoneRows {
		t.Errorf("the timeline has %d rows, want %d", r.H, milestoneRows)
	}
}
