package built

import (
	"bytes"
	"sync"
)

// invitation is what a sandbox writes when it is up.
var invitation = []byte("export KUBECONFIG=")

// output keeps what a sandbox writes and notices when it is up.
type output struct {
	invited chan struct{}

	mu   sync.Mutex
	text bytes.Buffer
	up   bool
}

func newOutput() *output { return &output{invited: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	if !o.up && bytes.Contains(o.text.Bytes(), invitation) {
		o.up = true
		close(o.invited)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
