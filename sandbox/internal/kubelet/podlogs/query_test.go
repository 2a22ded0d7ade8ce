package podlogs_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podlogs"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, query string
		want        podlogs.Selection
		previous    bool
		err         string // part of it; empty for success
	}{
		{name: "an empty query selects everything"},
		{
			name: "every field that kubectl sends", query: "follow=true&previous=true&timestamps=true&tailLines=7&limitBytes=100&sinceSeconds=30",
			want: podlogs.Selection{
				Follow: true, Timestamps: true, Tail: new(int64(7)), LimitBytes: new(int64(100)), Since: now.Add(-30 * time.Second),
			}, previous: true,
		},
		{name: "a flag alone is set", query: "follow", want: podlogs.Selection{Follow: true}},
		{name: "a flag that is False is not set", query: "follow=False&timestamps=0"},
		{name: "a moment instead of an age", query: "sinceTime=2026-05-01T10:00:00Z", want: podlogs.Selection{Since: now.Add(-2 * time.Hour)}},
		{name: "a moment in another zone", query: "sinceTime=" + url.QueryEscape("2026-05-01T12:00:00+02:00"), want: podlogs.Selection{Since: time.Date(2026, 5, 1, 12, 0, 0, 0, time.FixedZone("", 7200))}},
		{name: "the older name of tailLines", query: "tail=3", want: podlogs.Selection{Tail: new(int64(3))}},
		{name: "all lines by the older name", query: "tail=all&tailLines=3"},
		{name: "an age beyond measure", query: "sinceSeconds=9223372036854775807", want: podlogs.Selection{Since: now.Add(-9223372036 * time.Second)}},
		{name: "unknown keys are ignored", query: "insecureSkipTLSVerifyBackend=true&container=x"},
		{name: "a stream", query: "stream=Stderr", want: podlogs.Selection{Stream: "Stderr"}},
		{name: "an unknown stream", query: "stream=stdin", err: "stream"},
		{name: "a tail that is no number", query: "tailLines=many", err: "tailLines"},
		{name: "a negative tail", query: "tailLines=-1", err: "tailLines"},
		{name: "a limit of nothing", query: "limitBytes=0", err: "limitBytes"},
		{name: "an age of nothing", query: "sinceSeconds=0", err: "sinceSeconds"},
		{name: "both age and moment", query: "sinceSeconds=1&sinceTime=2026-05-01T10:00:00Z", err: "at most one"},
		{name: "a moment that is none", query: "sinceTime=yesterday", err: "sinceTime"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			sel, previous, err := podlogs.ParseQuery(values, now)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got error %v, want one about %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, sel); diff != "" {
				t.Errorf("the selection differs (-want +got):\n%s", diff)
			}
			if previous != c.previous {
				t.Errorf("previous is %v", previous)
			}
		})
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add("follow=true&tailLines=5&sinceSeconds=3")
	f.Add("sinceTime=2026-05-01T10:00:00Z&limitBytes=1")
	f.Add("tail=all&previous")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		sel, _, err := podlogs.ParseQuery(values, now)
		if err != nil {
			return
		}
		if sel.Tail != nil && *sel.Tail < 0 || sel.LimitBytes != nil && *sel.LimitBytes < 1 {
			t.Errorf("%q is accepted as %+v", query, sel)
		}
		if values.Get("sinceSeconds") != "" && sel.Since.After(now) {
			t.Errorf("%q asks for the future %v", query, sel.Since)
		}
	})
}
