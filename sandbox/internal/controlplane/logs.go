package controlplane

import (
	"flag"
	"fmt"
	"io"
	"log" //nolint:depguard // net/http writes to it, and it is redirected here

	"google.golang.org/grpc/grpclog"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// RedirectLogs sends what the Kubernetes components and the libraries under them log
// to w, and nothing of it to the terminal. It concerns the whole process and must be
// called before Start.
func RedirectLogs(w io.Writer) error {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{
		"logtostderr":     "false",
		"alsologtostderr": "false",
		"stderrthreshold": "FATAL",
		// Otherwise an error is written once for each severity below it.
		"one_output": "true",
	} {
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("setting klog's flag %s: %w", name, err)
		}
	}
	klog.SetOutput(w)
	log.SetOutput(w)
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, w, w))
	// Components are told of deprecated APIs that they watch on purpose.
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	return nil
}

// FlushLogs writes out what klog still holds.
func FlushLogs() { klog.Flush() }
