package logstore

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestNamesStayInsideTheStore(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{
		"jetstream-pathways", "a.b", "", ".", "..", "../..", "/etc/passwd", `..\..`, "A", "a", "%2E", "nul\x00", "Ω",
		strings.Repeat("x", 300), strings.Repeat("x", 301), strings.Repeat("X", 300),
	} {
		got := component(name)
		if got == "" || got[0] == '.' || len(got) > longestName || strings.ContainsAny(got, `/\:`+"\x00") || got != strings.ToLower(got) && !strings.Contains(got, "%") {
			t.Errorf("component(%q) is %q", name, got)
		}
		if other, ok := seen[strings.ToLower(got)]; ok {
			t.Errorf("%q and %q share %q", name, other, got)
		}
		seen[strings.ToLower(got)] = name
	}
	for _, server := range []string{"https://203.0.113.1:6443", "https://../../x", "", "http://[::1]:80/k8s/../../..", "https://203.0.113.1:6443/"} {
		dir := deploymentDir("/state", Key{Cluster: server, Namespace: "..", Name: ".."})
		rel, err := filepath.Rel("/state/"+deploymentsDir, dir)
		if err != nil || strings.Contains(rel, "..") || strings.Count(rel, "/") != 2 {
			t.Errorf("%q is kept in %s", server, dir)
		}
		if other, ok := seen[dir]; ok {
			t.Errorf("%q and %q share %s", server, other, dir)
		}
		seen[dir] = server
	}
}

func TestSegmentNamesAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	run := runName(server("a"))
	if got, n, ok := parseSegmentName(segmentName(run, 17)); !ok || got != run || n != 17 {
		t.Errorf("got %q, %d, %v", got, n, ok)
	}
	for _, name := range []string{"lock", ".log", "x.log", "x.-1.log", "x.1.log.swp", "x.y.log"} {
		if run, n, ok := parseSegmentName(name); ok {
			t.Errorf("%q is segment %d of %q", name, n, run)
		}
	}
}
