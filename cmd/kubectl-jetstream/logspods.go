package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// presentPods is what the pods of a deployment have of logs.
type presentPods struct {
	known   bool // the cluster has told
	exists  bool // the deployment does, or a pod of it
	runs    []presentRun
	leaders map[int]types.UID // by group
}

// presentRun is a run of a container whose log its pod still has.
type presentRun struct {
	origin   status.Origin
	ref      podlog.Ref
	previous bool // it is not the container's latest run
}

// lookAtPods lists the runs whose logs can be read from the cluster.
func (a *app) lookAtPods(ctx context.Context, c *clients, d deploymentRef) (presentPods, error) {
	members := metav1.ListOptions{LabelSelector: labels.Set{lwsv1.SetNameLabelKey: d.name}.String()}
	pods, err := c.kube.CoreV1().Pods(d.namespace).List(ctx, members)
	if err != nil {
		return presentPods{}, fmt.Errorf("listing pods in namespace %s: %w", d.namespace, err)
	}
	if len(pods.Items) == 0 {
		exists, err := a.exists(ctx, c, d)
		return presentPods{known: err == nil, exists: exists}, err
	}
	// Without the StatefulSets a worker is taken for one of the present leader.
	var sets []*appsv1.StatefulSet
	if list, err := c.kube.AppsV1().StatefulSets(d.namespace).List(ctx, members); err == nil {
		for i := range list.Items {
			sets = append(sets, &list.Items[i])
		}
	}
	return presentAmong(pods.Items, sets), nil
}

// exists says whether there is a LeaderWorkerSet, for want of a pod.
func (a *app) exists(ctx context.Context, c *clients, d deploymentRef) (bool, error) {
	list, err := c.dynamic.Resource(lwsGroupResource()).Namespace(d.namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("metadata.name", d.name).String(),
	})
	switch {
	case apierrors.IsNotFound(err):
		return false, nil // Not even the kind is known.
	case err != nil:
		return false, fmt.Errorf("listing LeaderWorkerSets in namespace %s: %w", d.namespace, err)
	}
	return len(list.Items) > 0, nil
}

// presentAmong lists the runs of pods, the leader of each group first.
func presentAmong(pods []corev1.Pod, sets []*appsv1.StatefulSet) presentPods {
	out := presentPods{known: true, exists: true, leaders: map[int]types.UID{}}
	for i := range pods {
		if p := &pods[i]; status.IsLeader(p) {
			out.leaders[status.OriginOf(p, "", "", 0).Group] = p.UID
		}
	}
	for i := range pods {
		p := &pods[i]
		leader := status.LeaderUID(p, sets)
		if leader == "" {
			leader = out.leaders[status.OriginOf(p, "", "", 0).Group]
		}
		if leader == "" {
			continue // It cannot be told apart from a pod of another incarnation.
		}
		for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
			for j := range statuses {
				out.runs = append(out.runs, runsOf(p, leader, &statuses[j])...)
			}
		}
	}
	slices.SortStableFunc(out.runs, func(a, b presentRun) int {
		return cmp.Or(cmp.Compare(a.origin.Group, b.origin.Group), cmp.Compare(a.origin.Pod, b.origin.Pod))
	})
	return out
}

// runsOf lists the runs of a container whose logs the kubelet has: the latest
// and the one before.
func runsOf(pod *corev1.Pod, leader types.UID, s *corev1.ContainerStatus) []presentRun {
	var out []presentRun
	add := func(restart int32, previous bool) {
		out = append(out, presentRun{
			origin: status.OriginOf(pod, leader, s.Name, restart),
			ref: podlog.Ref{
				Namespace: pod.Namespace, Pod: pod.Name, UID: string(pod.UID), Container: s.Name, Restart: restart,
			},
			previous: previous,
		})
	}
	if s.LastTerminationState.Terminated != nil {
		add(status.LastRun(s), true)
	}
	if s.State.Running != nil || s.State.Terminated != nil {
		add(s.RestartCount, false)
	}
	return out
}

// openingTime bounds how long a log may take to begin; how long it lasts is
// not bounded.
const openingTime = 30 * time.Second

// errSlowLog says that the kubelet did not begin to send a log.
var errSlowLog = errors.New("the log did not begin within " + openingTime.String())

// openLog opens the log of a run as podlog reads it.
func openLog(ctx context.Context, client kubernetes.Interface, ref podlog.Ref, opts corev1.PodLogOptions) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	slow := time.AfterFunc(openingTime, func() { cancel(errSlowLog) })
	defer slow.Stop()
	opts.Container, opts.Timestamps = ref.Container, true
	stream, err := client.CoreV1().Pods(ref.Namespace).GetLogs(ref.Pod, &opts).Stream(ctx)
	switch {
	case err == nil:
		return &openedLog{ReadCloser: stream, cancel: cancel}, nil
	case errors.Is(context.Cause(ctx), errSlowLog):
		err = errSlowLog
	case apierrors.IsNotFound(err):
		err = fmt.Errorf("%w: %w", podlog.ErrGone, err)
	case apierrors.IsForbidden(err):
		err = fmt.Errorf("%w: %w", podlog.ErrNotPermitted, err)
	}
	cancel(nil)
	return nil, err
}

// openedLog is the stream of a log with the context that it was opened by.
type openedLog struct {
	io.ReadCloser
	cancel context.CancelCauseFunc
}

func (l *openedLog) Close() error {
	defer l.cancel(nil)
	return l.ReadCloser.Close()
}
