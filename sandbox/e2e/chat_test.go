package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// keyEsc must be followed by a wait for what it does, or a terminal takes it and the
// next key for one.
const (
	keyEsc   = "\x1b"
	keyCtrlO = "\x0f"
	keyCtrlR = "\x12"
)

// say types a text into the chat and sends it.
func (s *screen) say(text string) {
	s.t.Helper()
	s.press(text + keyEnter)
}

// turn is what a screen shows of the last turn with a text, from its answer on.
func turn(screen, said string) (answer string, found bool) {
	at := strings.LastIndex(screen, "You    "+said)
	if at < 0 {
		return "", false
	}
	_, answer, found = strings.Cut(screen[at:], "Model  ")
	return answer, found
}

// answered waits for the whole answer to a text and returns what the screen shows
// from it on.
func (s *screen) answered(said string) string {
	s.t.Helper()
	var answer string
	s.await("the answer to "+said, time.Minute, func(screen string) bool {
		var found bool
		answer, found = turn(screen, said)
		return found && strings.Contains(answer, " to first token") && !strings.Contains(answer, "esc stop")
	})
	return answer
}

// answering waits until an answer is under way, with a paragraph of it complete, and
// returns how it begins.
func (s *screen) answering(said string) string {
	s.t.Helper()
	var begins string
	s.await("the beginning of the answer to "+said, time.Minute, func(screen string) bool {
		answer, _ := turn(screen, said)
		text, state, running := strings.Cut(answer, "answering ")
		var more bool
		begins, _, more = strings.Cut(strings.TrimSpace(text), "\n\n")
		return running && more && strings.Contains(begins, "simulat") && strings.Contains(state, "esc stop")
	})
	return begins
}

// pending is a deployment without nodes until it is let go. What its server says of
// each decode step is logged.
func pending(t *testing.T, ns string, d deployment, place []string) (letGo func()) {
	t.Helper()
	const open = "e2e/open"
	args := append([]string{
		"render", "-n", ns, "--profile", d.profile, "--checkpoint", d.checkpoint, "--pathways-bucket", "gs://pathways-scratch",
		"--node-selector", open + "=" + ns,
	}, place...)
	r := shared.jetstream(t, args...)
	const server = "\n          name: jax-tpu\n"
	if r.code != 0 || strings.Count(r.stdout, server) != 1 {
		t.Fatalf("render: %s", r)
	}
	shared.apply(t, strings.Replace(r.stdout, server, server+"          env:\n          - {name: LOG_LEVEL, value: DEBUG}\n", 1), "-n", ns)
	t.Cleanup(func() { shared.kubectl(t, "label", "nodes", "-l", place[1], open+"-") })
	return func() {
		t.Helper()
		shared.kubectl(t, "label", "nodes", "-l", place[1], open+"="+ns)
	}
}

// decoded waits until the leader decodes no longer and returns how many steps it took
// since it started.
func decoded(t *testing.T, ns string) int {
	t.Helper()
	steps := -1
	eventually(t, time.Minute, func() (bool, string) {
		before := steps
		steps = strings.Count(shared.kubectl(t, "logs", "-n", ns, "jetstream-pathways-0", "-c", "jax-tpu"), " - slots free : ")
		return steps == before, fmt.Sprintf("%d steps", steps)
	})
	return steps
}

func TestAConversationInTheDashboard(t *testing.T) {
	t.Parallel()
	for _, d := range []deployment{llama405B, llama70B} {
		t.Run(d.profile, func(t *testing.T) {
			t.Parallel()
			ns, place := seat(t, d.seat)
			letGo := pending(t, ns, d, place)
			term := shared.onTerminal(t, 120, 40, "monitor", "-n", ns)
			term.see("Milestones", "Chat")
			term.press("5" + keyCtrlO)
			term.see("type ahead if you like", "The model cannot answer yet")

			// What is typed before the model is there is sent by a second enter only.
			const first = "Briefly: what is a TPU?"
			term.say(first)
			term.see("held: when the model answers", "= "+first)
			letGo()
			screen := term.await("the question whether to send", 2*time.Minute, func(screen string) bool {
				return strings.Contains(screen, "Send the held prompt? enter sends, esc edits") && strings.Contains(screen, "READY for")
			})
			if strings.Contains(screen, "You  ") || !strings.Contains(screen, "? "+first) {
				t.Errorf("the prompt did not wait for its confirmation:\n%s", screen)
			}
			term.press(keyEnter)
			if answer := term.answered(first); !strings.Contains(answer, "simulated") || !strings.Contains(answer, "tunnel ") {
				t.Errorf("the answer: %s", answer)
			}

			// An answer that is stopped stays, and ends at the server too.
			const stopped = "Write a long essay about tea"
			term.say(stopped)
			begins := term.answering(stopped)
			term.press(keyEsc)
			screen = term.await("a stopped answer", time.Minute, func(screen string) bool {
				answer, _ := turn(screen, stopped)
				return strings.Contains(answer, "stopped · ") && !strings.Contains(answer, "esc stop")
			})
			if !strings.Contains(screen, begins) {
				t.Errorf("what came of the stopped answer is gone:\n%s\nit began with\n%s", screen, begins)
			}
			// A whole essay is a thousand tokens, and a step brings one.
			if steps := decoded(t, ns); steps == 0 || steps > 700 {
				t.Errorf("the leader took %d steps for a short answer and the beginning of an essay", steps)
			}
			const next = "Briefly: what is rain?"
			term.say(next)
			term.answered(next)
			leaveMidAnswer(t, ns, term)
			term.press(keyCtrlC)
			if code, left := term.wait(); code != 130 || !strings.Contains(left, "Ready for") {
				t.Errorf("exit code %d\n%s", code, left)
			}
		})
	}
}

// leaveMidAnswer deletes the leader while it answers in a dashboard, and asks again
// when the model is back.
func leaveMidAnswer(t *testing.T, ns string, term *screen) {
	t.Helper()
	const lost = "Write a long essay about salt"
	term.say(lost)
	begins := term.answering(lost)
	shared.kubectl(t, "delete", "pod", "-n", ns, "jetstream-pathways-0", "--wait=false")
	screen := term.await("a failed answer", time.Minute, func(screen string) bool {
		answer, _ := turn(screen, lost)
		return strings.Contains(answer, "failed: ") && strings.Contains(answer, "ctrl+r or /retry asks again")
	})
	if !strings.Contains(screen, begins) {
		t.Errorf("what came of the answer is gone:\n%s\nit began with\n%s", screen, begins)
	}
	term.await("the model away", time.Minute, func(screen string) bool {
		return strings.Contains(screen, "The model cannot answer") && !strings.Contains(screen, "READY for")
	})
	term.await("the model back", 2*time.Minute, func(screen string) bool {
		return strings.Contains(screen, "READY for") && !strings.Contains(screen, "The model cannot answer")
	})
	term.press(keyCtrlR)
	if again := term.answering(lost); again != begins {
		t.Errorf("the answer to the same conversation begins with\n%s\nand began with\n%s", again, begins)
	}
	// Ctrl-C stops an answer first.
	term.press(keyCtrlC)
	term.await("a stopped answer", time.Minute, func(screen string) bool {
		answer, _ := turn(screen, lost)
		return strings.Contains(answer, "stopped · ") && !strings.Contains(screen, "failed: ")
	})
}
