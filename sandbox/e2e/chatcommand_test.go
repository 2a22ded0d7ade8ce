package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// ask runs generate, which must succeed, and returns what it prints.
func (c *cluster) ask(t *testing.T, ns string, args ...string) string {
	t.Helper()
	r := c.jetstream(t, append([]string{"generate", "-n", ns}, args...)...)
	if r.code != 0 {
		t.Fatalf("generate: %s", r)
	}
	return r.stdout
}

// TestAskingByCommand has a deployment of two groups, of which the second comes while
// the first is asked.
func TestAskingByCommand(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, two70B)
	shared.mustUp(t, ns, llama70B, place...)
	shared.kubectl(t, "scale", "-n", ns, "lws/jetstream-pathways", "--replicas=2")
	at := askable(ns)
	t.Run("an answer from each of two groups", at.eachGroup)
	t.Run("turns from a pipe see those before and can be kept", at.throughAPipe)
	t.Run("a conversation on a terminal", at.onATerminal)
	t.Run("generate sends what it is told to", at.asTold)
	t.Run("several samples are told apart", at.samples)
	t.Run("a prompt that is too long is refused or trimmed", at.tooLong)
	t.Run("an answer that nobody reads, or waits for, any more", at.cutOff)
	t.Run("without a port-forward nothing can be asked", at.withoutPermission)
}

// askable is a namespace with a deployment that answers.
type askable string

func (a askable) eachGroup(t *testing.T) {
	t.Parallel()
	ns := string(a)
	expect(t, "up after scaling", shared.jetstream(t, again(ns)...), 0, "READY")
	for group, pod := range map[string]string{"0": "jetstream-pathways-0", "1": "jetstream-pathways-1"} {
		var answer struct {
			Text, Pod string
			Complete  bool
		}
		text := shared.ask(t, ns, "--group", group, "-o", "json", "Briefly: what is a TPU?")
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if answer.Pod != pod || !answer.Complete || !strings.Contains(answer.Text, "simulat") {
			t.Errorf("the answer of group %s: %+v", group, answer)
		}
	}
	expect(t, "generate of a third group", shared.jetstream(t, "generate", "-n", ns, "--group", "2", "hello"), 1, "no group 2", "2 groups")

	term := shared.onTerminal(t, 120, 30, "chat", "-n", ns, "--group", "1")
	term.see("ask the model")
	const said = "Briefly: which group is it?"
	term.say(said)
	term.answered(said)
	term.say("/stats")
	term.see("from jetstream-pathways-1")
}

// keptIn is the file that a conversation is kept in, as a command says.
var keptIn = regexp.MustCompile(`(?m)^The conversation is kept in (.+)\.$`)

func (a askable) throughAPipe(t *testing.T) {
	t.Parallel()
	ns := string(a)
	const one, two, three = "Briefly: name a planet", "How far is it", "Briefly: and its moons"
	chat := []string{"chat", "-n", ns, "--max-tokens", "60"}
	r := shared.run(t, one+"\n"+two+"\n", bin("kubectl-jetstream"), append(chat, "--keep")...)
	expect(t, "chat", r, 0)
	first, second, _ := strings.Cut(r.stdout, "\n")
	// The second turn is the model's answer to both, in the profile's template.
	inContext := strings.TrimSpace(shared.ask(t, ns, "--raw", "--max-tokens", "60", "[INST] "+one+" [/INST] "+first+" [INST] "+two+" [/INST]"))
	alone := strings.TrimSpace(shared.ask(t, ns, "--max-tokens", "60", two))
	if strings.TrimSpace(second) != inContext || inContext == alone {
		t.Errorf("the second turn is answered\n%s\nwant\n%s\nwithout the first it would be\n%s", second, inContext, alone)
	}

	kept := func(r result) string {
		t.Helper()
		found := keptIn.FindStringSubmatch(r.stderr)
		if found == nil {
			t.Fatalf("nothing is kept: %s", r)
		}
		info, err := os.Stat(found[1])
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode(); mode != 0o600 {
			t.Errorf("what is kept has mode %v", mode)
		}
		return found[1]
	}
	path := kept(r)
	more := shared.run(t, three+"\n", bin("kubectl-jetstream"), append(chat, "--continue")...)
	expect(t, "chat --continue", more, 0, "Going on with the conversation of")
	if now := kept(more); now != path {
		t.Errorf("the conversation is kept in %s and was in %s", now, path)
	}
	var said struct {
		Turns []struct{ User, Answer, State string }
	}
	if err := json.Unmarshal([]byte(readFile(t, path)), &said); err != nil {
		t.Fatal(err)
	}
	var users []string
	for _, turn := range said.Turns {
		users = append(users, turn.User)
	}
	if strings.Join(users, "|") != one+"|"+two+"|"+three || said.Turns[2].Answer != strings.TrimSpace(more.stdout) {
		t.Errorf("kept is %+v, and the last answer was %s", said, more)
	}
}

