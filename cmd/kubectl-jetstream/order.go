package main

import (
	"cmp"
	"maps"
	"slices"
)

// sortedKeys are the keys of m in their order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
