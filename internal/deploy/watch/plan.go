package watch

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

const (
	// smallestBucket is the shortest prompt length that warm-up compiles for;
	// each next one is twice as long.
	smallestBucket = 16
	// largestBucket is the longest.
	largestBucket = 32768
)

// planOf reads from the pod templates how many parts a start-up has.
func planOf(lws *lwsv1.LeaderWorkerSet) milestone.Plan {
	template := lws.Spec.LeaderWorkerTemplate
	leader := &template.WorkerTemplate
	if template.LeaderTemplate != nil {
		leader = template.LeaderTemplate
	}
	plan := milestone.Plan{Engines: 1}
	if template.Size != nil {
		plan.Workers = max(int(*template.Size)-1, 0)
	}
	if n, err := strconv.Atoi(argument(leader, "pathways-rm", "--instance_count")); err == nil {
		plan.Slices = n
	}
	const server = "jax-tpu"
	if strings.Contains(argument(leader, server, "inference_server"), "Disaggregated") {
		plan.Engines = 2
	}
	if strings.EqualFold(argument(leader, server, "enable_model_warmup"), "true") {
		longest, err := strconv.Atoi(argument(leader, server, "max_prefill_predict_length"))
		if err == nil {
			for bucket := smallestBucket; bucket <= min(longest, largestBucket); bucket *= 2 {
				plan.Buckets++
			}
		}
	}
	return plan
}

// argument returns the value of a key=value argument of a container; the last
// one counts.
func argument(template *corev1.PodTemplateSpec, container, key string) string {
	value := ""
	for i := range template.Spec.Containers {
		if template.Spec.Containers[i].Name != container {
			continue
		}
		for _, arg := range template.Spec.Containers[i].Args {
			if v, ok := strings.CutPrefix(arg, key+"="); ok {
				value = v
			}
		}
	}
	return value
}
