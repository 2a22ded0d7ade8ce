package main

// latest hands on the newest of a row of values. A receiver that is slow misses
// intermediate ones and always gets the last. There is one sender, which closes
// it.
type latest[T any] chan T

func newLatest[T any]() latest[T] { return make(latest[T], 1) }

// put replaces what the receiver has not taken yet. It never blocks.
func (l latest[T]) put(v T) {
	select {
	case <-l:
	default:
	}
	l <- v
}
