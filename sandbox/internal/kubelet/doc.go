// Package kubelet simulates the kubelets of all nodes of a sandbox in one object: it
// registers nodes and keeps their heartbeats, runs the containers of the pods bound
// to them as goroutines, reports their states as a real kubelet does, and serves each
// node's kubelet API on the simulated network.
//
// One informer watches the pods of all nodes. Each pod has a worker whose state a
// mutex guards; whatever takes time runs beside it and comes back with its result.
// Statuses are written by one serialised writer per pod, latest state first.
//
// Durations that a real node would take (pulls, probe delays and periods, restart
// back-off, grace periods) are divided by the world's speed; what the status says of
// them is not. All exported methods are safe for concurrent use. Run owns every
// goroutine and returns when the last has ended.
package kubelet
