package milestone

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// loading are the facts of a group of two pods whose containers run.
func loading() Facts {
	return Facts{
		Begun: at(0), Leader: at(3), Pods: 2,
		Scheduled: Parts{Count: 2, Last: at(5)},
		Running:   Parts{Count: 2, Last: at(70)},
		Ready:     Parts{Count: 1, Last: at(70)},
		Containers: map[string]time.Time{
			"pathways-rm": at(60), "pathways-proxy": at(61), "jax-tpu": at(62), "jetstream-http": at(63), "worker": at(70),
		},
		LeaderUnready: at(5), Unready: at(5),
	}
}

// composed composes the facts with the log of the fixture up to a line.
func composed(f Facts, lines ...Line) []Milestone {
	tracker := NewTracker(Plan{Workers: 1, Slices: 1, Engines: 1, Buckets: 1})
	for _, l := range lines {
		tracker.Follow(l)
	}
	return Compose(f, tracker.Milestones())
}

func awaitedSummary(ms []Milestone) []string {
	out := summary(ms)
	for i, m := range ms {
		if m.Awaited {
			out[i] += " awaited"
		}
	}
	return out
}

func TestAWholeStartOfAGroup(t *testing.T) {
	t.Parallel()
	f := loading()
	f.Serving, f.ServingSince, f.AllReady = true, at(350), true
	f.Ready, f.LeaderUnready, f.Unready = Parts{2, at(360)}, time.Time{}, time.Time{}
	lines := []Line{
		{Container: "pathways-rm", Time: at(62), Text: "Pathways Server serving on [::]:38677"},
		{Container: "worker", Pod: "w", Time: at(72), Text: "Pathways Server serving on [::]:38679"},
		{Container: "pathways-rm", Time: at(80), Text: "1/1 Pathways Slices Now Ready"},
		{Container: "pathways-proxy", Time: at(81), Text: "IFRT proxy server started with status OK"},
		server(83, "Updating keys from env and command line"),
		server(98, "Config param a: b"),
		server(99, "Num_devices: 16, shape (1)"),
		server(101, "restoring params from gs://b/x"),
		server(300, "Memstats: After load_params"),
		server(301, "Loaded all weights"),
		server(302, "-Prefill compilation 0 begun"),
		server(310, "Prefill engine 0 compiled for prefill length 16"),
		server(320, "Generate engine 0 compiled for insert length 16"),
		server(330, "GC tweaked"),
		server(345, "Uvicorn running on http://0.0.0.0:9999"),
	}
	want := []string{
		"applied done from 0s to 3s",
		"scheduled done 2/2 from 3s to 5s",
		"images done 2/2 from 5s to 1m10s",
		"resource-manager done from 1m0s to 1m2s",
		"workers done 1/1 from 1m10s to 1m12s",
		"slices done 1/1 from 1m2s to 1m20s",
		"proxy done from 1m1s to 1m21s",
		"process done from 1m2s to 1m23s",
		"backend done from 1m23s to 1m38s",
		"mesh done from 1m38s to 1m39s 16",
		"restore done from 1m41s to 5m0s gs://b/x",
		"weights done from 5m0s to 5m1s",
		"warm-up done 2/2 from 5m2s to 5m20s",
		"driver done from 5m20s to 5m30s",
		"server done from 5m30s to 5m45s",
		"serving done from 5m45s to 5m50s",
		"ready done 2/2 from 5m50s to 6m0s",
	}
	if diff := cmp.Diff(want, awaitedSummary(composed(f, lines...))); diff != "" {
		t.Errorf("milestones (-want +got):\n%s", diff)
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		facts func(*Facts)
		lines []Line
		want  []string // the lines that must be among the result
	}{
		{
			"before there is a leader everything waits for it",
			func(f *Facts) { *f = Facts{Begun: at(0), Pods: 2} }, nil,
			[]string{"applied active from 0s awaited", "scheduled pending 0/2", "process pending", "ready pending 0/2"},
		},
		{
			"the next leader of a recreated group begins anew, and nobody knows when",
			func(f *Facts) { *f = Facts{Pods: 2} }, nil,
			[]string{"applied active awaited", "scheduled pending 0/2"},
		},
		{
			"pods without a node are waited for, and no image is",
			func(f *Facts) {
				*f = Facts{Begun: at(0), Leader: at(3), Pods: 2, Scheduled: Parts{1, at(5)}}
			}, nil,
			[]string{"scheduled active 1/2 from 3s awaited", "images pending 0/2", "resource-manager pending"},
		},
		{
			"images are pulled from the moment that every pod has a node",
			func(f *Facts) { f.Running.Count, f.Containers = 1, map[string]time.Time{"worker": at(70)} }, nil,
			[]string{"images active 1/2 from 5s awaited", "workers active 0/1 from 1m10s awaited", "resource-manager pending", "process pending"},
		},
		{
			"what runs is waited for",
			func(*Facts) {}, nil,
			[]string{
				"resource-manager active from 1m0s awaited", "proxy active from 1m1s awaited",
				"process active from 1m2s awaited", "slices pending 0/1", "backend pending", "serving pending",
			},
		},
		{
			"the slices begin with the line of the resource manager",
			func(*Facts) {},
			[]Line{{Container: "pathways-rm", Time: at(62), Text: "Pathways Server serving on [::]:38677"}},
			[]string{"resource-manager done from 1m0s to 1m2s", "slices active 0/1 from 1m2s"},
		},
		{
			"of the model server only the next one is waited for",
			func(*Facts) {},
			[]Line{server(90, "Config param a: b")},
			[]string{"process done implied", "backend done from 1m2s to 1m30s", "mesh active from 1m30s awaited", "restore pending"},
		},
		{
			"a restore under way leaves nothing else to wait for",
			func(*Facts) {},
			[]Line{server(100, "restoring params from gs://b/x")},
			[]string{"restore active from 1m40s gs://b/x", "weights pending", "warm-up pending 0/2", "serving pending"},
		},
		{
			"after the weights comes the warm-up, also where its lines are missing",
			func(*Facts) {},
			[]Line{server(300, "Loaded all weights")},
			[]string{"warm-up active 0/2 from 5m0s awaited", "driver pending"},
		},
		{
			"a restore of which only the end was logged began after what came before it",
			func(*Facts) {},
			[]Line{server(99, "Num_devices: 16"), server(300, "Memstats: After load_params")},
			[]string{"restore done from 1m39s to 5m0s", "workers done 0/1 implied"},
		},
		{
			"a server that has started is waited for to answer",
			func(*Facts) {},
			[]Line{server(300, "Uvicorn running on http://0.0.0.0:9999")},
			[]string{"server done from 1m2s to 5m0s", "serving active from 5m0s awaited", "restore done implied"},
		},
		{
			"one that answers has done everything before, whatever its log says",
			func(f *Facts) { f.Serving, f.ServingSince = true, at(400) },
			[]Line{server(100, "restoring params from gs://b/x")},
			[]string{
				"restore done from 1m40s gs://b/x implied", "server done implied", "serving done from 1m10s to 6m40s",
				"ready active 1/2 from 6m40s awaited",
			},
		},
		{
			"ready pods where nobody can be asked imply a model that answers",
			func(f *Facts) { f.AllReady, f.Ready = true, Parts{2, at(400)} }, nil,
			[]string{"serving done implied", "server done implied", "ready done 2/2 from 6m40s to 6m40s"},
		},
		{
			"a group that ceased to be ready is waited for from then on",
			func(f *Facts) { f.Serving, f.ServingSince, f.Unready = true, at(400), at(9000) }, nil,
			[]string{"ready active 1/2 from 2h30m0s awaited"},
		},
		{
			"a model that ceased to answer is waited for from then on",
			func(f *Facts) { f.LeaderUnready = at(9000) },
			[]Line{server(300, "Uvicorn running on http://0.0.0.0:9999")},
			[]string{"serving active from 2h30m0s awaited", "ready pending 1/2"},
		},
		{
			"what was under way in a container that has ended is not any more",
			func(f *Facts) { delete(f.Containers, "jax-tpu") },
			[]Line{server(100, "restoring params from gs://b/x")},
			[]string{"restore pending", "mesh pending"},
		},
		{
			"a server that has ended is not waited for to answer",
			func(f *Facts) { delete(f.Containers, "jax-tpu") },
			[]Line{
				{Container: "worker", Pod: "w", Time: at(72), Text: "Pathways Server serving on [::]:38679"},
				{Container: "pathways-rm", Time: at(80), Text: "1/1 Pathways Slices Now Ready"},
				server(99, "Num_devices: 16"),
			},
			[]string{"slices done 1/1 from 1m0s to 1m20s", "restore pending", "serving pending", "ready pending 1/2"},
		},
		{
			"the silence of logs that cannot be read means nothing",
			func(f *Facts) { f.Blind = true }, nil,
			[]string{"resource-manager pending", "process pending", "serving active from 1m10s awaited"},
		},
		{
			"a worker that is lost after the restore does not take the restore back",
			func(f *Facts) { f.Scheduled.Count, f.Running.Count = 1, 1 },
			[]Line{server(300, "Memstats: After load_params")},
			[]string{"scheduled done 1/2 from 3s implied", "restore done from 1m2s to 5m0s"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := loading()
			tt.facts(&f)
			all := awaitedSummary(composed(f, tt.lines...))
			for _, want := range tt.want {
				if !strings.Contains("\n"+strings.Join(all, "\n")+"\n", "\n"+want+"\n") {
					t.Errorf("%q is not among\n%s", want, strings.Join(all, "\n"))
				}
			}
		})
	}
}

func TestWithoutLogsTheObjectsTellTheRest(t *testing.T) {
	t.Parallel()
	f := loading()
	f.Blind = true
	want := []string{
		"applied done from 0s to 3s", "scheduled done 2/2 from 3s to 5s", "images done 2/2 from 5s to 1m10s",
		"serving active from 1m10s awaited", "ready pending 1/2",
	}
	if diff := cmp.Diff(want, awaitedSummary(Compose(f, nil))); diff != "" {
		t.Errorf("milestones (-want +got):\n%s", diff)
	}
}

func TestComposeLeavesTheLogsMilestonesAlone(t *testing.T) {
	t.Parallel()
	tracker := NewTracker(Plan{Workers: 1, Slices: 1})
	tracker.Follow(server(100, "restoring params from gs://b/x"))
	log := tracker.Milestones()
	before := summary(log)
	f := loading()
	f.Serving = true
	Compose(f, log)
	if diff := cmp.Diff(before, summary(log)); diff != "" {
		t.Errorf("the argument was changed (-want +got):\n%s", diff)
	}
}