func (a askable) onATerminal(t *testing.T) {
	t.Parallel()
	ns := string(a)
	term := shared.onTerminal(t, 100, 30, "chat", "-n", ns)
	term.see("[Chat", "ask the model")
	if screen := term.Text(); strings.Contains(screen, "Milestones") {
		t.Errorf("more than the conversation is shown:\n%s", screen)
	}
	const stopped, said = "Write a long essay about tea", "Give me a table for tea"
	term.say(stopped)
	term.answering(stopped)
	term.press(keyCtrlC)
	term.see("stopped · ", "> ask the model")
	term.say(said)
	if answer := term.answered(said); !strings.Contains(answer, "aspect") || strings.Contains(answer, "|---|") {
		t.Errorf("the table is not drawn as one:\n%s", answer)
	}
	path := filepath.Join(t.TempDir(), "tea.md")
	term.say("/save " + path)
	term.see("the conversation is saved in")
	if text := readFile(t, path); !strings.Contains(text, stopped) || !strings.Contains(text, said) {
		t.Errorf("saved is\n%s", text)
	}

	// Behind it is the dashboard.
	term.press(keyEsc)
	term.see("enter or i types here")
	term.press("z")
	term.see("Milestones", "5/5")
	term.press("q")
	if code, left := term.wait(); code != 0 || strings.Contains(left, "is kept in") {
		t.Errorf("exit code %d\n%s", code, left)
	}
}

func (a askable) asTold(t *testing.T) {
	t.Parallel()
	ns := string(a)
	const system, prompt = "Speak of the sea.", "What is a wave?"
	raw := shared.ask(t, ns, "--raw", "--max-tokens", "40", "[INST] <<SYS>>\n"+system+"\n<</SYS>>\n\n"+prompt+" [/INST]")
	if !strings.HasPrefix(raw, " ") || strings.HasSuffix(raw, "\n") {
		t.Errorf("a raw answer is not left as it is: %q", raw)
	}
	told := shared.ask(t, ns, "--max-tokens", "40", "--system", system, prompt)
	untold := shared.ask(t, ns, "--max-tokens", "40", prompt)
	if strings.TrimSpace(told) != strings.TrimSpace(raw) || told == untold || !strings.HasSuffix(told, "\n") {
		t.Errorf("with a system prompt:\n%s\nwant\n%s\nwithout one:\n%s", told, raw, untold)
	}
	expect(t, "generate with --raw and --system", shared.jetstream(t, "generate", "-n", ns, "--raw", "--system", system, prompt), 2, "leave out")
}

