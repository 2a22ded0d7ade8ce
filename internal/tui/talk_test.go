package tui_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/screentest"
)

// answers is a model whose answers a test writes while they come. An answer ends
// with what is sent to end, or with its request.
type answers struct {
	pieces chan string
	end    chan error

	mu      sync.Mutex
	asked   []chat.Request
	stopped int
}

func newAnswers() *answers {
	return &answers{pieces: make(chan string), end: make(chan error)}
}

func (a *answers) Generate(ctx context.Context, r chat.Request, deliver func(string) error) (chat.Stats, error) {
	a.mu.Lock()
	a.asked = append(a.asked, r)
	a.mu.Unlock()
	var stats chat.Stats
	for {
		select {
		case piece := <-a.pieces:
			stats.Chunks++
			stats.FirstText = 420e6
			if err := deliver(piece); err != nil {
				return stats, err
			}
		case err := <-a.end:
			return stats, err
		case <-ctx.Done():
			a.mu.Lock()
			a.stopped++
			a.mu.Unlock()
			return stats, ctx.Err()
		}
	}
}

func (a *answers) prompts() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for _, r := range a.asked {
		out = append(out, r.Text)
	}
	return out
}

func (a *answers) stops() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopped
}

// hear lets the model say a piece of its answer, once it has been asked.
func (p *program) hear(a *answers, piece string) {
	p.t.Helper()
	select {
	case a.pieces <- piece:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("the model was not asked:\n%s", p.Text())
	}
}

// finish lets the model end its answer.
func (p *program) finish(a *answers, err error) {
	p.t.Helper()
	select {
	case a.end <- err:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("the model is not answering:\n%s", p.Text())
	}
}

// talking is a dashboard with a model that answers.
func talking(t *testing.T, w, h int, cfg tui.Config) (*world, *answers, *program) {
	t.Helper()
	c, model := newWorld(), newAnswers()
	c.model = model
	cfg.Name = "jetstream-pathways"
	return c, model, c.show(t, w, h, cfg)
}

const enter = "\r"

// leaveInput lets letters be keys again.
func (p *program) leaveInput() {
	p.Type(screentest.Escape)
	p.AwaitText("i type")
}

func TestAConversationOfSeveralTurns(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 120, 40, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("What is a TPU?" + enter)
	p.hear(model, " A chip")
	p.AwaitText("What is a TPU?", "A chip", "answering")
	p.hear(model, " for **matrices**.\nUser: and an invented")
	p.AwaitText("A chip for matrices.", "0.42 s to first token")
	if text := p.Text(); strings.Contains(text, "invented") || strings.Contains(text, "answering") {
		t.Errorf("the answer goes on after its end:\n%s", text)
	}
	p.Type("And a GPU?" + enter)
	p.hear(model, "Another chip.")
	p.finish(model, nil)
	p.AwaitText("Another chip.", "And a GPU?")
	want := []string{
		"User: What is a TPU?\nAssistant:",
		"User: What is a TPU?\nAssistant: A chip for **matrices**.\nUser: And a GPU?\nAssistant:",
	}
	if diff := cmp.Diff(want, model.prompts()); diff != "" {
		t.Errorf("prompts (-want +got):\n%s", diff)
	}
	p.leaveInput()
	p.Type("q")
	out := p.ended(t)
	if len(out.Turns) != 2 || out.Turns[1].Answer != "Another chip." || out.Settings.Template.Name != "plain" {
		t.Errorf("turns %+v", out.Turns)
	}
}

func TestTheRateIsShownWhileAnAnswerComes(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 160, 40, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("What is a TPU?" + enter)
	p.AwaitText("waiting 0 s")
	w.later(time.Second)
	p.hear(model, "One")
	p.AwaitText("One", "1.00 s to first token")
	p.hear(model, " and two")
	p.AwaitText("One and two")
	for _, want := range []string{"1.0 tokens/s", "0.5 tokens/s"} {
		w.later(time.Second) // nothing comes
		p.AwaitText(want)
	}
	p.finish(model, nil)
	p.AwaitText("0.42 s to first token")
}

