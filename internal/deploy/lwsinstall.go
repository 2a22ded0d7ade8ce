package deploy

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// InstallLWS applies a LeaderWorkerSet release manifest, or what an
// interrupted installation lacks of it. The objects are labelled as ours, so
// that they can be completed and removed later; objects that somebody else
// made are an *OwnershipError and stay as they are. Over an installation of
// ours whose release is not embedded it applies that release only. The
// controller does not answer yet when it returns; see WaitLWS.
func InstallLWS(ctx context.Context, a *Applier, manifest []byte, report func(Result)) error {
	objects, release, err := readLWSManifest(manifest)
	if err != nil {
		return err
	}
	if err := a.checkRelease(ctx, objects, release); err != nil {
		return err
	}
	for _, object := range objects {
		if isDeployment(object) {
			if err := a.checkSelector(ctx, object); err != nil {
				return err
			}
		}
		added := map[string]string{LabelManagedBy: FieldManager}
		if release != "" {
			added[LabelVersion] = release
		}
		withLabels(object, added)
	}
	if err := a.Apply(ctx, objects, report); err != nil {
		return fmt.Errorf("installing LeaderWorkerSet %s: %w", release, err)
	}
	return nil
}

// readLWSManifest parses a release manifest and returns the release of the
// controller's image.
func readLWSManifest(manifest []byte) (objects []*unstructured.Unstructured, release string, err error) {
	objects, err = ParseYAML(manifest)
	if err != nil {
		return nil, "", fmt.Errorf("reading the LeaderWorkerSet manifest: %w", err)
	}
	var hasDefinition, hasController bool
	for _, object := range objects {
		hasDefinition = hasDefinition || (isDefinition(RefOf(object)) && object.GetName() == lwsDefinition)
		if isDeployment(object) {
			hasController = true
			release = imageTag(managerImage(object))
		}
	}
	if !hasDefinition || !hasController {
		return nil, "", errNotLWS
	}
	return objects, release, nil
}

func isDeployment(object *unstructured.Unstructured) bool {
	ref := RefOf(object)
	return ref.Kind == "Deployment" && ref.groupVersion().Group == "apps"
}

func managerImage(deployment *unstructured.Unstructured) string {
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) == 0 {
		return ""
	}
	container, _ := containers[0].(map[string]any)
	image, _ := container["image"].(string)
	return image
}

// checkRelease refuses to apply a release over what there is of another one
// that came from the user's own manifest: it would exchange a controller that
// the user chose for one that nobody asked for.
func (a *Applier) checkRelease(ctx context.Context, objects []*unstructured.Unstructured, release string) error {
	var found bool
	var labelled, tagged string
	for _, object := range objects {
		ref := RefOf(object)
		if ref != definitionRef && !isDeployment(object) {
			continue
		}
		client, err := a.clientFor(ctx, ref)
		if err != nil {
			return err
		}
		live, err := getLive(ctx, client, ref)
		if err != nil {
			return err
		}
		if live == nil || !isOurs(live) {
			continue
		}
		found = true
		labelled = cmp.Or(labelled, live.GetLabels()[LabelVersion])
		if isDeployment(live) {
			tagged = imageTag(managerImage(live))
		}
	}
	begun := cmp.Or(tagged, labelled) // as DetectLWS tells it
	if !found || begun == release || isEmbedded(begun) {
		return nil
	}
	return fmt.Errorf("LeaderWorkerSet %s is installed only in part, and %s would replace it; complete it with the manifest that it was installed from, with --lws-manifest FILE",
		cmp.Or(begun, "of an unknown version"), cmp.Or(release, "another version"))
}

// checkSelector refuses to apply a Deployment over one with another
// selector, which never changes: from v0.8.0 on the release's is another than
// before. The API server would say so too, but only half-way through.
func (a *Applier) checkSelector(ctx context.Context, wanted *unstructured.Unstructured) error {
	ref := RefOf(wanted)
	client, err := a.clientFor(ctx, ref)
	if err != nil {
		return err
	}
	live, err := getLive(ctx, client, ref)
	if err != nil || live == nil {
		return err
	}
	before, _, _ := unstructured.NestedMap(live.Object, "spec", "selector")
	after, _, _ := unstructured.NestedMap(wanted.Object, "spec", "selector")
	if reflect.DeepEqual(before, after) {
		return nil
	}
	return fmt.Errorf("%s is of another release, whose selector cannot be changed; delete it first, which running groups survive, with: kubectl delete %s%s",
		ref, ref, namespaceFlag(ref.Namespace))
}
