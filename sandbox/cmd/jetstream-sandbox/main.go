// Command jetstream-sandbox runs a Kubernetes cluster with simulated TPU nodes in one
// process, for trying and testing kubectl-jetstream where there are no TPUs.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager/process"
)

// gcPercent trades a quarter more processor time at the start for a hundred megabytes
// less memory afterwards. GOGC in the environment overrides it.
const gcPercent = 50

func main() {
	if len(os.Args) > 1 && os.Args[1] == lwsmanager.ChildCommand {
		os.Exit(process.Main(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	// The API server reaches webhooks and kubelets through an address that only this
	// process knows; a proxy of the environment must not get in between. What run
	// starts gets the environment as it was.
	environ := os.Environ()
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		_ = os.Setenv(name, "*") // fails only for invalid names
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr, environ})
	stop()
	os.Exit(code)
}
