// Package inferencecheckpoint simulates the image inference/inference-checkpoint,
// whose entry point is checkpoint_converter.sh of GoogleCloudPlatform/ai-on-gke at
// 5e1b5922: it downloads a Llama model, converts it for MaxText twice (scanned, then
// unscanned) and quantises it. The lines are the script's and those of the MaxText
// programs that it runs; nothing is downloaded, and the nine to ten hours that 405B
// takes are slept through, scaled.
package inferencecheckpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

// Program is the image's entry point.
type Program struct{}

var _ container.Program = Program{}

// errExit ends the script with an exit code; what there is to say is printed.
type errExit struct{ code int }

func (e errExit) Error() string { return fmt.Sprintf("exit %d", e.code) }

const (
	exitFailed     = 1
	exitTerminated = 128 + 15
)

// Run converts a checkpoint as the arguments say.
func (Program) Run(ctx context.Context, p *container.Process) int {
	s := &script{Process: p}
	err := s.main(ctx)
	var exit errExit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.code
	default:
		return exitTerminated
	}
}

// script is one run of the shell script.
type script struct{ *container.Process }

func (s *script) echof(format string, args ...any) {
	fmt.Fprintf(s.Stdout, format+"\n", args...)
}

// stampedf prints with the time that the script puts before most of its lines.
func (s *script) stampedf(format string, args ...any) {
	s.echof(time.Now().UTC().Format("2006-01-02 15:04:05")+": "+format, args...)
}

func (s *script) sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(s.World.Scale(d))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s.Term:
		return context.Canceled
	case <-ctx.Done():
		return ctx.Err()
	}
}

const usage = `Usage: /usr/bin/checkpoint_converter.sh [ -b BUCKET_NAME ] [ -s INFERENCE_SERVER ] [ -m MODEL_PATH ] [ -n MODEL_NAME ] [ -h HUGGINGFACE ] [ -q QUANTIZE_WEIGHTS ] [ -t QUANTIZE_TYPE ] [ -v VERSION ] [ -i INPUT_DIRECTORY ] [ -o OUTPUT_DIRECTORY ]`

func (s *script) main(ctx context.Context) error {
	o, err := parse(s.Args)
	if err != nil {
		fmt.Fprintf(s.Stderr, "getopt: %v\n", err)
		return errExit{exitFailed}
	}
	if o.help {
		s.echof(usage)
		return nil
	}
	s.stampedf("Inference server is %s", o.values["inference_server"])
	switch o.values["inference_server"] {
	case "jetstream-maxtext":
	case "jetstream-pytorch":
		// The sandbox serves MaxText's checkpoints only.
		fmt.Fprintln(s.Stderr, "jetstream-pytorch is not simulated")
		return errExit{exitFailed}
	default:
		s.echof("Enter a valid inference server [ -s --inference_server ]\nOptions:\n jetstream-maxtext\n jetstream-pytorch")
		return errExit{exitFailed}
	}
	if o.values["bucket_name"] == "" {
		s.stampedf("BUCKET_NAME is empty, please provide a GSBucket")
		return errExit{exitFailed}
	}
	if o.values["model_path"] == "" {
		s.stampedf("MODEL_PATH is empty, please provide the model path")
		return errExit{exitFailed}
	}
	return s.convert(ctx, o)
}

// sizes are the models that the script knows, by family, as it looks for them in the
// model's path.
var sizes = map[string][]string{
	"llama-2":   {"7b", "13b", "70b"},
	"llama-3":   {"8b", "70b"},
	"llama-3.1": {"8b", "70b", "405b"},
	"llama-3.3": {"70b"},
}

// modelSize is MaxText's name of a model, or "" and what the script says then.
func modelSize(name, path string) (size, complaint string) {
	known, ok := sizes[name]
	if !ok {
		return "", "Unclear llama model"
	}
	family := strings.Replace(name, "-", "", 1)
	i := slices.IndexFunc(known, func(s string) bool {
		return strings.Contains(path, s) || strings.Contains(path, strings.ToUpper(s))
	})
	if i < 0 {
		return "", fmt.Sprintf("Unclear %s model: %s", family, path)
	}
	return family + "-" + known[i], ""
}
