package kubelet

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8stesting "k8s.io/client-go/testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

func (b *bench) node(name string) *corev1.Node {
	b.t.Helper()
	n, err := b.client.CoreV1().Nodes().Get(b.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) renewed(name string) time.Time {
	b.t.Helper()
	lease, err := b.client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(b.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return lease.Spec.RenewTime.Time
}

func TestNodesRegisterReadyWithTheirSpecification(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, nil)
		err := b.AddNodes(t.Context(), []NodeSpec{{
			Name: "tpu", IP: netip.MustParseAddr("10.128.0.7"), Labels: map[string]string{"cloud.google.com/gke-tpu-topology": "4x4"},
			Taints:      []corev1.Taint{{Key: "google.com/tpu", Value: "present", Effect: corev1.TaintEffectNoSchedule}},
			Capacity:    corev1.ResourceList{"google.com/tpu": resource.MustParse("4"), corev1.ResourceCPU: resource.MustParse("180")},
			Allocatable: corev1.ResourceList{"google.com/tpu": resource.MustParse("4"), corev1.ResourceCPU: resource.MustParse("179")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		n := b.node("tpu")
		if n.Labels["cloud.google.com/gke-tpu-topology"] != "4x4" || n.Labels[corev1.LabelHostname] != "tpu" {
			t.Errorf("its labels are %v", n.Labels)
		}
		if len(n.Spec.Taints) != 1 || n.Spec.Taints[0].Key != "google.com/tpu" {
			t.Errorf("its taints are %v", n.Spec.Taints)
		}
		if got := n.Status.Allocatable.Cpu().String(); got != "179" {
			t.Errorf("it can allocate %s CPUs, want 179", got)
		}
		if n.Status.NodeInfo.KubeletVersion != DefaultVersion || n.Status.DaemonEndpoints.KubeletEndpoint.Port != 10250 {
			t.Errorf("its status is %+v", n.Status)
		}
		if got := readyCondition(n); got.Status != corev1.ConditionTrue || got.Reason != "KubeletReady" {
			t.Errorf("it is not ready: %+v", got)
		}
		if err := b.AddNodes(t.Context(), []NodeSpec{{Name: "tpu", IP: netip.MustParseAddr("10.128.0.8")}}); err == nil {
			t.Error("the same node can be added twice")
		}
	})
}

func readyCondition(n *corev1.Node) corev1.NodeCondition {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c
		}
	}
	return corev1.NodeCondition{}
}

func TestLeasesAreRenewedUntilTheNodeFallsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, nil)
		b.pass(5 * time.Minute)
		if age := time.Since(b.renewed(testNode)); age > 11*time.Second {
			t.Errorf("the lease is %v old, want at most about ten seconds", age)
		}
		heartbeat := readyCondition(b.node(testNode)).LastHeartbeatTime.Time
		if age := time.Since(heartbeat); age > 5*time.Minute+10*time.Second {
			t.Errorf("the status is %v old, want at most about five minutes", age)
		}
		if err := b.StopHeartbeat(testNode); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Minute)
		if age := time.Since(b.renewed(testNode)); age < time.Minute {
			t.Errorf("a silent node has renewed its lease %v ago", age)
		}
		if err := b.StartHeartbeat(t.Context(), testNode); err != nil {
			t.Fatal(err)
		}
		if age := time.Since(b.renewed(testNode)); age != 0 {
			t.Errorf("a node that is back has renewed its lease %v ago", age)
		}
	})
}

func TestANodeThatWasGivenUpReportsAgainWhenItIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, nil)
		if err := b.StopHeartbeat(testNode); err != nil {
			t.Fatal(err)
		}
		n := b.node(testNode)
		for i := range n.Status.Conditions {
			n.Status.Conditions[i].Status = corev1.ConditionUnknown
		}
		if _, err := b.client.CoreV1().Nodes().UpdateStatus(t.Context(), n, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := b.StartHeartbeat(t.Context(), testNode); err != nil {
			t.Fatal(err)
		}
		if got := readyCondition(b.node(testNode)); got.Status != corev1.ConditionTrue || !got.LastTransitionTime.Time.Equal(time.Now()) {
			t.Errorf("it reports %+v, want ready since now", got)
		}
	})
}

func TestASilentNodeRunsItsPodsButTellsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, images{"once:1": exits(time.Minute, 5)})
		b.create(never(podWith("p", one("a", "once:1"))))
		b.pass(time.Second)
		if err := b.StopHeartbeat(testNode); err != nil {
			t.Fatal(err)
		}
		if _, err := b.cfg.Network.Dial(t.Context(), netip.MustParseAddr("192.0.2.1"), "10.128.0.1:10250"); !errors.Is(err, syscall.EHOSTUNREACH) {
			t.Errorf("dialling its kubelet gives %v, want EHOSTUNREACH", err)
		}
		b.create(podWith("q", one("a", "once:1")))
		b.pass(10 * time.Minute)
		if got := summary(b.get("p")); got != "Running a=running,ready" {
			t.Errorf("the pod is %s, want what was last reported", got)
		}
		if err := b.StartHeartbeat(t.Context(), testNode); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		if got := summary(b.get("p")); got != "Failed a=Error(5)" {
			t.Errorf("the pod is %s, want what happened meanwhile", got)
		}
		if got := summary(b.get("q")); got != "Running a=running,ready" {
			t.Errorf("the pod bound meanwhile is %s", got)
		}
	})
}

func TestContainersOfACrashedNodeStartAgainWhenItIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, programs)
		b.create(podWith("p", one("a", "serve:1")))
		b.create(never(podWith("q", one("a", "serve:1"))))
		b.pass(time.Minute)
		if err := b.Crash(testNode); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Minute)
		if err := b.StartHeartbeat(t.Context(), testNode); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		p := b.get("p")
		if got := summary(p); got != "Running a=running,ready,1" {
			t.Errorf("the pod is %s, want it restarted", got)
		}
		if last := p.Status.ContainerStatuses[0].LastTerminationState.Terminated; last == nil || last.ExitCode != 255 || last.Reason != "Unknown" {
			t.Errorf("its last end is %+v, want unknown", last)
		}
		if got := summary(b.get("q")); got != "Failed a=Unknown(255)" {
			t.Errorf("the pod that is never restarted is %s", got)
		}
	})
}

func TestRemovedNodesTakeTheirPodsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		killed := make(chan struct{})
		b := startBench(t, images{"serve:1": func(ctx context.Context, p *container.Process) int {
			if _, err := p.Net.Listen(80); err != nil {
				return 1
			}
			<-ctx.Done()
			close(killed)
			return 0
		}})
		pod := podWith("p", one("a", "serve:1"))
		pod.Spec.Hostname, pod.Spec.Subdomain = "p-0", "group"
		b.create(pod)
		b.pass(time.Second)
		other := netip.MustParseAddr("10.128.0.99")
		conn, err := b.cfg.Network.Dial(t.Context(), other, "p-0.group.default.svc.cluster.local:80")
		if err != nil {
			t.Fatal(err)
		}
		if err := b.RemoveNodes(t.Context(), []string{testNode}); err != nil {
			t.Fatal(err)
		}
		<-killed
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a connection to its pod ends with %v, want ECONNRESET", err)
		}
		if _, err := b.client.CoreV1().Nodes().Get(t.Context(), testNode, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("the node is still there: %v", err)
		}
		if got := summary(b.get("p")); got != "Running a=running,ready" {
			t.Errorf("the pod is %s, want it left to the control plane", got)
		}
		if err := b.RemoveNodes(t.Context(), []string{testNode}); err == nil {
			t.Error("removing a node that is not there succeeds")
		}
		err = b.AddNodes(t.Context(), []NodeSpec{{Name: testNode, IP: netip.MustParseAddr("10.128.0.1")}})
		if err != nil {
			t.Errorf("the node cannot come back: %v", err)
		}
	})
}

func TestReadinessHasToBeProvenAgainAfterTheKubeletRestarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, programs)
		probed := one("a", "serve:1")
		probed.ReadinessProbe = &corev1.Probe{PeriodSeconds: 30, ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}}}
		b.create(podWith("p", probed, one("b", "serve:1")))
		b.pass(10 * time.Second)
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, "Running a=running,ready b=running,ready"},
			{0, "Running a=running b=running,ready"},
			{30 * time.Second, "Running a=running,ready b=running,ready"},
		} {
			b.pass(step.wait)
			if got := summary(b.get("p")); got != step.want {
				t.Fatalf("the pod is %s, want %s", got, step.want)
			}
			if step.wait == 0 {
				if err := b.Restart(testNode); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
			}
		}
	})
}

