package deploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// OwnershipError says that an object exists and was not made by this plugin,
// or belongs to another deployment.
type OwnershipError struct {
	Ref ObjectRef
	// Owner is who seems to have made it: a deployment, a managed-by label or
	// a field manager.
	Owner string
	// Instance is the deployment that wanted it, empty if it is no
	// deployment's.
	Instance string
}

// Error names the owner and, for a deployment's object, the ways on.
func (e *OwnershipError) Error() string {
	text := fmt.Sprintf("%s exists already and belongs to %s; it was left alone", e.Ref, e.Owner)
	if e.Instance == "" {
		return text
	}
	return text + fmt.Sprintf("; choose another NAME, or delete it with: kubectl delete %s%s", e.Ref, namespaceFlag(e.Ref.Namespace))
}

func namespaceFlag(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " --namespace=" + namespace
}

// checkOwnership looks at every object that exists already before anything
// is changed, so that a refusal leaves the cluster as it was.
func checkOwnership(objects []*unstructured.Unstructured, live liveObjects) error {
	var refused []error
	for _, object := range objects {
		ref := RefOf(object)
		found := live[ref]
		if found == nil || isNamespace(ref) {
			continue
		}
		instance, other := instanceOf(object), instanceOf(found)
		if !isOurs(found) {
			refused = append(refused, &OwnershipError{Ref: ref, Owner: ownerOf(found), Instance: instance})
		} else if other != instance && other != "" && instance != "" {
			refused = append(refused, &OwnershipError{Ref: ref, Owner: fmt.Sprintf("deployment %q", other), Instance: instance})
		}
	}
	return errors.Join(refused...)
}

// instanceOf returns the deployment that an object belongs to, or nothing.
// The label means other things on other objects: LeaderWorkerSet's own carry it
// too, with another value from release to release.
func instanceOf(object metav1.Object) string {
	if object.GetLabels()[LabelName] != applicationName {
		return ""
	}
	return object.GetLabels()[LabelInstance]
}

// isOurs reports whether this plugin made an object: it carries our label, or
// we have applied it before.
func isOurs(live metav1.Object) bool {
	return live.GetLabels()[LabelManagedBy] == FieldManager ||
		slices.ContainsFunc(live.GetManagedFields(), isOurEntry)
}

func isOurEntry(entry metav1.ManagedFieldsEntry) bool {
	return entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply
}

// ownerOf says who seems to have made an object.
func ownerOf(live metav1.Object) string {
	if by := live.GetLabels()[LabelManagedBy]; by != "" {
		return fmt.Sprintf("%q by its label %s", by, LabelManagedBy)
	}
	for _, entry := range live.GetManagedFields() {
		if entry.Subresource == "" {
			return fmt.Sprintf("whoever applied it with %q", entry.Manager)
		}
	}
	return "somebody else"
}

// withReplicas returns the object as it is to be applied over a live one.
//
// Another field manager may have scaled a LeaderWorkerSet: kubectl scale or an
// autoscaler. Applying the count again would undo that, and leaving it out
// while we still own it would fall back to 1. So unless the count was asked
// for, we apply the live count if it is ours, and none if it is not.
func (a *Applier) withReplicas(object, live *unstructured.Unstructured) *unstructured.Unstructured {
	wanted := object.DeepCopy()
	if live == nil || a.SetReplicas || object.GetKind() != kindLWS {
		return wanted
	}
	count, found, err := unstructured.NestedInt64(live.Object, "spec", "replicas")
	if err != nil || !found || !ownsReplicas(live) {
		unstructured.RemoveNestedField(wanted.Object, "spec", "replicas")
		return wanted
	}
	if err := unstructured.SetNestedField(wanted.Object, count, "spec", "replicas"); err != nil {
		return object.DeepCopy() // there is no spec to set it in; the server will say so
	}
	return wanted
}

// ownsReplicas reports whether our field manager holds the replica count.
func ownsReplicas(live metav1.Object) bool {
	return slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		if !isOurEntry(entry) || entry.FieldsV1 == nil {
			return false
		}
		var fields struct {
			Spec map[string]json.RawMessage `json:"f:spec"`
		}
		if err := json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields); err != nil {
			return false
		}
		_, owned := fields.Spec["f:replicas"]
		return owned
	})
}

// ConflictError says that other field managers hold fields with other
// values.
type ConflictError struct {
	Ref       ObjectRef
	Conflicts []Conflict
	err       error
}

// Conflict is one field that another manager holds.
type Conflict struct {
	Manager string
	Field   string
}

// Error names the fields and their managers.
func (e *ConflictError) Error() string {
	parts := make([]string, len(e.Conflicts))
	for i, c := range e.Conflicts {
		parts[i] = fmt.Sprintf("%s is held by %q", strings.TrimPrefix(c.Field, "."), c.Manager)
	}
	return fmt.Sprintf("%s: %s; repeat with --force-conflicts to take it over", e.Ref, strings.Join(parts, ", "))
}

// Unwrap returns the API server's error.
func (e *ConflictError) Unwrap() error { return e.err }
