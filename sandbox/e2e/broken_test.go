package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAWrongConnectionIsExplained(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // only to find a port nobody listens on
	if err != nil {
		t.Fatal(err)
	}
	closedPort := l.Addr().String()
	_ = l.Close()

	copyConfig := func(t *testing.T, edit ...string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "config")
		if err := os.WriteFile(path, []byte(readFile(t, shared.kubeconfig)), 0o600); err != nil {
			t.Fatal(err)
		}
		if len(edit) > 0 {
			(&cluster{dir: shared.dir, kubeconfig: path}).kubectl(t, append([]string{"config"}, edit...)...)
		}
		return path
	}
	current := strings.TrimSpace(shared.kubectl(t, "config", "view", "--minify", "-o", "jsonpath={.clusters[0].name} {.users[0].name}"))
	clusterName, _, _ := strings.Cut(current, " ")

	for _, c := range []struct {
		name   string
		config func(*testing.T) string
		args   []string
		says   []string
	}{
		{"a kubeconfig that is not there", func(*testing.T) string { return "/nonexistent/config" }, nil, []string{"/nonexistent/config"}},
		{"a context that is not there", func(t *testing.T) string { t.Helper(); return copyConfig(t) }, []string{"--context", "elsewhere"}, []string{"elsewhere"}},
		{
			"a server that does not answer",
			func(t *testing.T) string {
				t.Helper()
				return copyConfig(t, "set-cluster", clusterName, "--server=https://"+closedPort)
			},
			nil,
			[]string{closedPort, "refused"},
		},
		{
			"credentials that have expired",
			func(t *testing.T) string {
				t.Helper()
				path := copyConfig(t)
				(&cluster{dir: shared.dir, kubeconfig: path}).kubectl(t, "config", "set-credentials", "expired", "--token=expired")
				(&cluster{dir: shared.dir, kubeconfig: path}).kubectl(t, "config", "set-context", "--current", "--user=expired")
				return path
			},
			nil,
			[]string{"credentials"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wrong := &cluster{dir: shared.dir, kubeconfig: c.config(t)}
			for _, args := range [][]string{{"status"}, llama405B.up("default")} {
				r := wrong.jetstream(t, append(args, c.args...)...)
				expect(t, args[0], r, 1, c.says...)
				if r.stdout != "" {
					t.Errorf("%s prints on standard output: %s", args[0], r)
				}
			}
		})
	}
}

func TestAMissingNamespaceIsNamedAndCreatedOnRequest(t *testing.T) {
	t.Parallel()
	_, place := seat(t, one70B)
	const ns = "not-there-yet"
	expect(t, "up into a missing namespace", shared.jetstream(t, llama70B.up(ns, place...)...), 1, ns, "--create-namespace")
	r := shared.jetstream(t, llama70B.up(ns, append(place, "--create-namespace", "--wait=false")...)...)
	expect(t, "up --create-namespace", r, 0, "namespace/"+ns, "lws/jetstream-pathways  created")
	shared.kubectl(t, "delete", "namespace", ns, "--timeout=60s")
}

func TestACRDWithoutItsControllerIsNoInstalledLWS(t *testing.T) {
	t.Parallel()
	c := ownCluster(t)
	const ns = "default"
	crds := ""
	for document := range strings.SplitSeq(readFile(t, lwsManifest), "\n---") {
		if strings.Contains(document, "kind: CustomResourceDefinition") {
			crds += "---\n" + strings.TrimPrefix(document, "---") + "\n"
		}
	}
	c.apply(t, crds)
	eventually(t, time.Minute, func() (bool, string) {
		r := c.run(t, "", bin("kubectl"), "get", "leaderworkersets", "-A")
		return r.code == 0, r.String()
	})
	expect(t, "up with a CRD alone", c.jetstream(t, llama405B.up(ns)...), 1,
		"no controller", "did not install", "kubectl delete crd leaderworkersets.leaderworkerset.x-k8s.io")
	if left := c.kubectl(t, "get", "lws,svc", "-n", ns, "-o", "name"); strings.Contains(left, "jetstream") {
		t.Errorf("up deployed nevertheless:\n%s", left)
	}
}

func TestUpKilledWhileItInstallsLWSIsCompletedByTheNextOne(t *testing.T) {
	t.Parallel()
	c := ownCluster(t)
	ns := c.namespace(t)
	up := c.start(t, llama405B.up(ns, "-o", "json")...)
	up.await(t, `leaderworkersets.leaderworkerset.x-k8s.io","message":"created"`)
	if code := up.end(t, syscall.SIGKILL); code != -1 {
		t.Fatalf("up ended with %d before it was killed:\n%s", code, up.printed())
	}
	expect(t, "up after a killed one", c.jetstream(t, llama405B.up(ns)...), 0, "completing LeaderWorkerSet v0.9.0", "READY after")
}
