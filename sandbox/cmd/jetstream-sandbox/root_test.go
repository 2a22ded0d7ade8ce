package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/control"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
)

// call runs one command line where no sandbox runs.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, streams{in: os.Stdin, out: &out, err: &errs})
	return code, out.String(), errs.String()
}

func TestWrongCommandLinesAreExplained(t *testing.T) {
	t.Setenv(statedir.EnvDir, t.TempDir())
	for _, tc := range []struct {
		name     string
		args     []string
		wantCode int
		want     string
	}{
		{"no command", nil, exitUsage, "Available Commands"},
		{"an unknown flag", []string{"up", "--fast"}, exitUsage, "unknown flag: --fast"},
		{"an argument too many", []string{"down", "now"}, exitUsage, "jetstream-sandbox down --help"},
		{"a pool that is none", []string{"up", "--pool", "np"}, exitUsage, "--pool: node pool \"np\""},
		{"a speed of zero", []string{"up", "--speed", "0"}, exitUsage, "--speed 0"},
		{"a speed that is no number", []string{"up", "--speed", "NaN"}, exitUsage, "--speed NaN"},
		{"an unknown scenario", []string{"up", "--scenario", "rain"}, exitUsage, "happy"},
		{"an unknown scenario to set", []string{"scenario", "set", "rain"}, exitUsage, "happy"},
		{"an unknown output", []string{"status", "-o", "xml"}, exitUsage, "json"},
		{"nothing to run", []string{"run"}, exitUsage, "run --help"},
		{"a command that does not exist", []string{"run", "--", "no-such-command"}, exitNotFound, "no-such-command"},
		{"the status of no sandbox", []string{"status"}, exitNotRunning, "jetstream-sandbox up"},
		{"the kubeconfig of no sandbox", []string{"kubeconfig"}, exitNotRunning, "jetstream-sandbox up"},
		{"a scenario for no sandbox", []string{"scenario", "set", "happy"}, exitNotRunning, "jetstream-sandbox up"},
		{"an API server that is away for less than no time", []string{"restart-apiserver", "--away", "-1s"}, exitUsage, "--away -1s"},
		{"the API server of no sandbox", []string{"restart-apiserver"}, exitNotRunning, "jetstream-sandbox up"},
		{"the end of no sandbox", []string{"down"}, exitOK, "no sandbox runs in"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, stdout, stderr := call(t, tc.args...)
			if code != tc.wantCode || !strings.Contains(stderr, tc.want) {
				t.Errorf("exit code %d, want %d; the error should tell %q:\n%s", code, tc.wantCode, tc.want, stderr)
			}
			if stdout != "" {
				t.Errorf("words for people went to standard output: %q", stdout)
			}
		})
	}
}

func TestScenariosCanBeListedWithoutASandbox(t *testing.T) {
	t.Setenv(statedir.EnvDir, t.TempDir())
	code, stdout, stderr := call(t, "scenario", "list")
	if code != exitOK || !strings.Contains(stdout, "happy") || strings.Contains(stdout, "*") {
		t.Errorf("exit code %d, output %q, error %q", code, stdout, stderr)
	}
	if code, stdout, _ = call(t, "scenario", "show", "happy"); code != exitOK || !strings.Contains(stdout, "PROVENANCE") {
		t.Errorf("exit code %d, output %q", code, stdout)
	}
}

func TestADirectoryThatIsNoSandboxIsNotDeleted(t *testing.T) {
	t.Setenv(statedir.EnvDir, "")
	dir := t.TempDir()
	code, _, stderr := call(t, "down", "--delete", "--dir", dir)
	if code != exitFailed || !strings.Contains(stderr, "holds no sandbox") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

func TestTheBackgroundProcessGetsTheSameOptions(t *testing.T) {
	t.Parallel()
	up := newUp(streams{})
	err := up.Flags().Parse([]string{"--detach", "--dir", "x", "--pool", "default", "--pool", "name=a,topology=4x4", "--speed", "10", "--scenario=happy"})
	if err != nil {
		t.Fatal(err)
	}
	state, err := statedir.At("/abs")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"up", "--" + reportFlag, "--dir=/abs", "--pool=default", "--pool=name=a,topology=4x4", "--scenario=happy", "--speed=10"}
	if diff := cmp.Diff(want, detachedArgs(up, state)); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestTheReportOfAStartIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	ready, err := json.Marshal(report{Ready: &control.Status{PID: 7}})
	if err != nil {
		t.Fatal(err)
	}
	stage := `{"stage":"the API server answers"}` + "\n"
	for _, tc := range []struct {
		name, reports, wantErr string
	}{
		{"a start that succeeds", stage + string(ready) + "\n", ""},
		{"a start that fails", stage + `{"failed":"no space left"}` + "\n", "no space left"},
		{"a process that dies", stage, "ended while it was starting"},
		{"something else", "panic: oh\n", "reading the report"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var shown bytes.Buffer
			status, err := follow(strings.NewReader(tc.reports), &shown)
			if tc.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
					t.Errorf("error %v, want %q", err, tc.wantErr)
				}
				return
			}
			if err != nil || status.PID != 7 || !strings.Contains(shown.String(), "the API server answers") {
				t.Errorf("status %+v, %v; shown %q", status, err, &shown)
			}
		})
	}
}

func TestWordsAreQuotedForTheShellWhereTheyMustBe(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"/tmp/x-1_2": "/tmp/x-1_2", "": "''", "/my dir": "'/my dir'", "it's": `'it'\''s'`, "$HOME": "'$HOME'",
	} {
		if got := quote(word); got != want {
			t.Errorf("%q became %s, want %s", word, got, want)
		}
	}
}

func TestTheExitCodeOfACommandIsPassedOn(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]int{"exit 0": exitOK, "exit 42": 42, "kill -TERM $$": 128 + int(syscall.SIGTERM)} {
		err := commandError([]string{"sh"}, exec.CommandContext(t.Context(), "sh", "-c", script).Run())
		got := exitOK
		if exit, ok := err.(*exitError); ok { //nolint:errorlint // it is made by the function under test
			got = exit.code
		}
		if got != want {
			t.Errorf("%q: exit code %d (%v), want %d", script, got, err, want)
		}
	}
}

func TestTheStatusTellsWhatIsSimulated(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var out bytes.Buffer
	err := printStatus(&out, control.Status{
		PID: 7, Started: started, Dir: "/d", Kubeconfig: "/d/kubeconfig", Server: "https://127.0.0.1:6443", Version: "v1.36.3",
		LWSVersion: "v0.9.0", Scenario: "happy", Speed: 10, TokensPerSecond: 30,
		Pools: []control.Pool{{Name: "cpu", Nodes: 1, Machine: "n2-standard-32"}, {Name: "np", Nodes: 4, Machine: "ct6e-standard-4t", Accelerator: "tpu-v6e-slice", Topology: "4x4"}},
		Real:  []string{"etcd"}, Simulated: []string{"nodes", "the model"},
	}, started.Add(90*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	want := `RUNNING     process 7, for 90s
DIRECTORY   /d
KUBECONFIG  /d/kubeconfig
SERVER      https://127.0.0.1:6443, Kubernetes v1.36.3
LWS         the image of v0.9.0 runs, no other
NODE POOLS  cpu: 1 × n2-standard-32
            np: 4 × ct6e-standard-4t, tpu-v6e-slice 4x4
SCENARIO    happy
SPEED       simulated durations / 10, 30 tokens/s, seed 0
REAL        etcd
SIMULATED   nodes, the model
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}
