package tui_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/screentest"
)

// start is when the stories of these tests begin.
var start = time.Date(2026, 3, 2, 14, 38, 0, 0, time.UTC)

// world is a cluster of a test's own making.
type world struct {
	mu          sync.Mutex
	deployments []tui.Deployment
	observed    []string
	acted       []string
	fail        error // of everything that is asked
	// expectsNothing: no duration is known.
	expectsNothing bool
	script         []tui.DeployEvent
	// model answers prompts; nil means that there is no way to it.
	model chat.Answerer
	// slow is closed when deleting may end; nil means at once.
	slow chan struct{}

	snapshots chan status.Snapshot
	book      *logtail.Book
	now       time.Time
}

func newWorld() *world {
	return &world{
		snapshots: make(chan status.Snapshot, 8), book: logtail.New(logtail.Limits{}),
		now: start.Add(6 * time.Minute), model: newAnswers(),
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) later(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// heal lets everything work from now on.
func (w *world) heal(deployments []tui.Deployment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail, w.deployments = nil, deployments
}

// fails lets everything fail from now on.
func (w *world) fails(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fail = err
}

// state is what may change while a program runs.
func (w *world) state() ([]tui.Deployment, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.deployments, w.fail
}

func (w *world) did(what string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acted = append(w.acted, what)
	return w.fail
}

func (w *world) actions() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.acted...)
}

func (w *world) Deployments(context.Context) ([]tui.Deployment, error) { return w.state() }

