package status

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// told shows the milestones of group 0, one a line, times as minutes before
// now.
func told(in Inputs) string {
	var out strings.Builder
	for _, m := range Build(in).Groups[0].Milestones {
		fmt.Fprintf(&out, "%s %s", m.Label(), m.State)
		if !m.Started.IsZero() {
			fmt.Fprintf(&out, " from -%v", now.Sub(m.Started))
		}
		if !m.Finished.IsZero() {
			fmt.Fprintf(&out, " to -%v", now.Sub(m.Finished))
		}
		if m.Implied {
			out.WriteString(" implied")
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestMilestonesOfAGroup(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   func() Inputs
		want []string // lines that must be among those told
		not  []string // texts that must not be
	}{
		{
			"a first start begins with the LeaderWorkerSet",
			func() Inputs {
				in := deployment(3)
				in.LWS.CreationTimestamp, in.LWS.Generation = ago(9*time.Minute+3*time.Second), 1
				return in
			},
			[]string{"applied done from -9m3s to -9m0s", "scheduled 3/3 done from -9m0s to -1m0s", "serving pending", "ready 0/3 pending"},
			nil,
		},
		{
			"a group that was deleted soon after the LeaderWorkerSet came begins with its leader, whoever saw it",
			func() Inputs {
				in := deployment(3)
				in.LWS.CreationTimestamp, in.LWS.Generation = ago(9*time.Minute+35*time.Second), 1
				return in
			},
			[]string{"applied done from -9m0s to -9m0s"},
			nil,
		},
		{
			"so does one of a second revision, however soon it came",
			func() Inputs {
				in := deployment(3)
				in.LWS.CreationTimestamp, in.LWS.Generation = ago(9*time.Minute+3*time.Second), 2
				return in
			},
			[]string{"applied done from -9m0s to -9m0s"},
			nil,
		},
		{
			"a leader that is older than a LeaderWorkerSet that adopted it begins with itself",
			func() Inputs {
				in := deployment(3)
				in.LWS.CreationTimestamp, in.LWS.Generation = ago(5*time.Minute), 1
				return in
			},
			[]string{"applied done from -9m0s to -9m0s"},
			nil,
		},
		{
			"what a log tells stands among what the objects tell",
			func() Inputs {
				in := deployment(3)
				tracker := milestone.NewTracker(milestone.Plan{Workers: 2, Slices: 1})
				tracker.Follow(milestone.Line{Container: modelServer, Time: now, Text: "Updating keys from env and command line"})
				in.Milestones = map[uid][]milestone.Milestone{"uid-llama-0": tracker.Milestones()}
				return in
			},
			[]string{"model server process done from -8m0s to -0s", "backend active from -0s", "resource manager active from -8m0s"},
			nil,
		},
		{
			"a group that was seen to be recreated begins with its leader",
			func() Inputs {
				in := deployment(3)
				in.LWS.CreationTimestamp = ago(9*time.Minute + 3*time.Second)
				in.Recreations = map[int]int{0: 1}
				return in
			},
			[]string{"applied done from -9m0s to -9m0s"},
			nil,
		},
		{
			"so does one whose leader came long after the LeaderWorkerSet",
			func() Inputs {
				in := deployment(3)
				in.LWS.CreationTimestamp = ago(24 * time.Hour)
				return in
			},
			[]string{"applied done from -9m0s to -9m0s"},
			nil,
		},
		{
			"without a leader the run waits for one",
			func() Inputs {
				in := deployment(3)
				in.Pods = nil
				return in
			},
			[]string{"applied active from -10m0s", "scheduled 0/3 pending", "restore pending"},
			nil,
		},
		{
			"since when a leader of a second revision is waited for is not known",
			func() Inputs {
				in := deployment(3)
				in.Pods, in.LWS.Generation = nil, 2
				return in
			},
			[]string{"applied active\n", "scheduled 0/3 pending"},
			nil,
		},
		{
			"a leader that is being deleted belongs to a run that is over",
			func() Inputs {
				in := deployment(3)
				in.Pods[0].DeletionTimestamp = new(ago(time.Second))
				return in
			},
			[]string{"applied active\n", "scheduled 0/3 pending"},
			nil,
		},
		{
			"nor is it known since when a recreated group lacks its leader",
			func() Inputs {
				in := deployment(3)
				in.Pods, in.Recreations = nil, map[int]int{0: 1}
				return in
			},
			[]string{"applied active\n", "scheduled 0/3 pending"},
			nil,
		},
		{
			"workers of the run before do not count",
			func() Inputs {
				in := deployment(3)
				in.Pods[1].CreationTimestamp = ago(time.Hour)
				in.Pods[2].DeletionTimestamp = new(ago(time.Second))
				return in
			},
			[]string{"scheduled 1/3 active from -9m0s", "images pulled 1/3 pending", "workers 0/2 pending"},
			nil,
		},
		{
			"an image that is missing holds the pulling open",
			func() Inputs {
				in := deployment(3)
				of(in.Pods[2], "worker").State = stateWaiting("ContainerCreating", "")
				return in
			},
			[]string{"images pulled 2/3 active from -1m0s", "workers 0/2 active from -8m0s"},
			nil,
		},
		{
			"a container that failed had its image",
			func() Inputs {
				in := deployment(2)
				of(in.Pods[1], "worker").State = stateWaiting("CrashLoopBackOff", "")
				of(in.Pods[1], "worker").LastTerminationState = stateTerminated(1, "Error", time.Minute)
				return in
			},
			[]string{"images pulled 2/2 done from -1m0s to -1m0s"},
			nil,
		},
		{
			"a node that is missing is waited for",
			func() Inputs {
				in := deployment(3)
				in.Pods = []*corev1.Pod{unscheduled(0, "0/3 nodes are available")}
				return in
			},
			[]string{"scheduled 0/3 active from -9m0s", "images pulled 0/3 pending"},
			nil,
		},
		{
			"a model that answers has passed everything",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = serving()
				return in
			},
			[]string{"restore done implied", "server done implied", "ready 0/2 active from -30s"},
			nil,
		},
		{
			"without permission to ask, ready pods tell of a model that answers",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = health.Health{State: health.Forbidden}
				makeReady(in.Pods...)
				return in
			},
			[]string{"serving done implied", "ready 2/2 done from -1m0s to -1m0s"},
			nil,
		},
		{
			"ready pods whose model does not answer are not enough",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = health.Health{State: health.NotServing}
				makeReady(in.Pods...)
				return in
			},
			[]string{"serving pending", "ready 2/2 pending"},
			nil,
		},
		{
			"without permission to read logs their milestones are missing",
			func() Inputs {
				in := deployment(2)
				in.Notes = []Note{{Topic: TopicLogs, Message: "m"}}
				return in
			},
			[]string{"images pulled 2/2 done from -1m0s to -1m0s", "serving active from -1m0s"},
			[]string{"restore", "resource manager"},
		},
		{
			"who comes late learns from the probe since when the model answers",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = health.Health{State: health.Serving, Since: now}
				makeReady(in.Pods...)
				in.Pods[0].Spec.Containers[2].ReadinessProbe = &corev1.Probe{
					ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthcheck"}},
				}
				return in
			},
			[]string{"serving done from -1m0s to -1m0s", "ready 2/2 done from -1m0s to -1m0s"},
			nil,
		},
		{
			"so does who asks once and knows no time of its own",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = health.Health{State: health.Serving}
				makeReady(in.Pods...)
				in.Pods[0].Spec.Containers[2].StartupProbe = &corev1.Probe{
					ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthcheck"}},
				}
				return in
			},
			[]string{"serving done from -1m0s to -1m0s"},
			nil,
		},
		{
			"a probe that asks something else does not tell",
			func() Inputs {
				in := deployment(2)
				in.Health["uid-llama-0"] = health.Health{State: health.Serving, Since: now}
				makeReady(in.Pods...)
				return in
			},
			[]string{"serving done from -1m0s to -0s"},
			nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := told(tt.in())
			for _, want := range tt.want {
				if !strings.Contains("\n"+got, "\n"+want) {
					t.Errorf("%q is not told:\n%s", want, got)
				}
			}
			for _, text := range tt.not {
				if strings.Contains(got, text) {
					t.Errorf("%q is told:\n%s", text, got)
				}
			}
		})
	}
}

