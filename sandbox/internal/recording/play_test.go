package recording

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/google/go-cmp/cmp"
)

func TestWhatIsShownOfARecording(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, test := range []struct {
		name   string
		events []Event
		want   []string
	}{
		{"nothing", nil, nil},
		{"each change, when it comes", []Event{{0, Output, "a"}, {500 * ms, Output, "b"}}, []string{"0s a", "500ms ab"}},
		{
			"at most one screen every interval",
			[]Event{{0, Output, "a"}, {40 * ms, Output, "b"}, {80 * ms, Output, "c"}, {500 * ms, Output, "d"}},
			[]string{"0s a", "100ms abc", "500ms abcd"},
		},
		{
			"the end, also where it comes at once",
			[]Event{{0, Output, "a"}, {40 * ms, Output, "b"}},
			[]string{"0s a", "100ms ab"},
		},
		{
			"a frame that came in pieces is not cut",
			[]Event{{0, Output, "a"}, {3 * ms, Output, "b"}, {6 * ms, Output, "c"}},
			[]string{"6ms abc"},
		},
		{
			"the screen and not the bytes",
			[]Event{{0, Output, "old"}, {time.Second, Output, "\r\x1b[Knew"}},
			[]string{"0s old", "1s new"},
		},
		{
			"queries, which nobody answers any more",
			[]Event{{0, Output, "\x1b[c\x1b[6n\x1b]11;?\x07a"}, {time.Second, Output, "\x1b[cb"}},
			[]string{"0s a", "1s ab"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			Cast{Header: Header{Width: 20, Height: 2}, Events: test.events}.Play(100*ms, func(at time.Duration, screen *vt.Emulator) {
				got = append(got, fmt.Sprintf("%v %s", at, strings.TrimSpace(screen.String())))
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarkersNameTimes(t *testing.T) {
	t.Parallel()
	cast := Cast{Events: []Event{{time.Second, Output, "ready"}, {2 * time.Second, Marker, "ready"}}}
	if at, ok := cast.Marked("ready"); !ok || at != 2*time.Second {
		t.Errorf("%v, %v", at, ok)
	}
	if at, ok := cast.Marked("never"); ok {
		t.Errorf("%v", at)
	}
}
