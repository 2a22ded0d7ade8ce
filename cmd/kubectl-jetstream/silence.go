package main

import (
	"context"
	"io"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/klog/v2"
)

// silenceLibraries keeps the terminal for the program's own words. The
// Kubernetes libraries report through klog and a list of error handlers of
// the process; whatever matters of it reaches the user as an error or a
// finding. It is called once, before anything runs.
func silenceLibraries() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	utilruntime.ErrorHandlers = []utilruntime.ErrorHandler{
		func(context.Context, error, string, ...any) {},
	}
}
