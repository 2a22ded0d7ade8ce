package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// descendants lists the live processes below a process, itself included, with their
// command lines.
func descendants(t *testing.T, root int) map[int]string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	parents := map[int]int{}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // has just ended
		}
		// pid (command) state parent …; a command may contain spaces and parentheses.
		text := string(stat)
		var pid, parent int
		var state string
		if _, err := fmt.Sscan(text, &pid); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(text[strings.LastIndex(text, ")")+1:], &state, &parent); err != nil {
			t.Fatal(err)
		}
		if state != "Z" {
			parents[pid] = parent
		}
	}
	found := map[int]string{}
	for pid := range parents {
		for at := pid; at > 1; at = parents[at] {
			if at == root {
				cmdline, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline")) // empty if just ended
				found[pid] = strings.ReplaceAll(string(cmdline), "\x00", " ")
				break
			}
		}
	}
	return found
}

// alive returns those of the processes that still run the same command.
func alive(processes map[int]string) []string {
	var left []string
	for pid, command := range processes {
		cmdline, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
		if err == nil && len(cmdline) > 0 && strings.ReplaceAll(string(cmdline), "\x00", " ") == command {
			left = append(left, fmt.Sprintf("%d %s", pid, command))
		}
	}
	return left
}

// foreground starts `jetstream-sandbox up` as a child and returns once it is up and
// LeaderWorkerSet, which is a child of its own, runs in it.
func foreground(t *testing.T, args ...string) (*exec.Cmd, *cluster) {
	t.Helper()
	dir, err := os.MkdirTemp("", "jsb-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			tellLogs(t, dir)
		}
		_ = os.RemoveAll(dir)
	})
	// The test's context ends before its cleanups, which still need the sandbox.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), bin("jetstream-sandbox"), append([]string{"up", "--dir", dir, "--speed", speed}, args...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // fails if the test has ended it
		_ = cmd.Wait()
	})
	c := &cluster{dir: dir}
	eventually(t, 30*time.Second, func() (bool, string) {
		out, err := exec.CommandContext(t.Context(), bin("jetstream-sandbox"), "kubeconfig", "--dir", dir).CombinedOutput()
		c.kubeconfig = strings.TrimSpace(string(out))
		return err == nil, string(out)
	})
	eventually(t, 30*time.Second, func() (bool, string) {
		r := c.run(t, "", bin("kubectl"), "get", "nodes", "--no-headers")
		return r.code == 0 && strings.Contains(r.stdout, " Ready "), r.String()
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.installLWS(ctx); err != nil {
		t.Fatal(err)
	}
	return cmd, c
}

// tellLogs shows how the logs of a sandbox end: a test that has failed may be one whose
// sandbox had.
func tellLogs(t *testing.T, dir string) {
	t.Helper()
	const most = 6000
	for _, name := range []string{"sandbox.log", "kubernetes.log"} {
		text, err := os.ReadFile(filepath.Join(dir, "logs", name))
		if err != nil {
			t.Log(err)
			continue
		}
		t.Logf("%s ends with\n%s", name, text[max(len(text)-most, 0):])
	}
}

func TestAKilledSandboxLeavesNoChildBehind(t *testing.T) {
	t.Parallel()
	cmd, _ := foreground(t)
	family := descendants(t, cmd.Process.Pid)
	if len(family) < 2 {
		t.Fatalf("the sandbox runs without a controller process, so this test would see nothing: %v", family)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	eventually(t, 10*time.Second, func() (bool, string) {
		left := alive(family)
		return len(left) == 0, strings.Join(left, "\n")
	})
}

func TestAStoppedSandboxLeavesNoProcessAndAnswersNoMore(t *testing.T) {
	t.Parallel()
	cmd, c := foreground(t)
	family := descendants(t, cmd.Process.Pid)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("a terminated sandbox: %v", err)
	}
	if left := alive(family); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
	if r := c.run(t, "", bin("kubectl"), "get", "nodes", "--request-timeout=2s"); r.code == 0 {
		t.Errorf("the API server still answers: %s", r)
	}
}

// listeners reads the TCP listeners of the given processes from /proc.
func listeners(t *testing.T, processes map[int]string) []string {
	t.Helper()
	inodes := map[string]bool{}
	for pid := range processes {
		links, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
		for _, link := range links {
			if target, err := os.Readlink(link); err == nil && strings.HasPrefix(target, "socket:[") {
				inodes[strings.Trim(target, "socket:[]")] = true
			}
		}
	}
	var found []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table)
		if err != nil {
			continue // a kernel without IPv6
		}
		const listening = "0A"
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if fields := strings.Fields(lines.Text()); len(fields) > 9 && fields[3] == listening && inodes[fields[9]] {
				found = append(found, fields[1])
			}
		}
		_ = f.Close()
	}
	return found
}

func TestNothingIsBoundOutsideLoopback(t *testing.T) {
	t.Parallel()
	cmd, _ := foreground(t)
	found := listeners(t, descendants(t, cmd.Process.Pid))
	if len(found) == 0 {
		t.Fatal("no listener found at all, so this test would see nothing")
	}
	for _, address := range found {
		// 127.0.0.1 in the kernel's byte order, and ::1.
		if !strings.HasPrefix(address, "0100007F:") && !strings.HasPrefix(address, "00000000000000000000000001000000:") {
			t.Errorf("a listener outside loopback: %s", address)
		}
	}
}

func TestRunPassesTheExitCodeOnAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "jsb-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cmd := exec.CommandContext(t.Context(), bin("jetstream-sandbox"), "run", "--dir", dir, "--", "sh", "-c",
		bin("kubectl")+" get --raw /readyz && exit 42")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 42 {
		t.Errorf("exit code %d (%v), want 42\n%s", cmd.ProcessState.ExitCode(), err, out)
	}
	if r := (&cluster{dir: dir}).run(t, "", bin("jetstream-sandbox"), "status", "--dir", dir); r.code == 0 {
		t.Errorf("the sandbox still runs: %s", r)
	}
}
