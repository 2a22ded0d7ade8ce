package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestADashboardThatLosesItsTerminalRestoresIt(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	term := shared.onTerminal(t, 80, 24, "-n", ns)
	term.await("the dashboard", time.Minute, func(string) bool { return term.AltScreen() })
	term.signal(syscall.SIGHUP)
	if code, left := term.wait(); code != 129 {
		t.Errorf("exit code %d\n%s", code, left)
	}
}

// credentialPlugin is the cluster as a user sees it whose token comes from a program.
// That one says how often it ran, on standard error, and what it returns
// is to be renewed at once; it fails from the run on that fails says.
// All but the first take long enough for a dashboard to have the screen by then.
func (c *cluster) credentialPlugin(t *testing.T, ns string, fails int) (user *cluster, ran func() int) {
	t.Helper()
	user = c.user(t, ns, "plugin")
	c.kubectl(t, "create", "clusterrolebinding", ns+"-plugin", "--clusterrole=cluster-admin", "--serviceaccount="+ns+":plugin")
	token := user.kubectl(t, "config", "view", "--raw", "-o", `jsonpath={.users[?(@.name=="plugin")].user.token}`)
	dir := t.TempDir()
	runs, plugin := filepath.Join(dir, "runs"), filepath.Join(dir, "plugin")
	script := fmt.Sprintf(`#!/bin/sh
touch %[1]s
n=$(($(wc -l < %[1]s) + 1))
test "$n" = 1 || sleep 1
echo "PLUGIN RUN $n, keyboard: $(test -t 0 && echo yes || echo no)" >&2
echo run >> %[1]s
test "$n" -lt %[2]d || exit 1
cat <<END
{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
 "status": {"token": "%[3]s", "expirationTimestamp": "2020-01-01T00:00:00Z"}}
END
`, runs, fails, token)
	if err := os.WriteFile(plugin, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	user.kubectl(t, "config", "set-credentials", "by-plugin", "--exec-command", plugin,
		"--exec-api-version", "client.authentication.k8s.io/v1", "--exec-interactive-mode", "IfAvailable")
	user.kubectl(t, "config", "set-context", "--current", "--user=by-plugin")
	return user, func() int {
		text, _ := os.ReadFile(runs) // none before the first run
		return strings.Count(string(text), "\n")
	}
}

func TestACredentialPluginLeavesTheDashboardAlone(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	user, ran := shared.credentialPlugin(t, ns, 1000)
	term := user.onTerminal(t, 120, 40, "-n", ns)
	term.see("llama-3.1-405b-v6e-4x4", "checkpoint") // the form, once the server has been asked
	term.await("more runs", time.Minute, func(screen string) bool {
		if strings.Contains(screen, "PLUGIN") && term.AltScreen() {
			t.Fatalf("the plugin wrote into the dashboard:\n%s", screen)
		}
		return ran() >= 2
	})
	term.press(keyCtrlC)
	code, left := term.wait()
	if code != 130 || !strings.Contains(left, "PLUGIN RUN 1, keyboard: no") || !strings.Contains(left, "PLUGIN RUN 2, keyboard: no") {
		t.Errorf("exit code %d, and this was left:\n%s", code, left)
	}
}

func TestACredentialPluginThatFailsIsExplainedWithoutADashboard(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	user, _ := shared.credentialPlugin(t, ns, 1)
	term := user.onTerminal(t, 120, 40, "monitor", "-n", ns)
	code, left := term.wait()
	if code != 1 || !strings.Contains(left, "PLUGIN RUN 1") || !strings.Contains(left, "what it said stands above") {
		t.Errorf("exit code %d, and this was left:\n%s", code, left)
	}
}