func TestWhileTheModelLoadsAPromptIsHeld(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 120, 40, tui.Config{})
	w.snapshots <- restoring()
	p.AwaitText("LOADING", "The model cannot answer yet", "10–20m")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("Are you there?" + enter)
	p.AwaitText("held")
	w.snapshots <- ready()
	p.AwaitText("READY for", "Send the held prompt")
	if n := len(model.prompts()); n != 0 {
		t.Fatalf("%d prompts were sent without a confirmation", n)
	}
	p.Type(enter)
	p.hear(model, "I am.")
	p.finish(model, nil)
	p.AwaitText("I am.")
}

func TestStoppingAnAnswerKeepsIt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, keys string }{
		{"esc", screentest.Escape},
		{"ctrl-c", screentest.CtrlC},
		{"ctrl-c from another pane", "\t" + screentest.CtrlC},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, model, p := talking(t, 120, 40, tui.Config{})
			w.snapshots <- ready()
			p.AwaitText("READY for")
			p.Type("5")
			p.AwaitText("[Chat")
			p.Type("Tell me a story" + enter)
			p.hear(model, "Once upon")
			p.AwaitText("Once upon", "answering")
			p.Type(tt.keys)
			p.AwaitText("Once upon", "stopped")
			if n := model.stops(); n != 1 {
				t.Errorf("%d requests were cancelled", n)
			}
			p.Type(screentest.CtrlC)
			if out := p.ended(t); !out.Interrupted || out.Turns[0].State != chat.Stopped {
				t.Errorf("outcome %+v", out)
			}
		})
	}
}

func TestLeavingInTheMiddleOfAnAnswerKeepsItAsStopped(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 120, 40, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("Tell me a story" + enter)
	p.hear(model, "Once upon")
	p.AwaitText("Once upon")
	p.Type("\t")
	p.AwaitText("[Groups")
	p.Type("q")
	if out := p.ended(t); len(out.Turns) != 1 || out.Turns[0].State != chat.Stopped || out.Turns[0].Answer != "Once upon" {
		t.Errorf("turns %+v", out.Turns)
	}
}

func TestAFailedAnswerSaysWhyAndIsAskedAgain(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 120, 40, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("Tell me a story" + enter)
	p.hear(model, "Once upon")
	p.finish(model, errors.New("the tunnel to pod jetstream-pathways-0 was lost"))
	p.AwaitText("Once upon", "the tunnel to pod", "asks again")
	w.snapshots <- restoring()
	p.AwaitText("The model cannot answer yet")
	p.Type("\x12") // ctrl-r
	p.AwaitText("cannot answer now")
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("\x12")
	p.hear(model, "Long ago")
	p.finish(model, nil)
	p.AwaitText("Long ago")
}

func TestKeysReachTheInputAndNothingElse(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 120, 40, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("quite ? 1 l y")
	p.AwaitText("quite ? 1 l y")
	p.Type(screentest.CtrlC) // clears
	p.Await("an empty input", func(s string) bool { return !strings.Contains(s, "quite") })
	p.Type("/save notes.md" + enter)
	p.Type("/template llama-3" + enter)
	p.AwaitText("llama-3")
	p.Type("Hello" + enter)
	p.hear(model, "Hi.")
	p.finish(model, nil)
	p.AwaitText("Hi.")
	p.Type("/save notes.md" + enter)
	p.AwaitText("/state/notes.md")
	if diff := cmp.Diff([]string{"save 1 turns with jetstream-pathways by llama-3"}, w.actions()[len(w.actions())-1:]); diff != "" {
		t.Error(diff)
	}
	p.Type("\t")
	p.AwaitText("[Groups")
	p.Type("q")
	p.ended(t)
}

