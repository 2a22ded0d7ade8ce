package deploy

import (
	"fmt"
	"strconv"
	"strings"

	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// topologyChips returns the number of chips of a slice topology such as 4x4
// or 2x2x4.
func topologyChips(topology string) (int, error) {
	chips := 1
	for part := range strings.SplitSeq(topology, "x") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 || n > 1024 || strings.Count(topology, "x") > 2 {
			return 0, fmt.Errorf("topology %q is not written like 4x4", topology)
		}
		chips *= n
	}
	return chips, nil
}

// disaggregated is the beginning of the names of MaxText's servers that give
// prefill and decode a model each; the number of chips of each follows.
const disaggregated = "ExperimentalMaxtextDisaggregatedServer_"

// sliceShape is what a rendered workload says of its slices.
type sliceShape struct {
	topology string
	chips    int // of a slice
	hosts    int // of a slice
	count    int // slices of a group
}

// checkSlices checks that everything that follows from the slices agrees
// with them: the size of a group and of its subgroups, what the resource
// manager is told to wait for, and over how many chips the model is divided.
func checkSlices(p *Profile, w workload, ps *problems) {
	shape, ok := readShape(p, w, ps)
	if !ok {
		return
	}
	checkGroup(shape, w, ps)
	checkResourceManager(shape, w, ps)
	checkParallelism(p, shape, w, ps)
}

// wrongField adds a problem with a field that no flag of its own sets.
func (ps *problems) wrongField(path string, value any, message, remedy string) {
	ps.add("--set", fmt.Sprintf("%s=%v", path, value), message, remedy)
}

func readShape(p *Profile, w workload, ps *problems) (sliceShape, bool) {
	shape := sliceShape{topology: w.text(pathWorkerTopo), count: p.Slices}
	if leader := w.text(pathLeaderTopo); leader != shape.topology {
		ps.wrongField(pathLeaderTopo, leader, "the leader selects another topology than the workers, and would wait for a place for ever",
			"set both to "+shape.topology)
		return shape, false
	}
	chips, err := topologyChips(shape.topology)
	if err != nil {
		ps.wrongField(pathWorkerTopo, shape.topology, err.Error(), "write the slice's topology, such as "+p.Topology)
		return shape, false
	}
	perHost, ok := w.number(pathWorkerChips)
	if !ok || perHost < 1 || chips%int(perHost) != 0 {
		ps.wrongField(pathWorkerChips, w.text(pathWorkerChips), fmt.Sprintf("a slice of %s has %d chips, which that number of chips for each host does not divide", shape.topology, chips),
			fmt.Sprintf("set it to %d", p.ChipsPerHost))
		return shape, false
	}
	shape.chips, shape.hosts = chips, chips/int(perHost)
	if count, ok := w.number(pathInstanceCount); ok {
		shape.count = int(count)
	}
	return shape, true
}

func checkGroup(shape sliceShape, w workload, ps *problems) {
	want := int64(shape.count*shape.hosts + 1)
	if size, ok := w.number(pathSize); !ok || size != want {
		ps.wrongField(pathSize, w.text(pathSize), fmt.Sprintf("%d slices with %d hosts each and a leader make a group of %d", shape.count, shape.hosts, want),
			fmt.Sprintf("set it to %d", want))
	}
	annotations := w.lws.GetAnnotations()
	if shape.count == 1 {
		if annotations[lwsv1.ExclusiveKeyAnnotationKey] == "" {
			ps.wrongField("metadata.annotations["+lwsv1.ExclusiveKeyAnnotationKey+"]", "", "without it the pods of a group may be spread over several slices",
				"set it to cloud.google.com/gke-nodepool")
		}
		return
	}
	if annotations[lwsv1.SubGroupExclusiveKeyAnnotationKey] == "" {
		ps.wrongField("metadata.annotations["+lwsv1.SubGroupExclusiveKeyAnnotationKey+"]", "", "without it the workers of a slice may be spread over several",
			"set it to cloud.google.com/gke-nodepool")
	}
	if size, ok := w.number(pathSubGroupSize); !ok || size != int64(shape.hosts) {
		ps.wrongField(pathSubGroupSize, w.text(pathSubGroupSize), fmt.Sprintf("a slice of %s has %d hosts, and a subgroup is a slice", shape.topology, shape.hosts),
			fmt.Sprintf("set it to %d", shape.hosts))
	}
}

func checkResourceManager(shape sliceShape, w workload, ps *problems) {
	if text := w.text(pathInstanceCount); text != "" && shape.count < 1 {
		ps.wrongField(pathInstanceCount, text, "the resource manager waits for at least one slice", "set it to the number of slices")
	}
	instance := w.text(pathInstanceType)
	if _, topology, ok := strings.Cut(instance, ":"); instance != "" && (!ok || topology != shape.topology) {
		ps.wrongField(pathInstanceType, instance, "the resource manager would wait for slices of another topology than "+shape.topology,
			"set it to the machine's name, a colon and "+shape.topology)
	}
}

// checkParallelism checks that the model is divided over exactly the chips
// of an engine. -1 stands for whatever is left over.
func checkParallelism(p *Profile, shape sliceShape, w workload, ps *problems) {
	total := shape.count * shape.chips
	chips := total / p.Engines
	server := w.serverArgument("inference_server")
	if text, ok := strings.CutPrefix(server, disaggregated); ok {
		each, err := strconv.Atoi(text)
		if err != nil || each*2 != total {
			ps.wrongField(pathServerArgs+"[inference_server]", server, fmt.Sprintf("the server needs two engines of that many chips, and a group has %d chips in all", total),
				fmt.Sprintf("set it to %s%d", disaggregated, total/2))
			return
		}
		chips = each
	}
	product, open, names := 1, 0, []string{}
	for _, argument := range w.serverArguments() {
		key, text, _ := strings.Cut(argument, "=")
		if !strings.HasPrefix(key, "ici_") || !strings.HasSuffix(key, "_parallelism") {
			continue
		}
		n, err := strconv.Atoi(text)
		switch {
		case err == nil && n == -1:
			open++
		case err == nil && n > 0:
			product *= n
		default:
			ps.wrongField(pathServerArgs+"["+key+"]", text, "not a whole number above 0, nor -1", "write how many parts the model is divided into")
			return
		}
		names = append(names, key+"="+text)
	}
	if len(names) == 0 {
		return
	}
	if open > 1 || chips%product != 0 || (open == 0 && product != chips) {
		ps.wrongField(pathServerArgs, strings.Join(names, " "), fmt.Sprintf("their product must be the %d chips of an engine", chips),
			"change one of them, or set one to -1 for what is left over")
	}
}
