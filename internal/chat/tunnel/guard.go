package tunnel

import utilruntime "k8s.io/apimachinery/pkg/util/runtime"

// guarded runs f so that its panic is told to client-go's panic handlers before it
// ends the process: a terminal that somebody has changed is restored by one. Every
// goroutine of the package runs in it; those of the SPDY library do not.
func guarded(f func()) {
	defer utilruntime.HandleCrash()
	f()
}