func TestWhatAPersonHasSetOutlivesWhatIsLearnt(t *testing.T) {
	t.Parallel()
	plain, _ := chat.BuiltIn("plain")
	w, model, p := talking(t, 120, 40, tui.Config{Chat: tui.ChatConfig{Settings: func(s status.Snapshot) chat.Settings {
		return chat.Settings{Template: plain, System: "of the command line", Trim: true, Limits: chat.Limits{MaxPrefill: s.MaxPrefill, MaxTarget: s.MaxTarget}}
	}}})
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("/system Answer in verse." + enter)
	p.AwaitText("the system prompt is set")
	p.Type("/max-tokens 7" + enter)
	p.AwaitText("may have 7 tokens")
	p.Type("/trim off" + enter)
	p.AwaitText("is refused")
	s := ready()
	s.MaxPrefill, s.MaxTarget = 1024, 2048
	w.snapshots <- s
	p.AwaitText("READY for", "plain template")
	p.Type("Hello" + enter)
	p.hear(model, "Hi.")
	p.finish(model, nil)
	p.AwaitText("Hi.", "/1024 tokens")
	p.Type("/raw" + enter)
	p.AwaitText("raw: each")
	s.MaxPrefill = 512
	w.snapshots <- s
	p.AwaitText("/512 tokens")
	p.Type("And now?" + enter)
	p.hear(model, "Now too.")
	p.finish(model, nil)
	p.AwaitText("Now too.")
	p.Type("/trim" + enter)
	p.AwaitText("too long is refused")
	model.mu.Lock()
	defer model.mu.Unlock()
	if r := model.asked[0]; r.Text != "Answer in verse.\n\nUser: Hello\nAssistant:" || r.MaxTokens != 7 {
		t.Errorf("the first request is %q with %d tokens", r.Text, r.MaxTokens)
	}
	if r := model.asked[1]; r.Text != "And now?" {
		t.Errorf("the second prompt is %q", r.Text)
	}
}

func TestAServerThatIsOutOfReachIsSaidBeforeAPromptIsSent(t *testing.T) {
	t.Parallel()
	w, _, p := talking(t, 120, 40, tui.Config{})
	s := ready()
	s.DisconnectedSince = start.Add(5 * time.Minute)
	w.snapshots <- s
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat", "tunnel: the API server does")
}

func TestAPromptIsWrittenInAnEditor(t *testing.T) {
	t.Parallel()
	w, _, p := talking(t, 80, 24, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("more\x07") // ctrl-g
	p.AwaitText("more, written in an editor")
}

func TestAnEditorThatFailsLeavesThePrompt(t *testing.T) {
	t.Parallel()
	w, _, p := talking(t, 100, 24, tui.Config{Chat: tui.ChatConfig{Front: true}})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("spoilt\x07") // ctrl-g
	p.AwaitText("the editor failed (exit status 1); the prompt is as it was before", "> spoilt")
	if strings.Contains(p.Text(), "written in an editor") {
		t.Errorf("what was written is taken:\n%s", p.Text())
	}
}

func TestTheChatAloneOnTheScreen(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 80, 24, tui.Config{Chat: tui.ChatConfig{Front: true, Turns: []chat.Turn{
		{User: "An earlier question", Answer: "An earlier answer", State: chat.Done},
	}}})
	w.snapshots <- ready()
	p.AwaitText("READY for", "An earlier question", "An earlier answer")
	if strings.Contains(p.Text(), "Milestones") {
		t.Errorf("more than the chat:\n%s", p.Text())
	}
	p.Type("And now?" + enter)
	p.hear(model, "Now too.")
	p.finish(model, nil)
	p.AwaitText("Now too.")
	p.leaveInput()
	p.Type("z")
	p.AwaitText("Milestones")
	p.Type("q")
	p.ended(t)
}

func TestAskingAgainThatIsRefusedKeepsTheAnswer(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 120, 40, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	p.Type("What is a TPU?" + enter)
	p.hear(model, "A chip.")
	p.finish(model, nil)
	p.AwaitText("0.42 s to first token")
	short := ready()
	short.MaxPrefill, short.MaxTarget = 4, 8
	w.snapshots <- short
	p.AwaitText("/4 tokens")
	p.Type("\x12") // ctrl-r
	p.AwaitText("the text is too long", "A chip.")
	if n := len(model.prompts()); n != 1 {
		t.Errorf("%d prompts were sent", n)
	}
	p.leaveInput()
	p.Type("q")
	if out := p.ended(t); len(out.Turns) != 1 || out.Turns[0].Answer != "A chip." {
		t.Errorf("turns %+v", out.Turns)
	}
}

func TestAnObservationThatEndsClosesTheChatAtOnce(t *testing.T) {
	t.Parallel()
	w, model, p := talking(t, 120, 40, tui.Config{})
	w.snapshots <- ready()
	p.AwaitText("READY for")
	p.Type("5")
	p.AwaitText("[Chat")
	close(w.snapshots) // nobody looks again before time passes
	p.AwaitText("the observation of the cluster ended")
	p.Type("What is a TPU?" + enter)
	p.AwaitText("cannot be asked", "held: when the model answers")
	if n := len(model.prompts()); n != 0 {
		t.Errorf("%d prompts were sent", n)
	}
}
