package screentest

import (
	"io"
	"sync"
)

// keyboard is what the program reads: keys, and the terminal's answers to
// queries. Writing to it never blocks, or a program that has stopped reading
// would block its own terminal.
type keyboard struct {
	mu      sync.Mutex
	changed sync.Cond
	buffer  []byte
	closed  bool
}

func newKeyboard() *keyboard {
	k := &keyboard{}
	k.changed.L = &k.mu
	return k
}

// Write implements io.Writer.
func (k *keyboard) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return 0, io.ErrClosedPipe
	}
	k.buffer = append(k.buffer, p...)
	k.changed.Broadcast()
	return len(p), nil
}

// Read implements io.Reader. It waits for the next key.
func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.buffer) == 0 {
		if k.closed {
			return 0, io.EOF
		}
		k.changed.Wait()
	}
	n := copy(p, k.buffer)
	k.buffer = k.buffer[n:]
	return n, nil
}

// Close lets Read end.
func (k *keyboard) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	k.changed.Broadcast()
	return nil
}
