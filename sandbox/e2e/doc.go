// Package e2e runs the real binaries against real sandbox clusters: kubectl (built
// from upstream), the plugin and the sandbox itself. The tests look only at what a
// user sees: output, exit codes, the Kubernetes API.
//
// Most tests share one cluster and have a namespace each; those that need a cluster
// without LeaderWorkerSet, or with a fault in it, start their own.
package e2e
