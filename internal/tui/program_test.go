package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/screentest"
)

func TestTheBoardFollowsTheCluster(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.deployments = []tui.Deployment{{Name: "jetstream-pathways"}}
	p := w.show(t, 120, 40, tui.Config{})
	w.snapshots <- restoring()
	p.AwaitText("LOADING", "of 10–20m", "jetstream-pathways", "default", "gke_demo", "16 chips", "gs://models/llama-3.1-405b/int8")
	p.AwaitText("worker 3")
	if line := p.Line("worker 3"); !strings.Contains(line, "Running") {
		t.Errorf("the row of a running worker: %q", line)
	}

	s := restoring()
	s.Groups[0].Workers[2].Status = "Terminating"
	w.snapshots <- s
	p.Await("the worker's new status", func(string) bool { return strings.Contains(p.Line("worker 3"), "Terminating") })

	w.snapshots <- ready()
	p.AwaitText("READY", "> ask the model")
	p.Type("q")
	out := p.ended(t)
	if !out.Seen || out.Last.Phase != status.Ready || out.Name != "jetstream-pathways" || out.Interrupted {
		t.Errorf("outcome %+v", out)
	}
}

func TestElapsedTimesAdvanceWithoutAChange(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 120, 40, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- restoring()
	p.AwaitText("restore 4m05s of 10–20m")
	w.later(time.Minute)
	p.AwaitText("restore 5m05s of 10–20m")
}

func TestLinesReachTheLogPane(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 120, 40, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- restoring()
	p.AwaitText("leader/jax-tpu")
	w.says("jetstream-pathways-0", "jax-tpu", "Num_devices: 16", "restoring params from gs://models")
	p.AwaitText("Num_devices: 16", "restoring params from gs://models")
	w.says("jetstream-pathways-0-2", "worker", "the worker says \x1b[31mred\x1b[0m words")
	p.Type("3") // the log pane
	p.AwaitText("[Logs")
	p.Type("p")
	p.AwaitText("what the earlier incarnation said")
}

func TestTheLogOfTheSelectedPod(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.says("jetstream-pathways-0-4", "worker", "the fourth worker serves")
	p := w.show(t, 120, 40, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- restoring()
	p.AwaitText("worker 4")
	p.Type("G") // the last row
	p.Type("l")
	p.AwaitText("the fourth worker serves", "worker 4/worker")
}

func TestAFailureIsLoudAndSaysWhatHelps(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 120, 40, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- failed()
	p.AwaitText("FAILED", "will not heal", "the checkpoint gs://models/llama-3.1-405b/int9 was not found", "--checkpoint")
	p.Type("e")
	p.AwaitText("[Events")
}

func TestFailFastEndsTheProgram(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 80, 24, tui.Config{Name: "jetstream-pathways", Hopeless: status.Snapshot.Fatal})
	w.snapshots <- failed()
	if out := p.ended(t); out.Fatal == nil || out.Fatal.Code != "checkpoint-not-found" {
		t.Errorf("outcome %+v", out)
	}
}

func TestWaysToLeave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, keys  string
		interrupted bool
	}{
		{"q leaves", "q", false},
		{"ctrl-c leaves as interrupted", screentest.CtrlC, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			p := w.show(t, 80, 24, tui.Config{Name: "jetstream-pathways"})
			w.snapshots <- restoring()
			p.AwaitText("worker 1")
			p.Type(tt.keys)
			if out := p.ended(t); out.Interrupted != tt.interrupted {
				t.Errorf("outcome %+v", out)
			}
		})
	}
}

func TestTextsInFull(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 100, 30, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- restoring()
	p.AwaitText("worker 1")
	p.Type("G")
	p.Type("y")
	p.AwaitText("name: jetstream-pathways-0-4 of jetstream-pathways")
	p.Type("q")
	p.AwaitText("worker 1")
	p.Type("d")
	p.AwaitText("gke-multihost-np-0004", "Container worker")
	p.Type(screentest.Escape)
	p.AwaitText("Milestones")
	p.Type("?")
	p.AwaitText("logs of the selected container", "next pane")
	p.Type("q")
	p.AwaitText("worker 1")
	p.Type("q")
	p.ended(t)
}

func TestActionsAskFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		keys []string
		see  string // after the last key
		want []string
	}{
		{"a group is deleted after a yes", []string{"a", screentest.Enter, "y"}, "accepted", []string{"delete group 0 of jetstream-pathways"}},
		{"enter alone changes nothing", []string{"a", screentest.Enter, screentest.Enter}, "nothing was changed", nil},
		{"a deployment is deleted when its name is typed", []string{"adown", screentest.Enter, "jetstream-pathways" + screentest.Enter}, "node pool np", []string{"delete jetstream-pathways"}},
		{"a number of groups is asked for", []string{"ascale", screentest.Enter, "\x7f3" + screentest.Enter}, "accepted", []string{"scale jetstream-pathways to 3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			p := w.show(t, 100, 30, tui.Config{Name: "jetstream-pathways"})
			w.snapshots <- ready()
			p.AwaitText("READY")
			for _, k := range tt.keys {
				p.Type(k)
			}
			p.AwaitText(tt.see)
			if diff := cmp.Diff(tt.want, w.actions()); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadOnlyHasNoActions(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 100, 30, tui.Config{Name: "jetstream-pathways", ReadOnly: true})
	w.snapshots <- ready()
	p.AwaitText("READY")
	p.Type("a?")
	screen := p.AwaitText("Everywhere")
	if strings.Contains(screen, "Actions on") || strings.Contains(screen, "actions:") {
		t.Errorf("a dashboard that is read only offers actions:\n%s", screen)
	}
}

func TestOfSeveralDeploymentsOneIsChosen(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.deployments = []tui.Deployment{{Name: "llama-405b", State: "1 group"}, {Name: "llama-70b", State: "2 groups"}}
	p := w.show(t, 80, 24, tui.Config{})
	p.AwaitText("llama-405b", "llama-70b", "2 groups")
	p.Type(screentest.Down + screentest.Enter)
	w.snapshots <- restoring()
	p.AwaitText("LOADING", "llama-70b")
	if diff := cmp.Diff([]string{"llama-70b"}, w.observed); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestDeployingShowsItsStepsAndAsks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.script = []tui.DeployEvent{
		{Time: start, Step: tui.StepLWS, Message: "installing LeaderWorkerSet v0.9.0"},
		{Time: start.Add(2 * time.Second), Step: tui.StepWebhook, Message: "waiting for the webhook"},
		{Time: start.Add(9 * time.Second), Step: tui.StepApply, Question: &tui.Question{Lines: []string{"this changes running pods", "  batch size 6 → 4"}}},
		{Time: start.Add(20 * time.Second), Step: tui.StepApply, Object: "lws/jetstream-pathways", Message: "configured"},
		{Time: start.Add(21 * time.Second), Step: tui.StepApply, Done: true, Name: "jetstream-pathways"},
	}
	p := w.show(t, 120, 40, tui.Config{Deploy: &tui.Request{Name: "jetstream-pathways"}})
	p.AwaitText("this changes running pods", "batch size 6 → 4", "LeaderWorkerSet", "webhook")
	p.Type("y")
	w.snapshots <- restoring()
	p.AwaitText("LOADING", "restore")
	if line := p.Line("webhook"); !strings.Contains(line, "7s") {
		t.Errorf("the step of the webhook does not say how long it took: %q", line)
	}
	if diff := cmp.Diff([]string{"deploy jetstream-pathways  map[]", "answered true"}, w.actions()); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
}

func TestAFailedDeploymentSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.script = []tui.DeployEvent{{Time: start, Step: tui.StepLWS, Done: true, Err: errors.New("applying lws/x: forbidden\nask an administrator for the role deployer")}}
	p := w.show(t, 120, 40, tui.Config{Deploy: &tui.Request{Name: "x"}})
	p.AwaitText("applying lws/x: forbidden", "ask an administrator for the role deployer")
	p.Type("q")
	if out := p.ended(t); out.Err == nil {
		t.Error("the outcome has no error")
	}
}

func TestWithoutAnswerFromTheClusterTheScreenSaysWhy(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fail = errors.New("the API server https://203.0.113.1 does not answer")
	p := w.show(t, 80, 24, tui.Config{})
	p.AwaitText("the API server https://203.0.113.1 does not answer")
	p.AwaitText("It is tried again")

	// It comes back while the person waits.
	w.heal([]tui.Deployment{{Name: "jetstream-pathways"}})
	w.later(time.Minute)
	w.snapshots <- restoring()
	p.AwaitText("LOADING")
	p.AwaitGone("does not answer")
	p.Type("q")
	if out := p.ended(t); out.Err != nil || !out.Seen {
		t.Errorf("outcome %+v", out)
	}
}

func TestAnActionIsNotCutOffByLeaving(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.slow = make(chan struct{})
	p := w.show(t, 100, 30, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- ready()
	p.AwaitText("READY")
	p.Type("adown" + screentest.Enter + "jetstream-pathways" + screentest.Enter)
	p.AwaitText("deleting jetstream-pathways")
	p.Type("q")
	p.AwaitText("leaving when it is done")
	close(w.slow)
	if out := p.ended(t); !strings.Contains(out.Report, "node pool np") {
		t.Errorf("what still costs money is not reported: %+v", out)
	}
}

func TestTheHeadlineStaysWithItsGroup(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s := restoring()
	s.Groups = append(s.Groups, status.Group{Index: 1, Phase: status.Pending, Desired: 5, Cause: "waiting for a node"})
	p := w.show(t, 120, 40, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- s
	p.AwaitText("LOADING restore", "Milestones · group 0")
	p.Type("G") // group 1
	p.AwaitText("LOADING restore", "Milestones · group 1")
	p.Type("l")
	p.AwaitText("[Logs: jetstream-pathways-1/jax-tpu")

	s.Groups = s.Groups[:1]
	w.snapshots <- s
	p.AwaitGone("Milestones · group")
}

func TestAFindingStaysInSightBesideATrouble(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 120, 40, tui.Config{Name: "jetstream-pathways"})
	w.snapshots <- failed()
	p.AwaitText("will not heal")
	w.fails(errors.New("pods is forbidden"))
	p.Type("y")
	p.AwaitText("int9 was not found", "pods is forbidden", "esc takes this away")
	p.Type(screentest.Escape)
	p.AwaitGone("pods is forbidden")
}

func TestADeadlineEndsOnlyWhatWasNeverReady(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 80, 24, tui.Config{Name: "jetstream-pathways", Deadline: start.Add(7 * time.Minute)})
	w.snapshots <- restoring()
	p.AwaitText("LOADING")
	w.later(2 * time.Minute)
	if out := p.ended(t); !out.TimedOut {
		t.Errorf("outcome %+v", out)
	}

	w = newWorld()
	p = w.show(t, 80, 24, tui.Config{Name: "jetstream-pathways", Deadline: start.Add(7 * time.Minute)})
	w.snapshots <- ready()
	p.AwaitText("READY for 1m00s")
	w.later(2 * time.Minute)
	p.AwaitText("READY for 3m00s")
	w.later(time.Minute)
	p.AwaitText("READY for 4m00s") // only the ticks that look at the deadline get here
	p.Type("q")
	if out := p.ended(t); out.TimedOut {
		t.Errorf("outcome %+v", out)
	}
}

func TestALostConnectionIsNotShownAsFresh(t *testing.T) {
	t.Parallel()
	w := newWorld()
	p := w.show(t, 120, 40, tui.Config{Name: "jetstream-pathways"})
	s := ready()
	w.snapshots <- s
	p.AwaitText("connected")
	s.DisconnectedSince = start.Add(5 * time.Minute)
	w.snapshots <- s
	p.AwaitText("disconnected since "+s.DisconnectedSince.Local().Format(time.TimeOnly), "does not answer since")
}
