package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

var talkedTo = deploymentRef{namespace: "models", name: "llama"}

// said is a conversation of one turn that began at a minute.
func said(minute int, text string) []chat.Turn {
	begun := time.Date(2026, 3, 2, 14, minute, 0, 0, time.UTC)
	return []chat.Turn{{Number: 1, User: text, Answer: "An answer", State: chat.Done, Begun: begun}}
}

// chatHome is an app whose files are in a directory of the test.
func chatHome(t *testing.T) (a *app, home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("XDG_STATE_HOME", filepath.Join(home, "state"))
	t.Setenv("HOME", home)
	a, _ = testApp(t)
	return a, home
}

func plainSettings() chat.Settings {
	plain, _ := chat.BuiltIn("plain")
	return chat.Settings{Template: plain, System: "Be brief."}
}

func TestAConversationIsSavedForThisPersonAlone(t *testing.T) {
	a, home := chatHome(t)
	for _, tt := range []struct{ name, path, want string }{
		{"the usual place", "", ""},
		{"Markdown", filepath.Join(home, "a.md"), "> A question"},
		{"JSON, below the home directory", "~/b.json", `"user": "A question"`},
	} {
		path, err := a.saveChat(talkedTo, tt.path, plainSettings(), said(0, "A question"))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), tt.want) {
			t.Errorf("%s: %s, error %v", tt.name, text, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, error %v", tt.name, info.Mode(), err)
		}
	}
	if info, err := os.Stat(filepath.Join(home, "state", "kubectl-jetstream", "chats")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, error %v", info, err)
	}
}

func TestWhatCannotBeSaved(t *testing.T) {
	a, home := chatHome(t)
	taken := filepath.Join(home, "taken.md")
	if err := os.WriteFile(taken, []byte("of somebody else"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path string
		turns      []chat.Turn
		want       string
	}{
		{"nothing was said", "", nil, "nothing has been said yet"},
		{"a form that is not known", filepath.Join(home, "a.txt"), said(0, "x"), "let it end in .md or .json"},
		{"a file that exists", taken, said(0, "x"), "exists; name a file that does not"},
		{"a directory that does not", filepath.Join(home, "no", "a.md"), said(0, "x"), "no such file or directory"},
	} {
		if _, err := a.saveChat(talkedTo, tt.path, plainSettings(), tt.turns); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "of somebody else" {
		t.Errorf("the file that existed holds %q, error %v", text, err)
	}
}

func TestTheConversationThatWasKeptLastGoesOn(t *testing.T) {
	a, _ := chatHome(t)
	if _, err := a.latestChat(talkedTo); err == nil || !strings.Contains(err.Error(), "--keep keeps one") {
		t.Errorf("before any was kept: %v", err)
	}
	clock := time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)
	keep := func(turns []chat.Turn) string {
		path, err := a.saveChat(talkedTo, "", plainSettings(), turns)
		if err != nil {
			t.Fatal(err)
		}
		// File systems may tell times apart only roughly.
		clock = clock.Add(time.Minute)
		if err := os.Chtimes(path, clock, clock); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := keep(said(0, "An early question"))
	keep(said(1, "A later question"))
	longer := append(said(0, "An early question"), chat.Turn{Number: 2, User: "One more", Answer: "Another answer", State: chat.Done})
	if again := keep(longer); again != first {
		t.Errorf("one conversation is kept in %s and in %s", first, again)
	}
	got, err := a.latestChat(talkedTo)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(longer, got.Turns); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	if got.System != "Be brief." || got.Template != "plain" || got.Deployment != "models/llama" {
		t.Errorf("conversation %+v", got)
	}
}

func TestTheConversationsThatWereKeptFirstMakeRoom(t *testing.T) {
	a, _ := chatHome(t)
	clock := time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)
	var paths []string
	for i := range mostChats {
		path, err := a.saveChat(talkedTo, "", plainSettings(), said(i+1, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		clock = clock.Add(time.Minute)
		if err := os.Chtimes(path, clock, clock); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	// One that began before all others and is kept now is no old one.
	path, err := a.saveChat(talkedTo, "", plainSettings(), said(0, "old"))
	if err != nil {
		t.Fatal(err)
	}
	for kept, want := range map[string]bool{path: true, paths[0]: false, paths[1]: true} {
		if _, err := os.Stat(kept); (err == nil) != want {
			t.Errorf("%s: error %v, kept %t", filepath.Base(kept), err, want)
		}
	}
}

func TestAConversationWhoseTemplateIsGoneSaysSo(t *testing.T) {
	a, home := chatHome(t)
	stderr := a.ErrOut.(fmt.Stringer)
	layout := filepath.Join(home, "own.yaml")
	if err := os.WriteFile(layout, []byte("turn: \"{user} {answer}\"\nprompt: \"{user}\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(home)
	own, err := chatTemplate("own.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.saveChat(talkedTo, "", chat.Settings{Template: own}, said(0, "x")); err != nil {
		t.Fatal(err)
	}
	// From another directory the file is found all the same.
	t.Chdir(t.TempDir())
	o := &chatOptions{app: a}
	if _, err := o.earlier(talkedTo); err != nil || o.flags.taken == nil || strings.Contains(stderr.String(), "template") {
		t.Errorf("error %v, template %v, said %q", err, o.flags.taken, stderr)
	}
	if err := os.Remove(layout); err != nil {
		t.Fatal(err)
	}
	o = &chatOptions{app: a}
	if _, err := o.earlier(talkedTo); err != nil || o.flags.taken != nil || !strings.Contains(stderr.String(), "Its chat template is not used") {
		t.Errorf("error %v, template %v, said %q", err, o.flags.taken, stderr)
	}
}

func TestATemplateFileIsNotReadWithoutEnd(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, make([]byte, maxTemplate+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, "/dev/zero"} {
		if _, err := os.Stat(name); err != nil {
			continue // not a system with such a device
		}
		if _, err := chatTemplate(name); err == nil || !strings.Contains(err.Error(), "which no template is") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
