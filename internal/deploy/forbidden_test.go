package deploy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestARefusalIsExplained(t *testing.T) {
	t.Parallel()
	// The messages are those of the RBAC authorizer.
	refuse := func(group, resource, message string) error {
		return fmt.Errorf("applying x: %w", apierrors.NewForbidden(schema.GroupResource{Group: group, Resource: resource}, "x", errors.New(message)))
	}
	for name, test := range map[string]struct {
		err                   error
		what, where, who, usr string
	}{
		"in a namespace": {
			refuse("leaderworkerset.x-k8s.io", "leaderworkersets", `User "ada" cannot patch resource "leaderworkersets" in API group "leaderworkerset.x-k8s.io" in the namespace "serving"`),
			"patch leaderworkersets.leaderworkerset.x-k8s.io", "in namespace serving",
			"whoever administers namespace serving can grant it, with the role in docs/rbac/deployer.yaml", "ada",
		},
		"a subresource": {
			refuse("", "pods", `User "system:serviceaccount:a:b" cannot create resource "pods/portforward" in API group "" in the namespace "serving"`),
			"create pods/portforward", "in namespace serving",
			"whoever administers namespace serving can grant it, with the role in docs/rbac/viewer.yaml", "system:serviceaccount:a:b",
		},
		"a group that may not be deleted": {
			refuse("", "pods", `User "ada" cannot delete resource "pods" in API group "" in the namespace "serving"`),
			"delete pods", "in namespace serving",
			"whoever administers namespace serving can grant it, with the role in docs/rbac/deployer.yaml", "ada",
		},
		"a subresource of a group": {
			refuse("leaderworkerset.x-k8s.io", "leaderworkersets", `User "ada" cannot patch resource "leaderworkersets/scale" in API group "leaderworkerset.x-k8s.io" in the namespace "serving"`),
			"patch leaderworkersets.leaderworkerset.x-k8s.io/scale", "in namespace serving",
			"whoever administers namespace serving can grant it, with the role in docs/rbac/deployer.yaml", "ada",
		},
		"in the whole cluster": {
			refuse("apiextensions.k8s.io", "customresourcedefinitions", `User "ada" cannot create resource "customresourcedefinitions" in API group "apiextensions.k8s.io" at the cluster scope`),
			"create customresourcedefinitions.apiextensions.k8s.io", "in the whole cluster",
			"a cluster administrator can grant it, with the role in docs/rbac/installer.yaml", "ada",
		},
		"what no role has": {
			refuse("", "nodes", `User "ada" cannot delete resource "nodes" in API group "" at the cluster scope`),
			"delete nodes", "in the whole cluster", "a cluster administrator can grant it", "ada",
		},
		"with what the authorizer adds": {
			refuse("", "pods", `User "ada" cannot list resource "pods" in API group "" in the namespace "serving": RBAC: role "x" not found`),
			"list pods", "in namespace serving", "whoever administers namespace serving can grant it, with the role in docs/rbac/viewer.yaml", "ada",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, ok := ExplainForbidden(test.err)
			if !ok {
				t.Fatal("it is not explained")
			}
			got := []string{f.What(), f.Where(), f.WhoCanGrant(), f.User}
			if diff := cmp.Diff([]string{test.what, test.where, test.who, test.usr}, got); diff != "" {
				t.Errorf("explanation (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOtherErrorsAreNoRefusals(t *testing.T) {
	t.Parallel()
	resource := schema.GroupResource{Resource: "pods"}
	for name, err := range map[string]error{
		"another status": apierrors.NewNotFound(resource, "x"),
		"no status":      errors.New(`User "ada" cannot get resource "pods" in API group ""`),
		"a quota":        apierrors.NewForbidden(resource, "x", errors.New("exceeded quota: pods, requested: pods=1")),
		"nothing":        nil,
	} {
		if f, ok := ExplainForbidden(err); ok {
			t.Errorf("%s: explained as %+v", name, f)
		}
	}
}

// TestTheRolesAreTheDocumentedOnes compares the permissions that refusals are
// explained with, each with the role that may least of those that have it,
// with the Kubernetes roles in docs/rbac.
func TestTheRolesAreTheDocumentedOnes(t *testing.T) {
	t.Parallel()
	documented := map[string]Role{}
	for _, role := range []Role{RoleViewer, RoleDeployer, RoleInstaller} {
		data, err := os.ReadFile(filepath.Join("..", "..", "docs", "rbac", string(role)+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		objects, err := ParseYAML(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			var clusterRole rbacv1.ClusterRole
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &clusterRole); err != nil {
				t.Fatal(err)
			}
			for _, rule := range clusterRole.Rules {
				for _, permission := range permissions(rule.APIGroups, rule.Resources, rule.Verbs) {
					if _, known := documented[permission]; !known {
						documented[permission] = role
					}
				}
			}
		}
	}
	explained := map[string]Role{}
	for _, g := range grants() {
		for _, permission := range permissions([]string{g.group}, g.resources, g.verbs) {
			explained[permission] = g.role
		}
	}
	if diff := cmp.Diff(documented, explained); diff != "" {
		t.Errorf("permissions (-docs/rbac +explained):\n%s", diff)
	}
}

func permissions(groups, resources, verbs []string) []string {
	var all []string
	for _, group := range groups {
		for _, resource := range resources {
			for _, verb := range verbs {
				all = append(all, strings.TrimSuffix(verb+" "+resource+"."+group, "."))
			}
		}
	}
	return all
}
