package status

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

const (
	// modelServer is the container that loads and runs the model.
	modelServer = "jax-tpu"
	// tpuResource is what a container asks TPU chips by.
	tpuResource = corev1.ResourceName("google.com/tpu")
	// managedByLabel and managedByUs mark what this plugin made.
	managedByLabel = "app.kubernetes.io/managed-by"
	managedByUs    = "kubectl-jetstream"

	// smallestBucket is the shortest prompt length that warm-up compiles for;
	// each next one is twice as long, up to largestBucket.
	smallestBucket = 16
	largestBucket  = 32768
)

// describe says what a deployment serves, as its pod templates tell: those of
// a deployment made by hand say it as well as ours.
func (s *Snapshot) describe(lws *lwsv1.LeaderWorkerSet) {
	if lws == nil {
		return
	}
	leader, worker := templates(lws)
	s.Model = argument(leader, modelServer, "model_name")
	s.Checkpoint = argument(leader, modelServer, "load_parameters_path")
	s.MaxPrefill = numberArgument(leader, modelServer, "max_prefill_predict_length")
	s.MaxTarget = numberArgument(leader, modelServer, "max_target_length")
	s.Manual = lws.Labels[managedByLabel] != managedByUs
	workers := max(sizeOf(lws)-1, 0)
	s.Chips = replicasOf(lws) * (chips(leader) + workers*chips(worker))
}

// templates returns the leader's and the workers' pod template; without one of
// its own the leader is made from the workers'.
func templates(lws *lwsv1.LeaderWorkerSet) (leader, worker *corev1.PodTemplateSpec) {
	t := &lws.Spec.LeaderWorkerTemplate
	if t.LeaderTemplate != nil {
		return t.LeaderTemplate, &t.WorkerTemplate
	}
	return &t.WorkerTemplate, &t.WorkerTemplate
}

// chips counts the TPU chips that a pod of the template takes.
func chips(template *corev1.PodTemplateSpec) int {
	total := 0
	for i := range template.Spec.Containers {
		wanted := template.Spec.Containers[i].Resources
		quantity, ok := wanted.Limits[tpuResource]
		if !ok {
			quantity = wanted.Requests[tpuResource]
		}
		total += int(quantity.Value())
	}
	return total
}

// PlanOf reads from the pod templates how many parts a start-up has.
func PlanOf(lws *lwsv1.LeaderWorkerSet) milestone.Plan {
	leader, _ := templates(lws)
	plan := milestone.Plan{Engines: 1, Workers: max(sizeOf(lws)-1, 0)}
	plan.Slices = numberArgument(leader, "pathways-rm", "--instance_count")
	if strings.Contains(argument(leader, modelServer, "inference_server"), "Disaggregated") {
		plan.Engines = 2
	}
	if strings.EqualFold(argument(leader, modelServer, "enable_model_warmup"), "true") {
		longest := numberArgument(leader, modelServer, "max_prefill_predict_length")
		for bucket := smallestBucket; bucket <= min(longest, largestBucket); bucket *= 2 {
			plan.Buckets++
		}
	}
	return plan
}

// argument returns the value of a key=value argument of a container; the last
// one counts. Arguments are also found in a command, where people who write
// manifests by hand put them.
func argument(template *corev1.PodTemplateSpec, container, key string) string {
	value := ""
	for i := range template.Spec.Containers {
		c := &template.Spec.Containers[i]
		if c.Name != container {
			continue
		}
		for _, arg := range slices.Concat(c.Command, c.Args) {
			if v, ok := strings.CutPrefix(arg, key+"="); ok {
				value = v
			}
		}
	}
	return value
}

// numberArgument is the value of an argument that is a number of things; 0 if it is
// not given or is no such number.
func numberArgument(template *corev1.PodTemplateSpec, container, key string) int {
	n, err := strconv.Atoi(argument(template, container, key))
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// sizeOf is how many pods a group should have.
func sizeOf(lws *lwsv1.LeaderWorkerSet) int {
	if size := lws.Spec.LeaderWorkerTemplate.Size; size != nil {
		return int(*size)
	}
	return 1
}

// replicasOf is how many groups there should be.
func replicasOf(lws *lwsv1.LeaderWorkerSet) int {
	if replicas := lws.Spec.Replicas; replicas != nil {
		return int(*replicas)
	}
	return 1
}
