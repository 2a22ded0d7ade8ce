package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// DeleteGroup implements tui.Actions. Deleting the leader is how LeaderWorkerSet
// itself recreates a group.
func (b *backend) DeleteGroup(ctx context.Context, name string, group int) error {
	c, err := b.cluster.clients()
	if err != nil {
		return b.explained(ctx, err)
	}
	leader := fmt.Sprintf("%s-%d", name, group)
	if err := c.kube.CoreV1().Pods(b.namespace).Delete(ctx, leader, metav1.DeleteOptions{}); err != nil {
		return b.explained(ctx, fmt.Errorf("deleting pod/%s: %w", leader, err))
	}
	return nil
}

// live returns the LeaderWorkerSet of a deployment as it is now.
func (b *backend) live(ctx context.Context, name string) (*clients, *unstructured.Unstructured, error) {
	c, err := b.cluster.clients()
	if err != nil {
		return nil, nil, err
	}
	live, err := liveDeployment(ctx, c, b.ref(name))
	if err == nil && live == nil {
		err = fmt.Errorf("%s does not exist any more", objectName(name))
	}
	return c, live, err
}

// restartedAt is the annotation by which kubectl rollout restart changes a pod
// template, and nothing else about it.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// restartManager is the field manager of that annotation. It is not that of up,
// whose objects do not have it, so that a later up takes nothing away.
const restartManager = "kubectl-jetstream-restart"

// Restart implements tui.Actions: LeaderWorkerSet replaces one group after the
// other when a pod template changes.
func (b *backend) Restart(ctx context.Context, name string) error {
	c, live, err := b.live(ctx, name)
	if err != nil {
		return b.explained(ctx, err)
	}
	annotated := map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{restartedAt: b.now().UTC().Format(time.RFC3339)},
	}}
	template := map[string]any{"workerTemplate": annotated}
	if _, ok, err := unstructured.NestedMap(live.Object, "spec", "leaderWorkerTemplate", "leaderTemplate"); ok && err == nil {
		template["leaderTemplate"] = annotated
	}
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"leaderWorkerTemplate": template}})
	if err != nil {
		return fmt.Errorf("encoding the patch of %s: %w", objectName(name), err)
	}
	_, err = c.dynamic.Resource(lwsGroupResource()).Namespace(b.namespace).
		Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: restartManager})
	if err != nil {
		return b.explained(ctx, fmt.Errorf("restarting %s: %w", objectName(name), err))
	}
	return nil
}

// Scale implements tui.Actions. What up has made is scaled by an up, which
// remembers the number; anything else by the scale subresource, as kubectl does.
func (b *backend) Scale(ctx context.Context, name string, groups int) error {
	c, live, err := b.live(ctx, name)
	if err != nil {
		return b.explained(ctx, err)
	}
	if _, ours, err := deploy.RememberedValues(live); ours && err == nil {
		u := &upRun{upOptions: b.upFor(name), begun: b.now(), sink: discardEvents{}}
		u.consent = func(context.Context, []string) (bool, error) {
			return false, fmt.Errorf("more than the number of groups would change, and the model would be loaded again; see what with '%s'",
				b.again("up --dry-run=server", u.deployment, "--replicas", fmt.Sprint(groups)))
		}
		u.given.Params = map[string]string{"replicas": fmt.Sprint(groups)}
		// Neither the consent nor the force that up was given is meant for this.
		u.skipLWS, u.yes, u.forceConflicts = true, false, false
		_, err := u.bringUp(ctx)
		return b.explained(ctx, err)
	}
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, groups)
	_, err = c.dynamic.Resource(lwsGroupResource()).Namespace(b.namespace).
		Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: deploy.FieldManager}, "scale")
	if err != nil {
		return b.explained(ctx, fmt.Errorf("scaling %s: %w", objectName(name), err))
	}
	return nil
}

// Delete implements tui.Actions: it does what down does.
func (b *backend) Delete(ctx context.Context, name string) (string, error) {
	d := &downRun{
		// What would be deleted is told to people only, who have been asked already.
		downOptions: &downOptions{app: b.app, deployment: b.ref(name), yes: true, output: "json"},
		begun:       b.now(), sink: discardEvents{},
	}
	err := d.steps(ctx)
	var text string
	switch {
	case len(d.costs) > 0:
		text = strings.TrimLeft(costsText(d.costs), "\n")
	case err == nil && !d.found:
		text = "There was nothing left to delete.\n"
	}
	return text, b.explained(ctx, err)
}

// discardEvents is for commands that run inside of the dashboard, which shows
// what happens by itself.
type discardEvents struct{}

func (discardEvents) emit(event) {}

// explained is an error with what a person can do about it, in the words that
// the commands print. An error that needs no words stays as it is.
func (b *backend) explained(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	p := b.explain(ctx, err).safe()
	var text bytes.Buffer
	switch {
	case p.what != "" && p.cause != "":
		fmt.Fprintf(&text, "%s: %s", p.what, p.cause)
	default:
		text.WriteString(p.what + p.cause)
	}
	for _, line := range p.remedy {
		text.WriteString("\n" + line)
	}
	if text.Len() == 0 {
		return err
	}
	return explainedError{text: text.String(), err: err}
}

// explainedError reads as the explanation and is still the error.
type explainedError struct {
	text string
	err  error
}

func (e explainedError) Error() string { return e.text }
func (e explainedError) Unwrap() error { return e.err }
