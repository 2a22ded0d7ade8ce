package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// documentedRole reads the ClusterRole of a role set, without the one for nodes.
func documentedRole(t *testing.T, set string) rbacv1.ClusterRole {
	t.Helper()
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(readFile(t, "../../docs/rbac/"+set+".yaml"))), 4096)
	for {
		var role rbacv1.ClusterRole
		if err := decoder.Decode(&role); err != nil {
			t.Fatalf("docs/rbac/%s.yaml: %v", set, err)
		}
		if role.Name == "kubectl-jetstream-"+set {
			return role
		}
	}
}

// user is a service account of a namespace without any permission, and the cluster as
// it sees it.
func (c *cluster) user(t *testing.T, ns, name string) *cluster {
	t.Helper()
	c.kubectl(t, "create", "serviceaccount", name, "-n", ns)
	token := strings.TrimSpace(c.kubectl(t, "create", "token", name, "-n", ns))
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(readFile(t, c.kubeconfig)), 0o600); err != nil {
		t.Fatal(err)
	}
	limited := &cluster{dir: c.dir, kubeconfig: kubeconfig}
	limited.kubectl(t, "config", "set-credentials", name, "--token="+token)
	limited.kubectl(t, "config", "set-context", "--current", "--user="+name, "--namespace="+ns)
	return limited
}

// grantInNamespace gives a user rules in its own namespace, as a RoleBinding to one of
// the ClusterRoles of docs/rbac would.
func (c *cluster) grantInNamespace(t *testing.T, ns, user string, rules []rbacv1.PolicyRule) {
	t.Helper()
	role := rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: metav1.ObjectMeta{Name: user, Namespace: ns},
		Rules:      rules,
	}
	text, err := json.Marshal(role)
	if err != nil {
		t.Fatal(err)
	}
	c.apply(t, string(text))
	c.kubectl(t, "create", "rolebinding", user, "-n", ns, "--role="+user, "--serviceaccount="+ns+":"+user)
}

// without returns the rules less one verb on one resource.
func without(rules []rbacv1.PolicyRule, verb, resource string) []rbacv1.PolicyRule {
	var left []rbacv1.PolicyRule
	for _, rule := range rules {
		for _, r := range rule.Resources {
			one := rule
			one.Resources = []string{r}
			if r == resource {
				one.Verbs = slices.DeleteFunc(slices.Clone(rule.Verbs), func(v string) bool { return v == verb })
			}
			if len(one.Verbs) > 0 {
				left = append(left, one)
			}
		}
	}
	return left
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEachDocumentedRoleSetSufficesForItsCommands(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)

	deployer := shared.user(t, ns, "deployer")
	shared.grantInNamespace(t, ns, "deployer", documentedRole(t, "deployer").Rules)
	expect(t, "up as deployer", deployer.jetstream(t, llama70B.up(ns, place...)...), 0, "READY after")
	expect(t, "up as deployer, repeated", deployer.jetstream(t, again(ns)...), 0, "unchanged", "READY")
	expect(t, "up --dry-run=server as deployer", deployer.jetstream(t, "up", "-n", ns, "--dry-run=server"), 0, "unchanged (server dry run)")

	viewer := shared.user(t, ns, "viewer")
	shared.grantInNamespace(t, ns, "viewer", documentedRole(t, "viewer").Rules)
	expect(t, "status as viewer", viewer.jetstream(t, "status", "-n", ns), 0, "Ready", "nodes")
	expect(t, "generate as viewer", viewer.jetstream(t, "generate", "-n", ns, "--max-tokens", "5", "hello"), 0)
	expect(t, "down as viewer", viewer.jetstream(t, "down", "-n", ns, "--yes"), 1, "delete", "leaderworkersets", "docs/rbac/deployer.yaml")
	expect(t, "up as viewer", viewer.jetstream(t, again(ns)...), 1, "leaderworkersets", "docs/rbac/deployer.yaml")

	expect(t, "down as deployer", deployer.jetstream(t, "down", "-n", ns, "--yes"), 0, "nothing is left")
}

