// Package tpu knows the shapes of TPU slices: how many chips a topology has, how
// many hosts they sit on and how much memory each chip offers.
package tpu

import (
	"fmt"
	"strconv"
	"strings"
)

// Slice is one slice of an instance type such as "tpuv6e:4x4".
type Slice struct {
	// InstanceType is what the slice was parsed from.
	InstanceType string
	// Chips and Hosts are the slice's; every host has Chips/Hosts of them.
	Chips, Hosts int
	// HBM is the usable memory of one chip in bytes.
	HBM int64
}

const gib = 1 << 30

// generation is one machine family: the prefix of its instance types, the chips of
// one host and the usable memory of one chip as the programs report it.
type generation struct {
	chipsPerHost int
	hbm          int64
}

// generations has the prefixes that the Pathways job controller gives to machine
// types. The memory of v6e is the one its logs show (31.25 GiB of 32 GB), v5e and v5p
// those of the compiler's messages; the others are the data sheet's.
var generations = map[string]generation{
	"tpuv4":    {4, 32 * gib},
	"tpuv5":    {4, 95*gib + 3*gib/4},
	"tpuv5e":   {4, 15*gib + 3*gib/4},
	"tpuv5e1t": {8, 15*gib + 3*gib/4},
	"tpuv6e":   {4, 31*gib + gib/4},
	"tpuv6e1t": {8, 31*gib + gib/4},
	"tpu7x":    {4, 192 * gib},
}

// maxChips is more than any slice has; a topology beyond it is a mistake.
const maxChips = 1 << 16

// ParseInstanceType parses "<prefix>:<topology>", where the topology has two or
// three dimensions.
func ParseInstanceType(s string) (Slice, error) {
	prefix, topology, ok := strings.Cut(s, ":")
	if !ok {
		return Slice{}, fmt.Errorf("instance type %q is not of the form TYPE:TOPOLOGY", s)
	}
	g, ok := generations[prefix]
	if !ok {
		return Slice{}, fmt.Errorf("instance type %q has an unknown machine type %q", s, prefix)
	}
	dimensions := strings.Split(topology, "x")
	if len(dimensions) != 2 && len(dimensions) != 3 {
		return Slice{}, fmt.Errorf("instance type %q has a topology of %d dimensions, want 2 or 3", s, len(dimensions))
	}
	chips := 1
	for _, d := range dimensions {
		n, err := strconv.Atoi(d)
		if err != nil || n < 1 || n > maxChips || chips*n > maxChips {
			return Slice{}, fmt.Errorf("instance type %q has an invalid topology %q", s, topology)
		}
		chips *= n
	}
	hosts := max(1, chips/g.chipsPerHost)
	return Slice{InstanceType: s, Chips: chips, Hosts: hosts, HBM: g.hbm}, nil
}