func TestWaitingContainersSayWhatForInTheKubeletsWords(t *testing.T) {
	t.Parallel()
	const notFound = `rpc error: code = NotFound desc = failed to pull and unpack image "nowhere:1": not found`
	env := one("a", "serve:1")
	env.Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: "nope"}, Key: "k",
	}}}}
	for _, c := range []struct {
		name            string
		container       corev1.Container
		at              time.Duration
		reason, message string
		events          []string
	}{
		{
			"the registry's refusal", one("a", "nowhere:1"), time.Second, "ErrImagePull", notFound,
			[]string{`Pulling: Pulling image "nowhere:1"`, `Failed: Failed to pull image "nowhere:1": ` + notFound, "Failed: Error: ErrImagePull"},
		},
		{
			"the back-off of a pull", one("a", "nowhere:1"), 9 * time.Second, "ImagePullBackOff", `Back-off pulling image "nowhere:1": ErrImagePull: ` + notFound,
			[]string{`BackOff: Back-off pulling image "nowhere:1"`, "Failed: Error: ImagePullBackOff"},
		},
		{
			"a missing ConfigMap", env, time.Second, "CreateContainerConfigError", `configmap "nope" not found`,
			[]string{`Failed: Error: configmap "nope" not found`},
		},
		{
			"the back-off of a restart", one("a", "fail-2s:1"), 7 * time.Second, "CrashLoopBackOff",
			"back-off 10s restarting failed container=a pod=p_default(uid-1)",
			[]string{
				`Pulled: Successfully pulled image "fail-2s:1" in 300ms (300ms including waiting). Image size: `, "Created: Container created", "Started: Container started",
				`Pulled: Container image "fail-2s:1" already present on machine and can be accessed by the pod`,
				"BackOff: Back-off restarting failed container a in pod p_default(uid-1)",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := startBench(t, programs)
				b.create(podWith("p", c.container))
				b.pass(c.at)
				waiting := b.get("p").Status.ContainerStatuses[0].State.Waiting
				if diff := cmp.Diff(&corev1.ContainerStateWaiting{Reason: c.reason, Message: c.message}, waiting); diff != "" {
					t.Errorf("the container waits otherwise (-want +got):\n%s", diff)
				}
				events := b.events("spec.containers{a}")
				for _, want := range c.events {
					found := false
					for _, got := range events {
						found = found || len(got) >= len(want) && got[:len(want)] == want
					}
					if !found {
						t.Errorf("there is no event %q among %q", want, events)
					}
				}
			})
		})
	}
}

// events lists the events that were sent of a part of a pod, each kind once. It reads
// what was sent and not what is stored, since in a bubble events of the same moment
// get the same name.
func (b *bench) events(field string) []string {
	b.t.Helper()
	var texts []string
	for _, action := range b.client.Actions() {
		create, ok := action.(k8stesting.CreateAction)
		if !ok || action.GetResource().Resource != "events" {
			continue
		}
		if e, ok := create.GetObject().(*corev1.Event); ok && e.InvolvedObject.FieldPath == field {
			texts = append(texts, e.Reason+": "+e.Message)
		}
	}
	return texts
}

func TestVolumesThatCannotBeSetUpHoldThePodBackUntilTheyCan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, programs)
		pod := podWith("p", one("a", "serve:1"))
		pod.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "keys"}}}}
		b.create(pod)
		b.pass(10 * time.Second)
		if got := summary(b.get("p")); got != "Pending a=ContainerCreating" {
			t.Errorf("the pod is %s", got)
		}
		if got, want := b.events(""), `FailedMount: MountVolume.SetUp failed for volume "v" : secret "keys" not found`; len(got) == 0 || got[0] != want {
			t.Errorf("the events are %q, want %q", got, want)
		}
		_, err := b.client.CoreV1().Secrets("default").Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "keys"}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		b.pass(10 * time.Second)
		if got := summary(b.get("p")); got != "Running a=running,ready" {
			t.Errorf("the pod is %s", got)
		}
	})
}