func TestWithoutAPermissionTheErrorNamesVerbResourceAndWhoCanGrantIt(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)
	shared.mustUp(t, ns, llama70B, place...)
	deploy := llama70B.up(ns, append(place, "--yes")...)
	for i, c := range []struct {
		set            string // the role set to begin with; empty for nothing at all
		verb, resource string // what is taken from it
		args           []string
		says           []string
	}{
		{"", "", "", []string{"status"}, []string{"list pods", "docs/rbac/viewer.yaml"}},
		{"", "", "", []string{"generate", "hello"}, []string{"list pods", "docs/rbac/viewer.yaml"}},
		{"", "", "", []string{"down", "--yes"}, []string{"get leaderworkersets.leaderworkerset.x-k8s.io", "docs/rbac/"}},
		{"", "", "", deploy, []string{"leaderworkersets.leaderworkerset.x-k8s.io", "docs/rbac/"}},
		{"viewer", "create", "pods/portforward", []string{"generate", "hello"}, []string{"create pods/portforward", "docs/rbac/viewer.yaml"}},
		{"deployer", "patch", "leaderworkersets", deploy, []string{"patch leaderworkersets.leaderworkerset.x-k8s.io", "docs/rbac/deployer.yaml"}},
		{"deployer", "create", "leaderworkersets", deploy, []string{"create leaderworkersets.leaderworkerset.x-k8s.io", "docs/rbac/deployer.yaml"}},
		{"deployer", "patch", "services", deploy, []string{"patch services", "docs/rbac/deployer.yaml"}},
		{"deployer", "delete", "leaderworkersets", []string{"down", "--yes"}, []string{"delete leaderworkersets.leaderworkerset.x-k8s.io", "docs/rbac/deployer.yaml"}},
	} {
		name := c.args[0] + " with nothing"
		user := "user-" + string(rune('a'+i))
		limited := shared.user(t, ns, user)
		if c.set != "" {
			name = c.args[0] + " as " + c.set + " without " + c.verb + " " + c.resource
			shared.grantInNamespace(t, ns, user, without(documentedRole(t, c.set).Rules, c.verb, c.resource))
		}
		expect(t, name, limited.jetstream(t, c.args...), 1, append(c.says, "not permitted", "can grant it", "system:serviceaccount:"+ns+":"+user)...)
	}
	expect(t, "the deployment after all that", shared.jetstream(t, "status", "-n", ns), 0, "Ready")
}

func TestWithoutAPortForwardReadinessIsUnconfirmed(t *testing.T) {
	t.Parallel()
	ns, place := seat(t, one70B)
	shared.mustUp(t, ns, llama70B, place...)
	limited := shared.user(t, ns, "watcher")
	rules := without(documentedRole(t, "viewer").Rules, "get", "pods/portforward")
	shared.grantInNamespace(t, ns, "watcher", without(rules, "create", "pods/portforward"))
	expect(t, "status", limited.jetstream(t, "status", "-n", ns), 0, "Ready (unconfirmed)", "not permitted to create pods/portforward")
}

func TestTheInstallerRoleSetInstallsLWSIntoAnEmptyCluster(t *testing.T) {
	t.Parallel()
	c := ownCluster(t)
	const ns = "default"
	installer := c.user(t, ns, "installer")
	c.grantInNamespace(t, ns, "installer", documentedRole(t, "deployer").Rules)
	refused := installer.jetstream(t, llama405B.up(ns)...)
	expect(t, "up as deployer in a cluster without LeaderWorkerSet", refused, 1, "not permitted", "docs/rbac/installer.yaml")

	c.apply(t, readFile(t, "../../docs/rbac/installer.yaml"))
	c.kubectl(t, "create", "clusterrolebinding", "installer", "--clusterrole=kubectl-jetstream-installer", "--serviceaccount="+ns+":installer")
	expect(t, "up as installer and deployer", installer.jetstream(t, llama405B.up(ns)...), 0, "LeaderWorkerSet v0.9.0: 19 objects created", "READY after")
	expect(t, "down --uninstall-lws", installer.jetstream(t, "down", "-n", ns, "--yes", "--uninstall-lws"), 0, "crd/leaderworkersets.leaderworkerset.x-k8s.io")
	if left := c.run(t, "", bin("kubectl"), "get", "crd,namespace", "-o", "name"); strings.Contains(left.stdout, "leaderworkerset") || strings.Contains(left.stdout, "lws-system") {
		t.Errorf("down --uninstall-lws left:\n%s", left.stdout)
	}
}