func (a askable) samples(t *testing.T) {
	t.Parallel()
	ns := string(a)
	text := shared.ask(t, ns, "--samples", "3", "--max-tokens", "10", "-o", "jsonl", "What is a TPU?")
	texts, ends := map[int]string{}, map[int]int{}
	for line := range strings.Lines(text) {
		var piece struct {
			Sample   int
			Text     *string
			Complete bool
			Pod      string
		}
		if err := json.Unmarshal([]byte(line), &piece); err != nil {
			t.Fatalf("%v in line %q", err, line)
		}
		switch {
		case piece.Text != nil:
			texts[piece.Sample] += *piece.Text
		case piece.Complete && strings.HasPrefix(piece.Pod, "jetstream-pathways-"):
			ends[piece.Sample]++
		}
	}
	want := strings.TrimSpace(shared.ask(t, ns, "--max-tokens", "10", "What is a TPU?"))
	for sample := 1; sample <= 3; sample++ {
		if texts[sample] != want || ends[sample] != 1 {
			t.Errorf("sample %d ends %d times and is %q, want %q:\n%s", sample, ends[sample], texts[sample], want, text)
		}
	}
	if len(texts) != 3 {
		t.Errorf("there are %d samples:\n%s", len(texts), text)
	}
}

func (a askable) tooLong(t *testing.T) {
	t.Parallel()
	ns := string(a)
	prompt := strings.Repeat("word ", 3000) + "Briefly: what is rain?"
	refused := shared.run(t, prompt, bin("kubectl-jetstream"), "generate", "-n", ns)
	expect(t, "generate", refused, 1, "too long", "the model takes 1024")
	if refused.stdout != "" {
		t.Errorf("it was sent nevertheless: %s", refused)
	}
	trimmed := shared.run(t, prompt, bin("kubectl-jetstream"), "generate", "-n", ns, "--trim")
	expect(t, "generate --trim", trimmed, 0, "its beginning was left out", "rain")
	// A chat on a terminal says it while it is typed, and keeps the text.
	term := shared.onTerminal(t, 100, 30, "chat", "-n", ns)
	term.see("ask the model")
	term.say("\x1b[200~" + prompt + "\x1b[201~")
	term.see("the text is too long", "what is rain?")
	if screen := term.Text(); strings.Contains(screen, "You  ") {
		t.Errorf("it was sent nevertheless:\n%s", screen)
	}
}

func (a askable) cutOff(t *testing.T) {
	t.Parallel()
	ns := string(a)
	const essay = "Write a long essay about tea"
	piped := bin("kubectl-jetstream") + ` generate -n "$0" "$1" | head -c 1; echo " ${PIPESTATUS[0]}"`
	r := shared.run(t, "", "bash", "-c", piped, ns, essay)
	if fields := strings.Fields(r.stdout); len(fields) != 2 || len(fields[0]) != 1 || fields[1] != "141" || r.stderr != "" {
		t.Errorf("into a pipe that is closed: %s", r)
	}
	p := shared.start(t, "generate", "-n", ns, essay)
	p.await(t, "simulat")
	if code := p.end(t, syscall.SIGINT); code != 130 {
		t.Errorf("interrupted: exit code %d\n%s", code, p.printed())
	}
	if text := p.printed(); strings.Contains(text, "error") {
		t.Errorf("interrupted, it says\n%s", text)
	}
}

func (a askable) withoutPermission(t *testing.T) {
	t.Parallel()
	ns := string(a)
	viewer := shared.user(t, ns, "viewer")
	rules := without(without(documentedRole(t, "viewer").Rules, "get", "pods/portforward"), "create", "pods/portforward")
	shared.grantInNamespace(t, ns, "viewer", rules)
	says := []string{"not permitted to", "pods/portforward", "docs/rbac/viewer.yaml", "can grant it"}
	expect(t, "chat", viewer.run(t, "hello\n", bin("kubectl-jetstream"), "chat"), 1, says...)
	expect(t, "generate", viewer.jetstream(t, "generate", "hello"), 1, says...)

	term := viewer.onTerminal(t, 160, 40, "monitor")
	term.see("Milestones", "ask the model")
	term.press("5" + keyCtrlO)
	term.say("hello")
	term.see(append(says, "failed: ", "ctrl+r or /retry asks again")...)
	term.press(keyEsc)
	term.see("enter or i types here")
	term.press("q")
	if code, left := term.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, left)
	}
}
