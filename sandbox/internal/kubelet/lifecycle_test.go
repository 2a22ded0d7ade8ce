package kubelet

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	k8stesting "k8s.io/client-go/testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

// summary tells a pod's status in one line: the phase, with its reason, and each
// container's state.
func summary(pod *corev1.Pod) string {
	s := &pod.Status
	parts := []string{string(s.Phase)}
	if s.Reason != "" {
		parts[0] += "/" + s.Reason
	}
	for _, list := range [][]corev1.ContainerStatus{s.InitContainerStatuses, s.ContainerStatuses} {
		for _, c := range list {
			parts = append(parts, c.Name+"="+state(&c))
		}
	}
	return strings.Join(parts, " ")
}

func state(c *corev1.ContainerStatus) string {
	text := ""
	switch {
	case c.State.Running != nil:
		text = "running"
		if c.Started != nil && !*c.Started {
			text = "starting"
		}
	case c.State.Waiting != nil:
		text = c.State.Waiting.Reason
	case c.State.Terminated != nil:
		text = fmt.Sprintf("%s(%d)", c.State.Terminated.Reason, c.State.Terminated.ExitCode)
	}
	if c.Ready {
		text += ",ready"
	}
	if c.RestartCount > 0 {
		text += fmt.Sprintf(",%d", c.RestartCount)
	}
	return text
}

// exits is a program that ends with the code after a while.
func exits(after time.Duration, code int) container.ProgramFunc {
	return func(ctx context.Context, p *container.Process) int {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return -1
		case <-p.Term:
			return 143
		case <-timer.C:
			return code
		}
	}
}

// stubborn ignores SIGTERM.
func stubborn(ctx context.Context, _ *container.Process) int {
	<-ctx.Done()
	return 0
}

var programs = images{
	"serve:1": untilStopped(143), "polite:1": untilStopped(0), "stubborn:1": stubborn,
	"ok-2s:1": exits(2*time.Second, 0), "fail-2s:1": exits(2*time.Second, 1), "fail-42:1": exits(time.Second, 42),
	"long-fail:1": exits(30*time.Minute, 1), "oom:1": exits(time.Second, container.ExitOOMKilled),
	"panic:1": func(context.Context, *container.Process) int { panic("a bug") },
}

func one(name, image string) corev1.Container {
	return corev1.Container{Name: name, Image: image, ImagePullPolicy: corev1.PullIfNotPresent}
}

func sidecar(name, image string) corev1.Container {
	c := one(name, image)
	c.RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
	return c
}

func never(pod *corev1.Pod) *corev1.Pod {
	pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	return pod
}

func onFailure(pod *corev1.Pod) *corev1.Pod {
	pod.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
	return pod
}

func withInit(pod *corev1.Pod, init ...corev1.Container) *corev1.Pod {
	pod.Spec.InitContainers = init
	return pod
}

// moment is what a pod looks like at a time after its creation.
type moment struct {
	at   time.Duration
	want string
}