func TestDeadlineEndsAPod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, programs)
		pod := podWith("p", one("a", "polite:1"))
		pod.Spec.ActiveDeadlineSeconds = new(int64(60))
		b.create(pod)
		b.pass(59 * time.Second)
		if got := summary(b.get("p")); got != "Running a=running,ready" {
			t.Errorf("before its deadline the pod is %s", got)
		}
		b.pass(2 * time.Second)
		if got := summary(b.get("p")); got != "Failed/DeadlineExceeded a=Completed(0)" {
			t.Errorf("after its deadline the pod is %s", got)
		}
	})
}

func TestAddressesAreNotReusedWhileOthersAreFree(t *testing.T) {
	t.Parallel()
	pool, err := newAddressPool(netip.MustParsePrefix("10.244.0.0/29"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 6 {
		ip, err := pool.take()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ip.String())
	}
	want := []string{"10.244.0.1", "10.244.0.2", "10.244.0.3", "10.244.0.4", "10.244.0.5", "10.244.0.6"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the addresses differ (-want +got):\n%s", diff)
	}
	if _, err := pool.take(); !errors.Is(err, errNoAddress) {
		t.Errorf("an empty pool gives %v", err)
	}
	pool.release(netip.MustParseAddr("10.244.0.3"))
	if ip, err := pool.take(); err != nil || ip.String() != "10.244.0.3" {
		t.Errorf("the pool gives %v and %v, want what was returned", ip, err)
	}
}

func TestManyNodesAreOneGoroutine(t *testing.T) { // alone, since it counts goroutines
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, nil)
		var specs []NodeSpec
		for i := range manyNodes + 10 {
			specs = append(specs, NodeSpec{Name: fmt.Sprintf("n-%04d", i), IP: netip.AddrFrom4([4]byte{10, 128, byte(1 + i/250), byte(1 + i%250)})})
		}
		synctest.Wait()
		before := runtime.NumGoroutine()
		if err := b.AddNodes(t.Context(), specs); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before+10 {
			t.Errorf("%d goroutines for all of them, %d before", after, before)
		}
		b.pass(time.Minute)
		stale := 0
		for _, s := range specs {
			if time.Since(b.renewed(s.Name)) > 21*time.Second {
				stale++
			}
		}
		if stale > 0 {
			t.Errorf("the leases of %d nodes were not renewed in time", stale)
		}
	})
}

func TestReadinessTakenAwayByTheControlPlaneIsReportedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, programs)
		b.create(podWith("p", one("a", "serve:1")))
		b.pass(time.Second)
		pod := b.get("p")
		for i := range pod.Status.Conditions {
			if pod.Status.Conditions[i].Type == corev1.PodReady {
				pod.Status.Conditions[i].Status = corev1.ConditionFalse
			}
		}
		if _, err := b.client.CoreV1().Pods("default").UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		if !isReady(&b.get("p").Status) {
			t.Error("the pod stays unready")
		}
	})
}

func TestPodsThatHadEndedBeforeTheKubeletStartedAreLeftAsTheyAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := startBench(t, programs)
		b.create(never(podWith("p", one("a", "ok-2s:1"))))
		b.pass(time.Minute)
		before := b.get("p")
		if err := b.Crash(testNode); err != nil {
			t.Fatal(err)
		}
		if err := b.StartHeartbeat(t.Context(), testNode); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Minute)
		after := b.get("p")
		if diff := cmp.Diff(before.Status, after.Status); diff != "" {
			t.Errorf("the status has changed (-before +after):\n%s", diff)
		}
		source, err := func() (logSource, error) {
			w, _ := b.workerOf("default", "p")
			return w.logOf("a", false)
		}()
		if err != nil || source.gone != before.Status.ContainerStatuses[0].ContainerID {
			t.Errorf("its log is %+v and %v, want it gone with its container", source, err)
		}
		b.markDeleted("p", 30)
		b.pass(time.Second)
		if !b.deleted("p") {
			t.Error("it cannot be deleted")
		}
	})
}
