package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Forbidden says what a user may not do.
type Forbidden struct {
	User     string
	Verb     string
	Resource string // with the subresource, such as pods/portforward
	Group    string // empty for the core group
	// Namespace is empty if the permission is missing in the whole cluster.
	Namespace string
	// Role is the documented role that contains the permission, empty if none
	// does.
	Role Role
	// Reason is what the API server said.
	Reason string
}

// forbiddenMessage takes the message of the authorizer apart, the only place
// where user and verb stand. Other refusals, such as a quota's, are worded
// otherwise and do not match.
var forbiddenMessage = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(
		`User "([^"]*)" cannot (\S+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?`)
})

// ExplainForbidden explains an error of the API server that says that the
// user is not permitted to do something; ok is false for any other error.
func ExplainForbidden(err error) (f Forbidden, ok bool) {
	status, ok := apiStatus(err)
	if !ok || !apierrors.IsForbidden(err) {
		return Forbidden{}, false
	}
	match := forbiddenMessage().FindStringSubmatch(status.Message)
	if match == nil {
		return Forbidden{}, false
	}
	f = Forbidden{User: match[1], Verb: match[2], Resource: match[3], Group: match[4], Namespace: match[5], Reason: status.Message}
	f.Role = roleWith(f.Group, f.Resource, f.Verb)
	return f, true
}

// What names the permission as it stands in a role.
func (f Forbidden) What() string {
	resource := f.Resource
	if f.Group != "" {
		resource, subresource, _ := strings.Cut(f.Resource, "/")
		return fmt.Sprintf("%s %s", f.Verb, strings.TrimSuffix(resource+"."+f.Group+"/"+subresource, "/"))
	}
	return fmt.Sprintf("%s %s", f.Verb, resource)
}

// Where says where the permission is missing.
func (f Forbidden) Where() string {
	if f.Namespace == "" {
		return "in the whole cluster"
	}
	return "in namespace " + f.Namespace
}

// WhoCanGrant says who can grant the permission, and how.
func (f Forbidden) WhoCanGrant() string {
	who := "a cluster administrator"
	if f.Namespace != "" {
		who = fmt.Sprintf("whoever administers namespace %s", f.Namespace)
	}
	if f.Role == "" {
		return who + " can grant it"
	}
	return fmt.Sprintf("%s can grant it, with the role in docs/rbac/%s.yaml", who, f.Role)
}

// Role is one of the documented sets of permissions, each in a file of
// docs/rbac.
type Role string

// The roles, from the one that may least.
const (
	RoleViewer    Role = "viewer"    // look at deployments and talk to the model
	RoleDeployer  Role = "deployer"  // deploy where LeaderWorkerSet is installed
	RoleInstaller Role = "installer" // install LeaderWorkerSet, once
)

// grant is a permission of a role.
type grant struct {
	role      Role
	group     string
	resources []string
	verbs     []string
}

// grants lists what the roles permit, in the order of the roles, each beyond
// the ones before it. docs/rbac holds the same as Kubernetes roles, and a test
// holds the two together.
func grants() []grant {
	write := []string{"get", "create", "patch", "delete"}
	return []grant{
		{RoleViewer, "leaderworkerset.x-k8s.io", []string{"leaderworkersets"}, []string{"get", "list", "watch"}},
		{RoleViewer, "apps", []string{"statefulsets"}, []string{"list", "watch"}},
		{RoleViewer, "", []string{"pods", "events", "nodes"}, []string{"list", "watch"}},
		{RoleViewer, "", []string{"pods/log"}, []string{"get"}},
		{RoleViewer, "", []string{"pods/portforward"}, []string{"get", "create"}},
		{RoleDeployer, "leaderworkerset.x-k8s.io", []string{"leaderworkersets"}, []string{"create", "patch", "delete"}},
		{RoleDeployer, "leaderworkerset.x-k8s.io", []string{"leaderworkersets/scale"}, []string{"patch"}},
		{RoleDeployer, "", []string{"pods"}, []string{"delete"}},
		{RoleDeployer, "", []string{"services"}, write},
		{RoleDeployer, "", []string{"namespaces", "serviceaccounts"}, []string{"get"}},
		{RoleInstaller, "", []string{"namespaces", "serviceaccounts"}, []string{"create", "patch", "delete"}},
		{RoleInstaller, "", []string{"configmaps", "secrets"}, write},
		{RoleInstaller, "apps", []string{"deployments"}, append(write, "list")},
		{RoleInstaller, "apiextensions.k8s.io", []string{"customresourcedefinitions"}, write},
		{RoleInstaller, "admissionregistration.k8s.io", []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}, append(write, "list")},
		{RoleInstaller, "rbac.authorization.k8s.io", []string{"clusterrolebindings", "rolebindings"}, write},
		{RoleInstaller, "rbac.authorization.k8s.io", []string{"clusterroles", "roles"}, append(write, "bind", "escalate")},
		{RoleInstaller, "disaggregatedset.x-k8s.io", []string{"disaggregatedsets"}, []string{"list"}},
	}
}

// roleWith returns the role that may least of those that contain a
// permission.
func roleWith(group, resource, verb string) Role {
	for _, g := range grants() {
		if g.group == group && slices.Contains(g.resources, resource) && slices.Contains(g.verbs, verb) {
			return g.role
		}
	}
	return ""
}
