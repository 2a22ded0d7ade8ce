package deploy

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TemplateChanges returns what applying the objects would change in the pod
// templates of LeaderWorkerSets that exist. Any such change replaces every
// group, and each loads its model anew. The API server is asked by a dry run,
// so that defaults and webhooks do not show up as changes.
func (a *Applier) TemplateChanges(ctx context.Context, objects []*unstructured.Unstructured) ([]Change, error) {
	var changes []Change
	for _, object := range objects {
		if object.GetKind() != kindLWS {
			continue
		}
		ref := RefOf(object)
		client, err := a.clientFor(ctx, ref)
		if meta.IsNoMatchError(err) {
			continue // LeaderWorkerSet is not installed, so none exists
		}
		if err != nil {
			return nil, err
		}
		live, err := getLive(ctx, client, ref)
		if err != nil {
			return nil, err
		}
		if live == nil {
			continue
		}
		wanted, err := client.Apply(ctx, ref.Name, a.withReplicas(object, live), metav1.ApplyOptions{
			FieldManager: FieldManager,
			Force:        true, // conflicts are Apply's to report
			DryRun:       []string{metav1.DryRunAll},
		})
		if err != nil {
			return nil, fmt.Errorf("comparing %s with the cluster: %w", ref, err)
		}
		for _, change := range Diff(kindLWS, live.Object, wanted.Object) {
			if restartsGroups(change.Path) {
				changes = append(changes, change)
			}
		}
	}
	return changes, nil
}

// restartsGroups reports whether LeaderWorkerSet replaces the groups when a
// field changes: the template of a group and its network are what it keeps
// revisions of.
func restartsGroups(path Path) bool {
	text := path.String()
	return path.template() != "" ||
		strings.HasPrefix(text, "spec.leaderWorkerTemplate") || strings.HasPrefix(text, "spec.networkConfig")
}