func (w *world) Observe(_ context.Context, name string) (*tui.Observation, error) {
	if _, err := w.state(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.observed = append(w.observed, name)
	return &tui.Observation{
		Snapshots: w.snapshots, Logs: w.book, Chat: w.model,
		Expect: func(status.Snapshot) (forecast.Expectations, tui.Last) {
			if w.expectsNothing {
				return nil, nil
			}
			return forecast.Expectations{milestone.Restore: {Min: 10 * time.Minute, Max: 20 * time.Minute, Basis: forecast.FromProfile}}, nil
		},
	}, nil
}

func (w *world) YAML(_ context.Context, name, pod string) (string, error) {
	_, err := w.state()
	return fmt.Sprintf("kind: Pod\nname: %s of %s\n", pod, name), err
}

func (w *world) Earlier(context.Context, string, logtail.Stream) ([]logtail.Line, time.Time, error) {
	_, err := w.state()
	return []logtail.Line{{Text: "what the earlier incarnation said", Time: start}}, start, err
}

func (w *world) Deploy(ctx context.Context, r tui.Request) <-chan tui.DeployEvent {
	events := make(chan tui.DeployEvent)
	_ = w.did(fmt.Sprintf("deploy %s %s %v", r.Name, r.Profile, r.Values))
	go func() {
		defer close(events)
		for _, e := range w.script {
			answer := make(chan bool, 1)
			if e.Question != nil {
				q := *e.Question
				q.Answer = answer
				e.Question = &q
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
			if e.Question != nil {
				select {
				case ok := <-answer:
					_ = w.did(fmt.Sprintf("answered %t", ok))
					if !ok {
						events <- tui.DeployEvent{Time: start, Done: true, Err: errors.New("nothing was changed")}
						return
					}
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return events
}

func (w *world) DeleteGroup(_ context.Context, name string, group int) error {
	return w.did(fmt.Sprintf("delete group %d of %s", group, name))
}
func (w *world) Restart(_ context.Context, name string) error { return w.did("restart " + name) }
func (w *world) Scale(_ context.Context, name string, n int) error {
	return w.did(fmt.Sprintf("scale %s to %d", name, n))
}

func (w *world) Delete(_ context.Context, name string) (string, error) {
	if w.slow != nil {
		<-w.slow
	}
	return "What still costs money:\n  node pool np\n", w.did("delete " + name)
}

func (w *world) SaveChat(_ context.Context, name, path string, s chat.Settings, turns []chat.Turn) (string, error) {
	return "/state/" + path, w.did(fmt.Sprintf("save %d turns with %s by %s", len(turns), name, s.Template.Name))
}

func (w *world) ChatTemplate(_ context.Context, name string) (chat.Template, error) {
	return chat.TemplateNamed(name)
}

func (w *world) Editor(text string) (tui.Editing, error) {
	program := "true"
	if text == "spoilt" {
		program = "false"
	}
	editor := exec.Command(program)      //nolint:noctx // It ends at once.
	editor.Stdin = strings.NewReader("") // or it would wait for what is typed here
	return tui.Editing{Command: editor, Written: func() (string, error) {
		return text + ", written in an editor", nil
	}}, nil
}

// says writes lines of a container's log.
func (w *world) says(pod, container string, lines ...string) {
	var out []podlog.Line
	for i, text := range lines {
		out = append(out, podlog.Line{Time: start.Add(time.Minute + time.Duration(i)*time.Second), Text: text})
	}
	w.book.Append(podlog.Ref{Namespace: "default", Pod: pod, UID: pod, Container: container}, out)
}

// program is a dashboard on a screen.
type program struct {
	*screentest.Screen
	t    *testing.T
	out  tui.Outcome
	err  error
	done chan struct{}
}

func (w *world) show(t *testing.T, width, height int, cfg tui.Config) *program {
	t.Helper()
	cfg.Backend, cfg.Now = w, w.clock
	cfg.Context, cfg.Namespace = "gke_demo", "default"
	cfg.Program, cfg.DefaultName = "kubectl jetstream", "jetstream-pathways"
	if cfg.Chat.Settings == nil {
		cfg.Chat.Settings = func(s status.Snapshot) chat.Settings {
			plain, _ := chat.BuiltIn("plain")
			return chat.Settings{Template: plain, Limits: chat.Limits{MaxPrefill: s.MaxPrefill, MaxTarget: s.MaxTarget}}
		}
	}
	p := &program{Screen: screentest.New(t, width, height), t: t, done: make(chan struct{})}
	t.Cleanup(func() { <-p.done }) // the test's context has ended by then
	go func() {
		defer close(p.done)
		p.out, p.err = tui.Run(t.Context(), cfg, tui.Terminal{In: p.In(), Out: p.Screen, Environ: p.Environ(), Options: p.Options()})
	}()
	return p
}

// ended waits until the program has left the screen.
func (p *program) ended(t *testing.T) tui.Outcome {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		t.Fatalf("the program did not end:\n%s", p.Text())
	}
	if p.err != nil {
		t.Fatalf("the program ended with %v", p.err)
	}
	if p.AltScreen() {
		t.Error("the program left the terminal in the alternate screen")
	}
	return p.out
}

// restoring is a group that reads its checkpoint.
func restoring() status.Snapshot {
	at := func(after time.Duration) time.Time { return start.Add(after) }
	running := func(name string, ready bool) status.Container {
		return status.Container{Name: name, State: status.Running, Ready: ready, Started: at(70 * time.Second)}
	}
	worker := func(i int) status.Pod {
		return status.Pod{
			Name: fmt.Sprintf("jetstream-pathways-0-%d", i), UID: fmt.Sprintf("w%d", i), Index: i,
			Status: "Running", ReadyContainers: 1, TotalContainers: 1, Ready: true, Created: at(0),
			Node: fmt.Sprintf("gke-multihost-np-%04d", i), NodePool: "multihost-np",
			Containers: []status.Container{running("worker", true)},
		}
	}
	done := func(id milestone.ID, title string, from, to time.Duration) milestone.Milestone {
		return milestone.Milestone{ID: id, Title: title, State: milestone.Done, Started: at(from), Finished: at(to)}
	}
	const s = time.Second
	return status.Snapshot{
		Namespace: "default", Name: "jetstream-pathways", Profile: "llama-3.1-405b-v6e-4x4",
		Checkpoint: "gs://models/llama-3.1-405b/int8", Chips: 16,
		Phase: status.Loading, Cause: "restore (gs://models/llama-3.1-405b/int8)", Since: at(115 * s),
		Desired: 5, Created: 5, Ready: 4, ObservedAt: at(6 * time.Minute),
		Rollout: status.Rollout{Revision: "r1", Updated: 1, Total: 1},
		Groups: []status.Group{{
			Index: 0, Phase: status.Loading, Cause: "restore", Desired: 5, Created: 5, Ready: 4, Revision: "r1",
			Health: health.Health{State: health.NotServing},
			Leader: &status.Pod{
				Name: "jetstream-pathways-0", UID: "l", Status: "Running", ReadyContainers: 3, TotalContainers: 4,
				Created: at(0), Node: "gke-multihost-np-0001", NodePool: "multihost-np", Reason: "jax-tpu not ready",
				Containers: []status.Container{
					running("pathways-proxy", true), running("pathways-rm", true), running("jax-tpu", false), running("jetstream-http", true),
				},
			},
			Workers: []status.Pod{worker(1), worker(2), worker(3), worker(4)},
			Milestones: []milestone.Milestone{
				done("applied", "applied", 0, 2*s), done("scheduled", "scheduled", 2*s, 5*s),
				done("images", "images pulled", 5*s, 70*s), done(milestone.ResourceManager, "resource manager", 70*s, 72*s),
				{ID: milestone.Workers, Title: "workers", State: milestone.Done, Started: at(70 * s), Finished: at(74 * s), Count: 4, Of: 4},
				{ID: milestone.Slices, Title: "slices", State: milestone.Done, Started: at(74 * s), Finished: at(92 * s), Count: 1, Of: 1},
				done(milestone.Proxy, "proxy", 92*s, 93*s), done(milestone.Backend, "backend", 93*s, 110*s),
				{ID: milestone.Restore, Title: "restore", Container: "jax-tpu", State: milestone.Active, Started: at(115 * s), Detail: "gs://models/llama-3.1-405b/int8"},
				{ID: milestone.Weights, Title: "weights", State: milestone.Pending},
				{ID: milestone.WarmUp, Title: "warm-up", State: milestone.Pending, Of: 14},
				{ID: milestone.Driver, Title: "driver", State: milestone.Pending},
				{ID: milestone.Server, Title: "server", State: milestone.Pending},
			},
		}},
	}
}

// ready is the same group when it serves.
func ready() status.Snapshot {
	s := restoring()
	s.Phase, s.Confirmed, s.Cause, s.Ready = status.Ready, true, "", 5
	s.Since = start.Add(5 * time.Minute)
	g := &s.Groups[0]
	g.Phase, g.Ready, g.Cause = status.Ready, 5, ""
	g.Health = health.Health{State: health.Serving, Since: s.Since}
	leader := *g.Leader
	leader.Ready, leader.ReadyContainers, leader.Reason = true, 4, ""
	g.Leader = &leader
	for i := range g.Milestones {
		m := &g.Milestones[i]
		m.State, m.Count = milestone.Done, m.Of
		if m.Finished.IsZero() {
			m.Finished = s.Since
		}
	}
	return s
}

// failed is the same group when its checkpoint does not exist.
func failed() status.Snapshot {
	s := restoring()
	s.Phase, s.Cause = status.Failed, "the checkpoint gs://models/llama-3.1-405b/int9 was not found"
	s.Groups[0].Phase, s.Groups[0].Cause = status.Failed, s.Cause
	s.Findings = []status.Finding{{
		Code: "checkpoint-not-found", Summary: s.Cause, Cause: "the path is wrong, lacks gs://, or is still a placeholder",
		Remedy: "pass the checkpoint's own directory with --checkpoint", Pod: "jetstream-pathways-0", Container: "jax-tpu",
		Evidence: []string{"FileNotFoundError: Checkpoint at gs://models/llama-3.1-405b/int9 not found"},
		Time:     start.Add(2 * time.Minute), Fatal: true,
	}}
	return s
}
