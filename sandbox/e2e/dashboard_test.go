package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reached are the milestones that a dashboard marks as done, in their rows' order.
func reached(screen string) []string {
	var out []string
	for line := range strings.Lines(screen) {
		if _, step, found := strings.Cut(line, "✓ "); found {
			name, _, _ := strings.Cut(step, "  ")
			out = append(out, strings.TrimSpace(name))
		}
	}
	return out
}

func TestTheDashboardFollowsAStartFromNothingToReady(t *testing.T) {
	t.Parallel()
	for _, d := range []deployment{llama405B, llama70B} {
		t.Run(d.profile, func(t *testing.T) {
			t.Parallel()
			ns, place := seat(t, d.seat)
			args := []string{
				"up", "-n", ns, "--profile", d.profile, "--checkpoint", d.checkpoint,
				"--pathways-bucket", "gs://pathways-scratch",
			}
			term := shared.onTerminal(t, 140, 44, append(args, place...)...)
			term.see("Milestones", "LeaderWorkerSet", "webhook")
			// Each screen shows at least what the one before it did.
			seen := 0
			screen := term.await("READY", 2*time.Minute, func(screen string) bool {
				now := len(reached(screen))
				if now < seen {
					t.Errorf("%d milestones were reached, and then %d:\n%s", seen, now, screen)
				}
				seen = now
				return strings.Contains(screen, "READY for") && strings.Contains(screen, "✓ ready")
			})
			for _, step := range []string{
				"✓ LeaderWorkerSet", "✓ webhook", "✓ applied", "✓ scheduled", "✓ images pulled", "✓ resource manager",
				"✓ workers 4/4", "✓ slices", "✓ proxy", "✓ restore", "✓ weights", "✓ warm-up 14/14", "✓ server", "✓ serving", "✓ ready",
			} {
				if !strings.Contains(screen, step) {
					t.Errorf("no %q on the screen", step)
				}
			}
			for _, text := range []string{"leader", "4/4", "worker 4", "5/5", d.profile, "connected", "> ask the model"} {
				if !strings.Contains(screen, text) {
					t.Errorf("no %q on the screen", text)
				}
			}
			if t.Failed() {
				t.Logf("the screen:\n%s", screen)
			}
			term.press("q")
			code, left := term.wait()
			if code != 0 || !strings.Contains(left, "Ready") || !strings.Contains(left, "generate") {
				t.Errorf("exit code %d, and this was left:\n%s", code, left)
			}
		})
	}
}

func TestTheDashboardShowsWhatHappensToPods(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one405B)
	shared.mustUp(t, ns, llama405B, place...)
	term := shared.onTerminal(t, 120, 40, "monitor", "-n", ns)
	term.see("READY for", "worker 3")

	// A text shown in full, and the log of a worker.
	term.press("G")
	term.press("y")
	term.see("kind: Pod", "jetstream-pathways-0-4")
	term.press("q")
	term.see("Milestones")
	term.press("l")
	term.see("worker 4/worker", "server_lib.cc")

	before := shared.kubectl(t, "get", "pod", "-n", ns, "jetstream-pathways-0", "-o", "jsonpath={.metadata.uid}")
	shared.kubectl(t, "delete", "pod", "-n", ns, "jetstream-pathways-0-2", "--wait=false")
	term.await("the group going", time.Minute, func(screen string) bool { return !strings.Contains(screen, "READY for") })
	term.await("the group back", 2*time.Minute, func(screen string) bool {
		return strings.Contains(screen, "READY for") && strings.Contains(screen, "5/5")
	})
	if after := shared.kubectl(t, "get", "pod", "-n", ns, "jetstream-pathways-0", "-o", "jsonpath={.metadata.uid}"); after == before {
		t.Error("the leader is the one from before, so nothing was recreated")
	}
	term.press("1")
	term.see("[Groups]")
	term.press("e")
	term.see("[Events", "RecreateGroup")

	// An action from the dashboard asks first and does what it says.
	term.press("a")
	term.see("Actions on jetstream-pathways")
	term.press(keyEnter)
	term.see("Delete group 0?")
	term.press("y")
	term.await("the group going", time.Minute, func(screen string) bool { return !strings.Contains(screen, "READY for") })
	term.press(keyCtrlC)
	if code, left := term.wait(); code != 130 {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, left)
	}
}

