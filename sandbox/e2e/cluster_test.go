package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// speed divides the simulated durations in every test cluster: a restore of twelve
// minutes takes about four seconds.
const speed = "200"

// bin is the folder of the binaries under test, as the Makefile builds them.
func bin(name string) string {
	dir := os.Getenv("BIN")
	if dir == "" {
		dir = "../../bin"
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		panic(err) // only without a working directory
	}
	return path
}

// cluster is one running sandbox.
type cluster struct {
	dir        string
	kubeconfig string
	env        []string // further variables for every command
}

// startCluster starts a sandbox that lives until stop is called. Paths of unix
// sockets are short, so the folder is directly below the system's temporary one.
func startCluster(ctx context.Context, args ...string) (c *cluster, stop func() error, err error) {
	dir, err := os.MkdirTemp("", "jsb-")
	if err != nil {
		return nil, nil, err
	}
	args = append([]string{"up", "--detach", "--dir", dir}, args...)
	if !slices.Contains(args, "--speed") {
		args = append(args, "--speed", speed)
	}
	if out, err := exec.CommandContext(ctx, bin("jetstream-sandbox"), args...).CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("starting a sandbox: %w\n%s", err, out)
	}
	out, err := exec.CommandContext(ctx, bin("jetstream-sandbox"), "kubeconfig", "--dir", dir).Output()
	if err != nil {
		return nil, nil, fmt.Errorf("asking for the kubeconfig: %w", err)
	}
	c = &cluster{dir: dir, kubeconfig: strings.TrimSpace(string(out))}
	stop = func() error {
		out, err := exec.Command(bin("jetstream-sandbox"), "down", "--dir", dir).CombinedOutput() //nolint:noctx // stopping must not depend on the test's context
		if err != nil {
			return fmt.Errorf("stopping the sandbox: %w\n%s", err, out)
		}
		return os.RemoveAll(dir)
	}
	return c, stop, nil
}

// ownCluster starts a sandbox for one test alone.
func ownCluster(t *testing.T, args ...string) *cluster {
	t.Helper()
	c, stop, err := startCluster(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// command prepares a binary with the cluster's kubeconfig and a short life: no call
// of a test may hang.
func (c *cluster) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(),
		"KUBECONFIG="+c.kubeconfig,
		"PATH="+filepath.Dir(bin("kubectl"))+string(os.PathListSeparator)+os.Getenv("PATH"),
		"HOME="+c.dir,
		"XDG_STATE_HOME="+filepath.Join(c.dir, "state"),
		"XDG_CONFIG_HOME="+filepath.Join(c.dir, "config"),
	)
	cmd.Env = append(cmd.Env, c.env...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// result is what one call left.
type result struct {
	stdout, stderr string
	code           int
}

func (r result) String() string {
	return fmt.Sprintf("exit code %d\nstdout:\n%s\nstderr:\n%s", r.code, r.stdout, r.stderr)
}

// run executes a binary and returns what it left, whatever its exit code. It works in
// cleanups too, where the test's own context has ended.
func (c *cluster) run(t *testing.T, stdin, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*time.Minute)
	defer cancel()
	cmd := c.command(ctx, name, args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	err := cmd.Run()
	r := result{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
	if ctx.Err() != nil {
		t.Fatalf("%s %s: %v, %v\n%s", filepath.Base(name), strings.Join(args, " "), ctx.Err(), err, r)
	}
	return r
}

// kubectl runs the upstream kubectl and returns its standard output; it must succeed.
func (c *cluster) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	r := c.run(t, "", bin("kubectl"), args...)
	if r.code != 0 {
		t.Fatalf("kubectl %s: %s", strings.Join(args, " "), r)
	}
	return r.stdout
}

// apply applies YAML with the upstream kubectl.
func (c *cluster) apply(t *testing.T, yaml string, args ...string) {
	t.Helper()
	args = append([]string{"apply", "--server-side", "-f", "-"}, args...)
	if r := c.run(t, yaml, bin("kubectl"), args...); r.code != 0 {
		t.Fatalf("kubectl %s: %s", strings.Join(args, " "), r)
	}
}

// jetstream runs the plugin as kubectl would.
func (c *cluster) jetstream(t *testing.T, args ...string) result {
	t.Helper()
	return c.run(t, "", bin("kubectl-jetstream"), args...)
}

// namespaces counts the tests' namespaces, since long names of tests are cut.
var namespaces atomic.Int64

// namespace makes a namespace for one test and deletes it, with what is in it, when
// the test ends, so that its TPU nodes are free for the next one.
func (c *cluster) namespace(t *testing.T) string {
	t.Helper()
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-", ".", "-", "#", "").Replace(t.Name()))
	if len(name) > 40 {
		name = name[:40]
	}
	name = fmt.Sprintf("%s-%d", strings.Trim(name, "-"), namespaces.Add(1))
	c.kubectl(t, "create", "namespace", name)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		for _, args := range [][]string{
			{"delete", "leaderworkersets", "--all", "-n", name, "--cascade=foreground", "--timeout=30s"},
			{"delete", "namespace", name, "--wait=false"},
		} {
			if out, err := c.command(ctx, bin("kubectl"), args...).CombinedOutput(); err != nil {
				t.Errorf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
	})
	return name
}

// eventually polls a condition until it holds. The condition says what it saw, which
// is reported if it never holds.
func eventually(t *testing.T, within time.Duration, condition func() (ok bool, saw string)) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, saw := condition()
		if ok {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("not within %v; last seen:\n%s", within, saw)
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-tick.C:
		}
	}
}