func TestPodLifecycles(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, c := range []struct {
		name    string
		pod     *corev1.Pod
		moments []moment
	}{
		{
			"a container runs once its image is pulled", podWith("p", one("a", "serve:1")),
			[]moment{{60 * ms, "Pending a=ContainerCreating"}, {299 * ms, "Pending a=ContainerCreating"}, {301 * ms, "Running a=running,ready"}},
		},
		{
			"containers of one pod pull their images at the same time", podWith("p", one("a", "serve:1"), one("b", "polite:1")),
			[]moment{{301 * ms, "Running a=running,ready b=running,ready"}},
		},
		{
			"an image that does not exist is refused, backed off from and asked for again", podWith("p", one("a", "nowhere:1")),
			[]moment{
				{400 * ms, "Pending a=ErrImagePull"},
				{6 * time.Second, "Pending a=ImagePullBackOff"},
				{10200 * ms, "Pending a=ImagePullBackOff"},
				{10700 * ms, "Pending a=ErrImagePull"},
				{17 * time.Second, "Pending a=ImagePullBackOff"},
				{30 * time.Second, "Pending a=ImagePullBackOff"},
				{31 * time.Second, "Pending a=ErrImagePull"},
			},
		},
		{
			"a name that is no image's is refused without asking", podWith("p", one("a", "Not An Image")),
			[]moment{{100 * ms, "Pending a=InvalidImageName"}},
		},
		{
			"an image that is not there and may not be pulled", podWith("p", corev1.Container{Name: "a", Image: "serve:1", ImagePullPolicy: corev1.PullNever}),
			[]moment{{100 * ms, "Pending a=ErrImageNeverPull"}},
		},
		{
			"a failing container is restarted at once, then held back for 10, 20 and 40 seconds", podWith("p", one("a", "fail-2s:1")),
			[]moment{
				{1 * time.Second, "Running a=running,ready"},
				{2900 * ms, "Running a=Error(1)"},        // exit at 2.3, noticed at 2.8
				{3400 * ms, "Running a=running,ready,1"}, // started at 3.3
				{6000 * ms, "Running a=Error(1),1"},      // exit at 5.3
				{6500 * ms, "Running a=CrashLoopBackOff,1"},
				{15200 * ms, "Running a=CrashLoopBackOff,1"},
				{15400 * ms, "Running a=running,ready,2"}, // 10 s after the exit
				{37200 * ms, "Running a=CrashLoopBackOff,2"},
				{37400 * ms, "Running a=running,ready,3"}, // 20 s after the exit at 17.3
				{79200 * ms, "Running a=CrashLoopBackOff,3"},
				{79400 * ms, "Running a=running,ready,4"}, // 40 s after the exit at 39.3
			},
		},
		{
			"a container that ran for long is restarted at once again", podWith("p", one("a", "long-fail:1")),
			[]moment{{31 * time.Minute, "Running a=running,ready,1"}, {60*time.Minute + 3*time.Second, "Running a=running,ready,2"}},
		},
		{
			"a success is restarted too under the policy Always", podWith("p", one("a", "ok-2s:1")),
			[]moment{{2900 * ms, "Running a=Completed(0)"}, {3400 * ms, "Running a=running,ready,1"}},
		},
		{
			"a pod that is never restarted succeeds", never(podWith("p", one("a", "ok-2s:1"), one("b", "ok-2s:1"))),
			[]moment{{2500 * ms, "Running a=running,ready b=running,ready"}, {2900 * ms, "Succeeded a=Completed(0) b=Completed(0)"}, {time.Hour, "Succeeded a=Completed(0) b=Completed(0)"}},
		},
		{
			"a pod that is never restarted fails when one container does, once all have ended", never(podWith("p", one("a", "fail-42:1"), one("b", "ok-2s:1"))),
			[]moment{{2 * time.Second, "Running a=Error(42) b=running,ready"}, {3 * time.Second, "Failed a=Error(42) b=Completed(0)"}},
		},
		{
			"a failure alone is restarted under the policy OnFailure", onFailure(podWith("p", one("a", "fail-2s:1"), one("b", "ok-2s:1"))),
			[]moment{{3400 * ms, "Running a=running,ready,1 b=Completed(0)"}},
		},
		{
			"memory running out has a reason of its own", never(podWith("p", one("a", "oom:1"))),
			[]moment{{2 * time.Second, "Failed a=OOMKilled(137)"}},
		},
		{
			"a program's panic ends its container alone", never(podWith("p", one("a", "panic:1"), one("b", "serve:1"))),
			[]moment{{2 * time.Second, "Running a=Error(2) b=running,ready"}},
		},
		{
			"init containers run one after the other", withInit(podWith("p", one("a", "serve:1")), one("i", "ok-2s:1"), one("j", "ok-2s:1")),
			[]moment{
				{1 * time.Second, "Pending i=running j=PodInitializing a=PodInitializing"},
				{3 * time.Second, "Pending i=Completed(0),ready j=running a=PodInitializing"},
				{6 * time.Second, "Running i=Completed(0),ready j=Completed(0),ready a=running,ready"},
			},
		},
		{
			"a failing init container is restarted with back-off", withInit(podWith("p", one("a", "serve:1")), one("i", "fail-2s:1")),
			[]moment{
				{2900 * ms, "Pending i=Error(1) a=PodInitializing"},
				{3400 * ms, "Pending i=running,1 a=PodInitializing"},
				{6500 * ms, "Pending i=CrashLoopBackOff,1 a=PodInitializing"},
			},
		},
		{
			"a failing init container fails a pod that is never restarted", never(withInit(podWith("p", one("a", "serve:1")), one("i", "fail-2s:1"))),
			[]moment{{3 * time.Second, "Failed i=Error(1) a=PodInitializing"}},
		},
		{
			"a sidecar starts in its turn and runs on", withInit(podWith("p", one("a", "serve:1")), one("i", "ok-2s:1"), sidecar("s", "polite:1"), one("j", "ok-2s:1")),
			[]moment{
				{2 * time.Second, "Pending i=running s=PodInitializing j=PodInitializing a=PodInitializing"},
				{4 * time.Second, "Pending i=Completed(0),ready s=running,ready j=running a=PodInitializing"},
				{7 * time.Second, "Running i=Completed(0),ready s=running,ready j=Completed(0),ready a=running,ready"},
			},
		},
		{
			"a sidecar is restarted and does not uninitialize the pod", withInit(podWith("p", one("a", "serve:1")), sidecar("s", "fail-2s:1")),
			[]moment{{2900 * ms, "Running s=Error(1) a=running,ready"}, {3400 * ms, "Running s=running,ready,1 a=running,ready"}},
		},
		{
			"a sidecar ends after the others and does not decide how the pod ended", never(withInit(podWith("p", one("a", "ok-2s:1")), sidecar("s", "serve:1"))),
			[]moment{{3200 * ms, "Succeeded s=Error(143) a=Completed(0)"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := startBench(t, programs)
				began := time.Now()
				b.create(c.pod)
				for _, m := range c.moments {
					b.pass(m.at - time.Since(began))
					if diff := cmp.Diff(m.want, summary(b.get("p"))); diff != "" {
						t.Fatalf("after %v the pod differs (-want +got):\n%s", m.at, diff)
					}
				}
			})
		})
	}
}

