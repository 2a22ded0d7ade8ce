package nodepool

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// DefaultPools is the value of Parse that stands for Default.
const DefaultPools = "default"

const (
	defaultAccelerator = "tpu-v6e-slice"
	defaultCPUMachine  = "n2-standard-32"
)

// accelerators are the TPU types that are simulated, with the machine type of which
// GKE builds multi-host slices.
var accelerators = map[string]Machine{
	"tpu-v6e-slice":        {Type: "ct6e-standard-4t", CPU: 180, Memory: 720, Chips: 4},
	"tpu-v5-lite-podslice": {Type: "ct5lp-hightpu-4t", CPU: 112, Memory: 192, Chips: 4},
}

// cpuMachines are the machine types of pools without TPUs.
var cpuMachines = map[string]Machine{
	"n2-standard-8":   {Type: "n2-standard-8", CPU: 8, Memory: 32},
	"n2-standard-32":  {Type: "n2-standard-32", CPU: 32, Memory: 128},
	"m1-ultramem-160": {Type: "m1-ultramem-160", CPU: 160, Memory: 3844},
}

// topologies are those of v6e and v5e that consist of whole four-chip hosts.
var topologies = map[string]int{
	"2x2": 1, "2x4": 2, "4x4": 4, "4x8": 8, "8x8": 16, "8x16": 32, "16x16": 64,
}

func (m Machine) family() string {
	family, _, _ := strings.Cut(m.Type, "-")
	return family
}

// hosts is the number of hosts that form a slice of the topology.
func hosts(topology string) (int, error) {
	n, ok := topologies[topology]
	if !ok {
		return 0, fmt.Errorf("topology %q is not one of %s", topology, list(topologies))
	}
	return n, nil
}

// ParseAll reads the values of a repeatable option. No value at all means the default
// pools. Where no pool without TPUs is asked for, the default one is added, since the
// controllers need a place to run.
func ParseAll(values []string) ([]Pool, error) {
	if len(values) == 0 {
		return Default(), nil
	}
	var pools []Pool
	for _, value := range values {
		more, err := Parse(value)
		if err != nil {
			return nil, err
		}
		pools = append(pools, more...)
	}
	if !slices.ContainsFunc(pools, func(p Pool) bool { return !p.TPU() }) {
		pools = append(Default()[:1], pools...)
	}
	seen, nodes := make(map[string]bool), 0
	for _, p := range pools {
		if seen[p.Name] {
			return nil, fmt.Errorf("node pool %q is given twice; names must differ", p.Name)
		}
		seen[p.Name] = true
		nodes += p.Nodes
	}
	if nodes > MaxNodes {
		return nil, fmt.Errorf("the node pools have %d nodes together, and there are addresses for %d", nodes, MaxNodes)
	}
	return pools, nil
}

// Parse reads one value: "default", or settings such as
//
//	name=multihost-np,topology=4x4,accelerator=tpu-v6e-slice,count=2
//	name=default-pool,machine=n2-standard-32,count=3
//
// A pool of TPUs has a topology, any other a machine type. The count is the number of
// slices, each of which is a pool of its own with a number behind its name, where the
// topology spans several hosts, and the number of nodes in the pool elsewhere.
func Parse(value string) ([]Pool, error) {
	if value == DefaultPools {
		return Default(), nil
	}
	settings, err := parseSettings(value)
	if err == nil {
		var pools []Pool
		if pools, err = settings.pools(); err == nil {
			return pools, nil
		}
	}
	return nil, fmt.Errorf("node pool %q: %w", value, err)
}

type settings struct {
	name, topology, accelerator, machine string
	count                                int
}

func parseSettings(value string) (settings, error) {
	s := settings{count: 1}
	seen := make(map[string]bool)
	for setting := range strings.SplitSeq(value, ",") {
		key, text, ok := strings.Cut(setting, "=")
		if !ok || text == "" {
			return settings{}, fmt.Errorf("%q is not of the form key=value", setting)
		}
		if seen[key] {
			return settings{}, fmt.Errorf("%s is given twice", key)
		}
		seen[key] = true
		switch key {
		case "name":
			s.name = text
		case "topology":
			s.topology = text
		case "accelerator":
			s.accelerator = text
		case "machine":
			s.machine = text
		case "count":
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > MaxNodes {
				return settings{}, fmt.Errorf("count %q is not a number from 1 to %d", text, MaxNodes)
			}
			s.count = n
		default:
			return settings{}, fmt.Errorf("%q is not a setting; there are name, topology, accelerator, machine and count", key)
		}
	}
	return s, nil
}

func (s settings) pools() ([]Pool, error) {
	if s.name == "" {
		return nil, errors.New("it has no name; add name=NAME")
	}
	if wrong := validation.IsDNS1123Label(s.name); len(wrong) > 0 {
		return nil, fmt.Errorf("name %q is no label value: %s", s.name, wrong[0])
	}
	switch {
	case s.topology == "" && s.machine == "":
		return nil, errors.New("it has neither a topology nor a machine; add topology=4x4 for TPUs")
	case s.topology != "" && s.machine != "":
		return nil, errors.New("the machine of a TPU pool follows from its accelerator; leave one of topology and machine out")
	case s.machine != "" && s.accelerator != "":
		return nil, errors.New("an accelerator needs a topology; leave the machine out and add one")
	case s.machine != "":
		machine, ok := cpuMachines[s.machine]
		if !ok {
			return nil, fmt.Errorf("machine %q is not one of %s", s.machine, list(cpuMachines))
		}
		return []Pool{{Name: s.name, Machine: machine, Nodes: s.count}}, nil
	}
	return s.slices()
}

func (s settings) slices() ([]Pool, error) {
	accelerator := s.accelerator
	if accelerator == "" {
		accelerator = defaultAccelerator
	}
	machine, ok := accelerators[accelerator]
	if !ok {
		return nil, fmt.Errorf("accelerator %q is not one of %s", accelerator, list(accelerators))
	}
	size, err := hosts(s.topology)
	if err != nil {
		return nil, err
	}
	pool := Pool{Name: s.name, Machine: machine, Accelerator: accelerator, Topology: s.topology, Nodes: size}
	if size == 1 {
		pool.Nodes = s.count
		return []Pool{pool}, nil
	}
	if s.count == 1 {
		return []Pool{pool}, nil
	}
	pools := make([]Pool, s.count)
	for i := range pools {
		pools[i] = pool
		pools[i].Name = s.name + "-" + strconv.Itoa(i+1)
	}
	return pools, nil
}

func list[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
