package logs

import "sort"

// ring is a queue in which items keep their position: the first that was ever
// pushed has position 0, whatever has been dropped since.
type ring[T any] struct {
	items      []T // as many as a power of two
	first, end uint64
}

func (r *ring[T]) len() int { return int(r.end - r.first) }

// at returns the item at a position from first up to but not including end.
func (r *ring[T]) at(pos uint64) *T { return &r.items[pos&uint64(len(r.items)-1)] }

// push adds an item and returns its position.
func (r *ring[T]) push(item T) uint64 {
	if r.len() == len(r.items) {
		grown := make([]T, max(64, 2*len(r.items)))
		for pos := r.first; pos < r.end; pos++ {
			grown[pos&uint64(len(grown)-1)] = *r.at(pos)
		}
		r.items = grown
	}
	pos := r.end
	r.end++
	*r.at(pos) = item
	return pos
}

// drop removes the oldest item.
func (r *ring[T]) drop() {
	var none T
	*r.at(r.first) = none
	r.first++
}

// reset removes all items, and positions begin at 0 again.
func (r *ring[T]) reset() {
	clear(r.items)
	r.first, r.end = 0, 0
}

// seek returns the position of the first item not less than id in an ascending
// ring, or its end.
func seek(r *ring[uint64], id uint64) uint64 {
	return r.first + uint64(sort.Search(r.len(), func(i int) bool {
		return *r.at(r.first + uint64(i)) >= id
	}))
}

// forget drops the items of an ascending ring that are less than id.
func forget(r *ring[uint64], id uint64) {
	for r.len() > 0 && *r.at(r.first) < id {
		r.drop()
	}
}
