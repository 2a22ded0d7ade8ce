package kubelet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/environ"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/volume"
)

const (
	// refreshPeriod is how often volumes follow changes of what they come from. A
	// kubelet takes up to a minute; certificates that arrive late make for dull waits.
	refreshPeriod = time.Second
	// Mounts that fail are tried again after half a second, doubled up to two minutes.
	mountRetryFirst = 500 * time.Millisecond
	mountRetryMost  = 2 * time.Minute

	defaultTokenSeconds = 3600
)

// volumeState is a pod's volumes as its worker sees them.
type volumeState struct {
	ready    bool
	mounting bool
	paths    map[string]string // directory by volume name
	cancel   context.CancelFunc
	changes  *subscription
}

// stop ends the updating of the volumes.
func (v *volumeState) stop() {
	if v.cancel != nil {
		v.cancel()
	}
}

// mounts returns the directories of a container's mounts by mount path.
func (v *volumeState) mounts(c *corev1.Container) map[string]string {
	mounts := make(map[string]string, len(c.VolumeMounts))
	for _, m := range c.VolumeMounts {
		if dir, ok := v.paths[m.Name]; ok {
			mounts[m.MountPath] = filepath.Join(dir, filepath.FromSlash(m.SubPath))
		}
	}
	return mounts
}

// mounted sees to the pod's volumes and tells whether they are there.
func (w *worker) mounted() bool {
	if w.volumes.ready || w.volumes.mounting {
		return w.volumes.ready
	}
	if len(w.pod.Spec.Volumes) == 0 {
		w.volumes.ready = true
		return true
	}
	w.volumes.mounting = true
	pod := w.pod
	life := w.crew.branch()
	w.volumes.cancel = life.stop
	changes := w.k.objects.subscribe(watched(pod))
	w.volumes.changes = changes
	life.run(func(ctx context.Context) {
		defer changes.close()
		w.keepVolumes(ctx, pod, changes.happened)
	})
	return false
}

// keepVolumes sets the volumes up and then keeps them up to date.
func (w *worker) keepVolumes(ctx context.Context, pod *corev1.Pod, changed <-chan struct{}) {
	facts := environ.Facts{HostIP: w.node.spec.IP.String(), Allocatable: w.node.spec.Allocatable}
	set := volume.NewSet(w.k.objects, w.dir, filepath.Join(w.k.cfg.Dir, "nodes", w.node.spec.Name), facts)
	for delay := mountRetryFirst; ; delay = min(2*delay, mountRetryMost) {
		err := set.SetUp(ctx, pod)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		w.reportMount(pod, err)
		if !sleep(ctx, w.k.cfg.World.Scale(delay)) {
			return
		}
	}
	paths := make(map[string]string, len(pod.Spec.Volumes))
	for i := range pod.Spec.Volumes {
		paths[pod.Spec.Volumes[i].Name] = set.Path(&pod.Spec.Volumes[i])
	}
	w.update(func() {
		w.volumes.ready, w.volumes.mounting, w.volumes.paths = true, false, paths
	})
	if !changing(pod) {
		return
	}
	for w.awaitChange(ctx, changed, set.NextRenewal()) {
		w.mu.Lock()
		pod = w.pod
		w.mu.Unlock()
		if err := set.SetUp(ctx, pod); err != nil && ctx.Err() == nil {
			w.reportMount(pod, err)
		}
	}
}

// awaitChange waits until the volumes are to be looked at again; false means that the
// pod has ended. Changes that follow one another closely are taken together.
func (w *worker) awaitChange(ctx context.Context, changed <-chan struct{}, renewal time.Time) bool {
	var due <-chan time.Time
	if !renewal.IsZero() {
		timer := time.NewTimer(max(time.Until(renewal), refreshPeriod))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-changed:
		return sleep(ctx, refreshPeriod)
	case <-due:
		return true
	}
}

func (w *worker) reportMount(pod *corev1.Pod, err error) {
	var failed *volume.Error
	if errors.As(err, &failed) {
		w.events.Event(podRef(pod), corev1.EventTypeWarning, "FailedMount", failed.Error())
	}
}

// changing tells whether the pod has volumes whose content can change.
func changing(pod *corev1.Pod) bool {
	for _, v := range pod.Spec.Volumes {
		if v.Secret != nil || v.ConfigMap != nil || v.Projected != nil || v.DownwardAPI != nil {
			return true
		}
	}
	return false
}

// hasDownwardVolume tells whether a volume shows fields of the pod, which change with
// its object.
func hasDownwardVolume(pod *corev1.Pod) bool {
	for _, v := range pod.Spec.Volumes {
		if v.DownwardAPI != nil {
			return true
		}
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			if s.DownwardAPI != nil && !isOwnNamespace(s.DownwardAPI.Items) {
				return true
			}
		}
	}
	return false
}

// isOwnNamespace tells the projection that every token volume has; it never changes.
func isOwnNamespace(items []corev1.DownwardAPIVolumeFile) bool {
	return len(items) == 1 && items[0].FieldRef != nil && items[0].FieldRef.FieldPath == "metadata.namespace"
}

// Token asks for a token of the pod's service account, bound to the pod.
func (o *objectCache) Token(ctx context.Context, pod *corev1.Pod, from *corev1.ServiceAccountTokenProjection) (string, time.Time, error) {
	seconds := int64(defaultTokenSeconds)
	if from.ExpirationSeconds != nil {
		seconds = *from.ExpirationSeconds
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: ptr.To(seconds),
		BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	}}
	if from.Audience != "" {
		request.Spec.Audiences = []string{from.Audience}
	}
	account := pod.Spec.ServiceAccountName
	if account == "" {
		account = "default"
	}
	asked := time.Now()
	response, err := o.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, account, request, metav1.CreateOptions{})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("serviceaccount %s/%s: %w", pod.Namespace, account, err)
	}
	// Four fifths of what was asked for, as the kubelet does.
	return response.Status.Token, asked.Add(time.Duration(seconds) * time.Second * 4 / 5), nil
}

// watched names the objects that the content of a pod's volumes comes from.
func watched(pod *corev1.Pod) []string {
	var keys []string
	addMap := func(name string) { keys = append(keys, strings.Join([]string{"ConfigMap", pod.Namespace, name}, "/")) }
	addSecret := func(name string) { keys = append(keys, strings.Join([]string{"Secret", pod.Namespace, name}, "/")) }
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.ConfigMap != nil:
			addMap(v.ConfigMap.Name)
		case v.Secret != nil:
			addSecret(v.Secret.SecretName)
		case v.Projected != nil:
			for _, s := range v.Projected.Sources {
				switch {
				case s.ConfigMap != nil:
					addMap(s.ConfigMap.Name)
				case s.Secret != nil:
					addSecret(s.Secret.Name)
				}
			}
		}
	}
	return keys
}
