package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// TestEveryDocumentedPermissionIsNamedWhenItIsMissing keeps the role files and
// the explanation of a refusal together: whoever lacks one verb of a role is
// sent to a role file that grants it.
func TestEveryDocumentedPermissionIsNamedWhenItIsMissing(t *testing.T) {
	t.Parallel()
	granted := map[string]map[string]bool{}
	for _, role := range []string{"viewer", "deployer", "installer"} {
		granted[role] = permissionsOf(t, role)
	}
	for role, permissions := range granted {
		for permission := range permissions {
			var verb, group, resource string
			if _, err := fmt.Sscanf(permission, "%s %q %s", &verb, &group, &resource); err != nil {
				t.Fatal(err)
			}
			f, ok := deploy.ExplainForbidden(&apierrors.StatusError{ErrStatus: metav1.Status{
				Code: 403, Reason: metav1.StatusReasonForbidden,
				Message: fmt.Sprintf(`%s is forbidden: User "jane" cannot %s resource %q in API group %q at the cluster scope`, resource, verb, resource, group),
			}})
			if !ok || f.Role == "" {
				t.Errorf("%s: %s: no role is named when it is missing", role, permission)
				continue
			}
			if !granted[string(f.Role)][permission] {
				t.Errorf("%s: %s: the role %s is named, which does not grant it", role, permission, f.Role)
			}
		}
	}
}

// permissionsOf lists what a role file grants, one entry for each verb, group
// and resource.
func permissionsOf(t *testing.T, role string) map[string]bool {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "rbac", role+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := deploy.ParseYAML(data)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, object := range objects {
		rules, _, err := unstructured.NestedSlice(object.Object, "rules")
		if err != nil || len(rules) == 0 {
			t.Fatalf("%s: %s has no rules (%v)", role, object.GetName(), err)
		}
		for _, r := range rules {
			rule := &unstructured.Unstructured{Object: r.(map[string]any)}
			for _, group := range texts(rule, "apiGroups") {
				for _, resource := range texts(rule, "resources") {
					for _, verb := range texts(rule, "verbs") {
						out[fmt.Sprintf("%s %q %s", verb, group, resource)] = true
					}
				}
			}
		}
	}
	return out
}

func texts(rule *unstructured.Unstructured, field string) []string {
	out, _, _ := unstructured.NestedStringSlice(rule.Object, field)
	return out
}