func TestAGroupOnItsWayOutHasNoMilestones(t *testing.T) {
	t.Parallel()
	in := twoGroups()
	in.LWS.Spec.Replicas = new(int32(1))
	if ms := Build(in).Groups[1].Milestones; len(ms) > 0 {
		t.Errorf("a group that was scaled away has milestones %v", ms)
	}
	in.LWS.DeletionTimestamp = new(ago(time.Second))
	if ms := Build(in).Groups[0].Milestones; len(ms) > 0 {
		t.Errorf("a deployment that is being deleted has milestones %v", ms)
	}
}

func TestAllMilestonesAreThereFromTheBeginning(t *testing.T) {
	t.Parallel()
	in := deployment(5)
	in.LWS = guideLWS(t, "jetstream-pathways-llama-3-1-405b-4x4.yaml")
	in.LWS.Name, in.LWS.CreationTimestamp = testName, ago(time.Minute)
	ids := func(in Inputs) string {
		var out []string
		for _, m := range Build(in).Groups[0].Milestones {
			out = append(out, m.Label())
		}
		return strings.Join(out, ", ")
	}
	want := "applied, scheduled 0/5, images pulled 0/5, resource manager, workers 0/4, slices 0/1, proxy, model server process, " +
		"backend, devices, restore, weights, warm-up 0/14, driver, server, serving, ready 0/5"
	pods := in.Pods
	in.Pods = nil
	if got := ids(in); got != want {
		t.Errorf("before there is a pod: %s\nwant %s", got, want)
	}
	in.Pods = pods
	if got := ids(in); strings.Count(got, ",") != strings.Count(want, ",") {
		t.Errorf("with its pods: %s\nwant as many as %s", got, want)
	}
}
