package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update rewrites goldens and the expected output in scripts.
var update = flag.Bool("update", false, "rewrite golden files and scripts")

func TestMain(m *testing.M) {
	testscript.Main(ownState{m}, map[string]func(){
		"kubectl-jetstream": main,
		"jetstream":         main,
	})
}

// ownState runs the tests with directories of their own, so that what runs in this
// process keeps no logs among the developer's, and is not configured as theirs.
type ownState struct{ testscript.TestingM }

func (s ownState) Run() int {
	dir, err := os.MkdirTemp("", "jetstream-state-")
	if err == nil {
		err = errors.Join(os.Setenv("XDG_STATE_HOME", dir), os.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config")))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	return s.TestingM.Run()
}

// TestScripts runs the real program, as its own process, by scripts.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"apiserver": startCannedServer,
		},
		Setup: func(env *testscript.Env) error {
			// No kubeconfig but the script's own, whatever the machine has.
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("KUBECONFIG", "")
			// Nor its programs: only this one is on the PATH, in the first
			// directory.
			own, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			env.Setenv("PATH", own)
			return nil
		},
	})
}

// exits runs `exits CODE COMMAND…`: the command must end with that code.
// Its output can be examined with stdout and stderr as after exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = exitStatus(err)
	}
	if got != args[0] {
		ts.Fatalf("%v: exit code %s, want %s", args[1:], got, args[0])
	}
}
