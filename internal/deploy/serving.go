package deploy

import (
	"fmt"
	"strconv"
	"strings"
)

// Fields of the serving stack that the checks read. A profile whose
// containers have other names is checked less, never wrongly.
const (
	pathReplicas      = "spec.replicas"
	pathSize          = "spec.leaderWorkerTemplate.size"
	pathSubGroupSize  = "spec.leaderWorkerTemplate.subGroupPolicy.subGroupSize"
	pathLeaderTopo    = "leader.spec.nodeSelector[cloud.google.com/gke-tpu-topology]"
	pathWorkerTopo    = "worker.spec.nodeSelector[cloud.google.com/gke-tpu-topology]"
	pathWorkerChips   = "worker.spec.containers[worker].resources.limits[google.com/tpu]"
	pathInstanceCount = "leader.spec.containers[pathways-rm].args[--instance_count]"
	pathInstanceType  = "leader.spec.containers[pathways-rm].args[--instance_type]"
	pathServerArgs    = "leader.spec.containers[jax-tpu].args"
)

// serverArgument returns the value of an argument KEY=VALUE of the model
// server, empty if it is not there.
func (w workload) serverArgument(key string) string {
	return w.text(pathServerArgs + "[" + key + "]")
}

// serverArguments returns the arguments of the model server.
func (w workload) serverArguments() []string {
	path, err := ParsePath(pathServerArgs)
	if err != nil {
		return nil
	}
	list, _ := w.get(path).([]any)
	arguments := make([]string, len(list))
	for i, argument := range list {
		arguments[i] = fmt.Sprint(argument)
	}
	return arguments
}

// serverFlag reports whether an argument of the model server is true. MaxText
// accepts the word in any case.
func (w workload) serverFlag(key string) bool {
	return strings.EqualFold(strings.TrimSpace(w.serverArgument(key)), "true")
}

// number returns a field as a whole number; ok is false if it is absent or
// none.
func (w workload) number(path string) (n int64, ok bool) {
	n, err := strconv.ParseInt(w.text(path), 10, 64)
	return n, err == nil
}

// serverNumber returns an argument of the model server as a whole number.
func (w workload) serverNumber(key string) (n int64, ok bool) {
	return w.number(pathServerArgs + "[" + key + "]")
}

// replicas returns the number of groups, 1 if the field is absent.
func (w workload) replicas() int64 {
	if n, ok := w.number(pathReplicas); ok {
		return n
	}
	return 1
}
