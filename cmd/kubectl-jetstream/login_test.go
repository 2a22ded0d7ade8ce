package main

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// pluginConfig is a kubeconfig whose credentials come from a shell script.
func pluginConfig(t *testing.T, mode, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	config := strings.ReplaceAll(kubeconfig, "{token: t}", `{exec: {
    apiVersion: client.authentication.k8s.io/v1, interactiveMode: `+mode+`,
    command: sh, args: ["-c", '`+script+`']}}`)
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoggingInRunsTheCredentialPluginAlone(t *testing.T) {
	t.Parallel()
	seen := filepath.Join(t.TempDir(), "seen")
	const answer = `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}`
	tests := []struct {
		name, mode, script string
		want               string // in the error; none where empty
	}{
		{"a plugin that has credentials", "IfAvailable", "echo run >> " + seen + "; echo " + strings.ReplaceAll(answer, `"`, `\"`), ""},
		{"a plugin that fails", "Never", "exit 3", "failed with exit code 3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := testApp(t)
			*a.cluster.flags.KubeConfig = pluginConfig(t, tt.mode, tt.script)
			a.cluster.unattended.Store(true)
			err := a.cluster.logIn()
			if tt.want == "" {
				if runs, _ := os.ReadFile(seen); err != nil || string(runs) != "run\n" {
					t.Errorf("%v; the plugin saw %q", err, runs)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %q in it", err, tt.want)
			}
			if p := a.explain(t.Context(), err); !strings.Contains(strings.Join(p.remedy, "\n"), "stands above") {
				t.Errorf("explained as %+v", p)
			}
		})
	}
}

func TestOnlyADashboardKeepsPluginsFromTheKeyboard(t *testing.T) {
	t.Parallel()
	a, _ := testApp(t)
	*a.cluster.flags.KubeConfig = pluginConfig(t, "IfAvailable", "exit 1")
	for _, dashboard := range []bool{false, true, false} {
		a.cluster.unattended.Store(dashboard)
		cfg, err := a.cluster.config()
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.ExecProvider.StdinUnavailable; got != dashboard {
			t.Errorf("with a dashboard %v, standard input is unavailable: %v", dashboard, got)
		}
	}
}

func TestAFailedPluginIsExplainedByWhereItsWordsAre(t *testing.T) {
	t.Parallel()
	failed := &url.Error{Op: "Get", URL: "https://203.0.113.1", Err: errors.New("getting credentials: exec: executable p failed with exit code 1")}
	a, stderr := testApp(t)
	held := &lockedWriter{w: stderr}
	a.ErrOut = held
	for _, step := range []struct {
		do   func()
		want string
	}{{func() {}, "stands above"}, {held.hold, "is printed when you leave"}, {held.release, "stands above"}} {
		step.do()
		if got := strings.Join(a.explain(t.Context(), failed).remedy, "\n"); !strings.Contains(got, "what it said "+step.want) {
			t.Errorf("%q, want %q in it", got, step.want)
		}
	}
}
