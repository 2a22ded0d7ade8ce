package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// lws is a LeaderWorkerSet of pods that only wait.
func lws(name string, replicas, size int, extra string) string {
	return fmt.Sprintf(`
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata:
  name: %s
  %s
spec:
  replicas: %d
  leaderWorkerTemplate:
    size: %d
    workerTemplate:
      spec:
        terminationGracePeriodSeconds: 1
        containers:
        - name: main
          image: sandbox.invalid/echo:v1
          args: ["--wait"]
`, name, extra, replicas, size)
}

// tpuLWS adds what binds each group to a TPU slice of its own.
func tpuLWS(name string, replicas int) string {
	text := lws(name, replicas, 3, "annotations: {leaderworkerset.sigs.k8s.io/exclusive-topology: cloud.google.com/gke-nodepool}")
	return strings.Replace(text, "        containers:", `        nodeSelector: {cloud.google.com/gke-tpu-topology: 2x4}
        tolerations: [{key: google.com/tpu, operator: Exists}]
        containers:`, 1)
}

func podUIDs(t *testing.T, ns string) string {
	t.Helper()
	return shared.kubectl(t, "get", "pods", "-n", ns, "-o", "jsonpath={range .items[*]}{.metadata.name}={.metadata.uid} {end}")
}

func waitRunning(t *testing.T, ns string, pods int) {
	t.Helper()
	eventually(t, 30*time.Second, func() (bool, string) {
		out := shared.kubectl(t, "get", "pods", "-n", ns, "-o", "jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.metadata.deletionTimestamp}{\"\\n\"}{end}")
		running := 0
		for line := range strings.Lines(out) {
			if fields := strings.Fields(line); len(fields) == 2 && fields[1] == "Running" {
				running++
			}
		}
		return running == pods && strings.Count(out, "\n") == pods, out
	})
}

func TestDeletingAWorkerRecreatesItsWholeGroup(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, lws("group", 1, 3, ""), "-n", ns)
	waitRunning(t, ns, 3)
	before := podUIDs(t, ns)
	shared.kubectl(t, "delete", "pod", "-n", ns, "group-0-2", "--wait=false")
	eventually(t, 30*time.Second, func() (bool, string) {
		after := podUIDs(t, ns)
		for _, pod := range strings.Fields(before) {
			if strings.Contains(after, pod) {
				return false, after
			}
		}
		return len(strings.Fields(after)) == 3, after
	})
	waitRunning(t, ns, 3)
	events := shared.kubectl(t, "get", "events", "-n", ns)
	if !strings.Contains(events, "RecreateGroup") {
		t.Errorf("no RecreateGroup event:\n%s", events)
	}
}

func TestExclusiveTopologyGivesEachGroupANodePoolOfItsOwn(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, tpuLWS("exclusive", 2), "-n", ns)
	waitRunning(t, ns, 6)
	pools := map[string]string{} // group → node pool
	out := shared.kubectl(t, "get", "pods", "-n", ns, "-o",
		`jsonpath={range .items[*]}{.metadata.labels.leaderworkerset\.sigs\.k8s\.io/group-index} {.spec.nodeName}{"\n"}{end}`)
	for line := range strings.Lines(out) {
		var group, node string
		if _, err := fmt.Sscan(line, &group, &node); err != nil {
			t.Fatalf("reading %q: %v", line, err)
		}
		pool := shared.kubectl(t, "get", "node", node, "-o", `jsonpath={.metadata.labels.cloud\.google\.com/gke-nodepool}`)
		if known, ok := pools[group]; ok && known != pool {
			t.Errorf("group %s is in the pools %s and %s", group, known, pool)
		}
		pools[group] = pool
	}
	if len(pools) != 2 || pools["0"] == pools["1"] {
		t.Errorf("groups and their pools: %v, want two groups in two pools", pools)
	}
}

func TestARollingUpdateReplacesTheGroupsOneByOne(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, lws("rolling", 2, 2, ""), "-n", ns)
	waitRunning(t, ns, 4)
	before := podUIDs(t, ns)
	shared.kubectl(t, "patch", "lws", "-n", ns, "rolling", "--type=merge", "-p",
		`{"spec":{"leaderWorkerTemplate":{"workerTemplate":{"metadata":{"labels":{"revision":"two"}}}}}}`)
	eventually(t, time.Minute, func() (bool, string) {
		after := podUIDs(t, ns)
		labels := shared.kubectl(t, "get", "pods", "-n", ns, "-l", "revision=two", "-o", "name")
		return strings.Count(labels, "\n") == 4, after
	})
	after := podUIDs(t, ns)
	for _, pod := range strings.Fields(before) {
		if strings.Contains(after, pod) {
			t.Errorf("%s survived the update", pod)
		}
	}
}

func TestTheWebhookRejectsWhatTheAPIServerAloneWouldAccept(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	r := shared.run(t, lws("wrong", 1, 3, "annotations: {leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology: cloud.google.com/gke-nodepool}"),
		bin("kubectl"), "apply", "-n", ns, "-f", "-")
	if r.code == 0 || !strings.Contains(r.stderr, "denied the request") {
		t.Errorf("a subgroup annotation without a subgroup policy: %s", r)
	}
}

func TestScaleAndDeleteReachThePods(t *testing.T) {
	t.Parallel()
	ns := shared.namespace(t)
	shared.apply(t, lws("scaled", 1, 2, ""), "-n", ns)
	waitRunning(t, ns, 2)
	shared.kubectl(t, "scale", "lws/scaled", "-n", ns, "--replicas=3")
	waitRunning(t, ns, 6)
	shared.kubectl(t, "scale", "lws/scaled", "-n", ns, "--replicas=1")
	waitRunning(t, ns, 2)
	shared.kubectl(t, "delete", "lws", "scaled", "-n", ns)
	eventually(t, 30*time.Second, func() (bool, string) {
		out := shared.kubectl(t, "get", "pods", "-n", ns, "-o", "name")
		return out == "", out
	})
}
