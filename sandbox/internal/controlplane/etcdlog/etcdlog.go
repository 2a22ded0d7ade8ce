// Package etcdlog keeps the API server's etcd client from writing to the terminal.
//
// The client's logger is made when its package is initialised, from a default that
// writes to standard error, and cannot be replaced afterwards. Go initialises
// packages in the order of their import paths where their imports allow it, so that
// this one, which imports nothing but the default, comes before any of Kubernetes.
// Nothing is lost: what the client warns of, the API server reports as an error.
package etcdlog

import "go.etcd.io/etcd/client/pkg/v3/logutil"

var _ = silence()

// silence returns where the logs would have gone.
func silence() []string {
	before := logutil.DefaultZapLoggerConfig.OutputPaths
	logutil.DefaultZapLoggerConfig.OutputPaths = nil
	return before
}