func TestTheDashboardAndItsTerminal(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)
	shared.mustUp(t, ns, llama70B, place...)

	t.Run("it follows the size of the terminal", func(t *testing.T) {
		t.Parallel()
		term := shared.onTerminal(t, 120, 40, "monitor", "-n", ns)
		term.see("Milestones", "Chat", "READY for")
		term.resize(60, 15)
		term.await("one pane alone", time.Minute, func(screen string) bool {
			return strings.Contains(screen, "[Groups]") && !strings.Contains(screen, "Chat")
		})
		for line := range strings.Lines(term.Text()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > 60 {
				t.Errorf("a line of %d cells on a terminal of 60: %q", n, line)
			}
		}
		term.resize(140, 40)
		term.see("Milestones", "Chat", "READY for")
		term.press("q")
		if code, left := term.wait(); code != 0 || !strings.Contains(left, "Ready for") {
			t.Errorf("exit code %d\n%s", code, left)
		}
	})

	t.Run("a termination restores it", func(t *testing.T) {
		t.Parallel()
		term := shared.onTerminal(t, 80, 24, "monitor", "-n", ns)
		term.see("READY for")
		term.signal(syscall.SIGTERM)
		if code, left := term.wait(); code != 143 {
			t.Errorf("exit code %d\n%s", code, left)
		}
	})

	t.Run("it can be suspended and resumed", func(t *testing.T) {
		t.Parallel()
		shell := fmt.Sprintf("set -m; %s monitor -n %s; echo stopped with $?; read; fg >/dev/null; echo ended with $?", bin("kubectl-jetstream"), ns)
		term := shared.onTerminalWith(t, 80, 24, shared.command(t.Context(), "bash", "--norc", "-c", shell))
		term.see("READY for")
		term.press(keyCtrlZ)
		term.see("stopped with 148")
		if term.AltScreen() {
			t.Error("a suspended dashboard has the screen still")
		}
		term.press(keyEnter)
		term.await("the dashboard again", time.Minute, func(screen string) bool {
			return strings.Contains(screen, "READY for") && term.AltScreen()
		})
		term.press("q")
		if _, left := term.wait(); !strings.Contains(left, "stopped with 148") || !strings.Contains(left, "ended with 0") {
			t.Errorf("what the shell saw:\n%s", left)
		}
	})

	t.Run("a terminal that cannot move its cursor gets text", func(t *testing.T) {
		t.Parallel()
		cmd := shared.command(t.Context(), bin("kubectl-jetstream"), "up", "-n", ns)
		term := shared.onTerminalWith(t, 100, 30, withEnv(cmd, "TERM=dumb"))
		term.see("READY")
		if code, left := term.wait(); code != 0 || !strings.Contains(left, "lws/jetstream-pathways  unchanged") {
			t.Errorf("exit code %d\n%s", code, left)
		}
	})

	t.Run("the bare name opens it", func(t *testing.T) {
		t.Parallel()
		term := shared.onTerminal(t, 120, 40, "-n", ns)
		term.see("READY for", "Milestones", "worker 4")
		term.press("q")
		if code, left := term.wait(); code != 0 {
			t.Errorf("exit code %d\n%s", code, left)
		}
	})
}

// withEnv has a variable after those that a terminal sets.
func withEnv(cmd *exec.Cmd, variable string) *exec.Cmd {
	cmd.Args = append([]string{"env", variable, cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.Err = "/usr/bin/env", nil
	return cmd
}

func TestTheFormDeploysAndStays(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	term := shared.onTerminal(t, 120, 40, "-n", ns)
	term.see("llama-3.1-405b-v6e-4x4", "checkpoint", "pathways-bucket")
	term.press(keyDown + keyTab + "models/llama")
	term.see("gs://") // what is wrong with it, beside the field
	term.press("\x15" + llama405B.checkpoint + keyTab + "gs://pathways-scratch")
	term.see("kind: LeaderWorkerSet")
	term.press("\x13")
	term.await("READY", 2*time.Minute, func(screen string) bool { return strings.Contains(screen, "READY for") })
	term.press("q")
	if code, left := term.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, left)
	}
	expect(t, "status", shared.jetstream(t, "status", "-n", ns), 0, "Ready", llama405B.profile)
}