// markDeleted does what the API server does when a pod is deleted gracefully.
func (b *bench) markDeleted(name string, grace int64) {
	b.t.Helper()
	pod := b.get(name)
	pod.DeletionTimestamp = new(metav1.NewTime(time.Now().Add(time.Duration(grace) * time.Second)))
	pod.DeletionGracePeriodSeconds = &grace
	if _, err := b.client.CoreV1().Pods(pod.Namespace).Update(b.t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

// deleted tells whether the object has gone.
func (b *bench) deleted(name string) bool {
	b.t.Helper()
	list, err := b.client.CoreV1().Pods("default").List(b.t.Context(), metav1.ListOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, pod := range list.Items {
		if pod.Name == name {
			return false
		}
	}
	return true
}

func TestTermination(t *testing.T) {
	t.Parallel()
	hook := func(c corev1.Container, h corev1.LifecycleHandler) corev1.Container {
		c.Lifecycle = &corev1.Lifecycle{PreStop: &h}
		return c
	}
	nap := func(seconds int64) corev1.LifecycleHandler {
		return corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: seconds}}
	}
	for _, c := range []struct {
		name  string
		pod   *corev1.Pod
		grace int64
		// gone is when the object is deleted; last is how the pod looked before.
		gone time.Duration
		last string
	}{
		{"a program that ends on SIGTERM is gone at once", podWith("p", one("a", "polite:1")), 30, 0, "Succeeded a=Completed(0)"},
		{"a program that reports the signal fails the pod", podWith("p", one("a", "serve:1")), 30, 0, "Failed a=Error(143)"},
		{"a program that ignores SIGTERM is killed after the grace period", podWith("p", one("a", "stubborn:1")), 30, 30 * time.Second, "Failed a=Error(137)"},
		{"a grace period of nothing still leaves two seconds", podWith("p", one("a", "stubborn:1")), 0, 2 * time.Second, "Failed a=Error(137)"},
		{"a hook runs before SIGTERM", podWith("p", hook(one("a", "polite:1"), nap(7))), 30, 7 * time.Second, "Succeeded a=Completed(0)"},
		{"a hook takes its time from the grace period", podWith("p", hook(one("a", "stubborn:1"), nap(7))), 30, 30 * time.Second, "Failed a=Error(137)"},
		{"a hook longer than the grace period is cut off", podWith("p", hook(one("a", "stubborn:1"), nap(90))), 30, 32 * time.Second, "Failed a=Error(137)"},
		{
			"a hook may be a command", podWith("p", hook(one("a", "polite:1"), corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sh", "-c", "sleep 5"}}})),
			30, 5 * time.Second, "Succeeded a=Completed(0)",
		},
		{
			"sidecars end after the others, the last first", withInit(podWith("p", hook(one("a", "polite:1"), nap(3))), sidecar("s", "polite:1"), sidecar("t", "stubborn:1")),
			30, 30 * time.Second, "Succeeded s=Completed(0) t=Error(137) a=Completed(0)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := startBench(t, programs)
				b.create(c.pod)
				b.pass(time.Minute)
				var last string
				b.client.PrependReactor("delete", "pods", func(k8stesting.Action) (bool, runtime.Object, error) {
					last = summary(b.trackedPod("p"))
					return false, nil, nil
				})
				b.markDeleted("p", c.grace)
				if c.gone > 0 {
					b.pass(c.gone - time.Millisecond)
					if b.deleted("p") {
						t.Fatalf("the pod is gone before %v", c.gone)
					}
				}
				b.pass(2 * time.Millisecond)
				if !b.deleted("p") {
					t.Fatalf("the pod is still there after %v: %s", c.gone, last)
				}
				if diff := cmp.Diff(c.last, last); diff != "" {
					t.Errorf("the last status differs (-want +got):\n%s", diff)
				}
				if w, ok := b.workerOf("default", "p"); ok {
					t.Errorf("its worker is still there: %+v", w.status)
				}
			})
		})
	}
}

// trackedPod reads a pod from within a reactor.
func (b *bench) trackedPod(name string) *corev1.Pod {
	b.t.Helper()
	obj, err := b.client.Tracker().Get(corev1.SchemeGroupVersion.WithResource("pods"), "default", name)
	if err != nil {
		b.t.Fatal(err)
	}
	return obj.(*corev1.Pod)
}

func TestProbes(t *testing.T) {
	t.Parallel()
	tcp := func(p corev1.Probe) *corev1.Probe {
		p.TCPSocket = &corev1.TCPSocketAction{Port: intstr.FromInt32(80)}
		return &p
	}
	listens := func(at time.Duration) container.ProgramFunc {
		return func(ctx context.Context, p *container.Process) int {
			timer := time.NewTimer(at)
			defer timer.Stop()
			select {
			case <-timer.C:
				if _, err := p.Net.Listen(80); err != nil {
					return 1
				}
			case <-p.Term:
				return 143
			case <-ctx.Done():
				return 1
			}
			select {
			case <-p.Term:
				return 143
			case <-ctx.Done():
				return 1
			}
		}
	}
	const ms = time.Millisecond
	for _, c := range []struct {
		name    string
		opens   time.Duration // after the start, which is 0.3 s after creation
		set     func(*corev1.Container)
		moments []moment
	}{
		{
			"without a delay the first probe comes as soon as the start is noticed", 0, func(c *corev1.Container) { c.ReadinessProbe = tcp(corev1.Probe{PeriodSeconds: 10}) },
			[]moment{{700 * ms, "Running a=running"}, {900 * ms, "Running a=running,ready"}},
		},
		{
			"the first probe waits for its delay", 0, func(c *corev1.Container) {
				c.ReadinessProbe = tcp(corev1.Probe{InitialDelaySeconds: 5, PeriodSeconds: 10})
			},
			[]moment{{5200 * ms, "Running a=running"}, {5400 * ms, "Running a=running,ready"}},
		},
		{
			"a container turns ready with the first probe after it can be", 11 * time.Second, func(c *corev1.Container) { c.ReadinessProbe = tcp(corev1.Probe{PeriodSeconds: 10}) },
			[]moment{{20700 * ms, "Running a=running"}, {20900 * ms, "Running a=running,ready"}},
		},
		{
			"several successes may be asked for", 0, func(c *corev1.Container) {
				c.ReadinessProbe = tcp(corev1.Probe{PeriodSeconds: 10, SuccessThreshold: 3})
			},
			[]moment{{20700 * ms, "Running a=running"}, {20900 * ms, "Running a=running,ready"}},
		},
		{
			"readiness can lag the start-up by a period of its own", 61 * time.Second, func(c *corev1.Container) {
				c.StartupProbe = tcp(corev1.Probe{PeriodSeconds: 1, FailureThreshold: 1000})
				c.ReadinessProbe = tcp(corev1.Probe{PeriodSeconds: 60})
			},
			[]moment{{61700 * ms, "Running a=starting"}, {61900 * ms, "Running a=running"}, {120700 * ms, "Running a=running"}, {120900 * ms, "Running a=running,ready"}},
		},
		{
			"a liveness probe that fails thrice restarts the container", time.Hour, func(c *corev1.Container) { c.LivenessProbe = tcp(corev1.Probe{PeriodSeconds: 10}) },
			[]moment{{20700 * ms, "Running a=running,ready"}, {20900 * ms, "Running a=Error(143)"}, {21400 * ms, "Running a=running,ready,1"}},
		},
		{
			"a startup probe that fails for too long restarts the container", time.Hour, func(c *corev1.Container) {
				c.StartupProbe = tcp(corev1.Probe{PeriodSeconds: 2, FailureThreshold: 4})
				c.LivenessProbe = tcp(corev1.Probe{PeriodSeconds: 1, FailureThreshold: 1})
			},
			[]moment{{6700 * ms, "Running a=starting"}, {6900 * ms, "Running a=Error(143)"}, {7400 * ms, "Running a=starting,1"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := startBench(t, images{"late:1": listens(c.opens)})
				a := one("a", "late:1")
				c.set(&a)
				began := time.Now()
				b.create(podWith("p", a))
				for _, m := range c.moments {
					b.pass(m.at - time.Since(began))
					if diff := cmp.Diff(m.want, summary(b.get("p"))); diff != "" {
						t.Fatalf("after %v the pod differs (-want +got):\n%s", m.at, diff)
					}
				}
			})
		})
	}
}
