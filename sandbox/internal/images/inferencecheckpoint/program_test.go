package inferencecheckpoint

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/imagetest"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// job405B has the arguments of the published Job for 405B.
var job405B = []string{
	"--bucket_name=models", "--inference_server=jetstream-maxtext", "--meta_url=https://llama.example/signed",
	"--model_name=llama-3.1", "--model_path=Llama3.1-405B-Instruct:bf16-mp16",
	"--output_directory=gs://models/maxtext/llama-3.1-405b", "--quantize_type=int8", "--quantize_weights=True",
}

func run(t *testing.T, args []string) *imagetest.Container {
	t.Helper()
	c := imagetest.New(t, world.Options{})
	return c.Pod("checkpoint-converter", nil).Run("inference-checkpoint", "", Program{}, args, nil)
}

func TestJobConverts405B(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := run(t, job405B)
		if code := c.Wait(); code != 0 {
			t.Errorf("exit code %d:\n%s", code, c.Log)
		}
		if took := time.Since(start); took < 9*time.Hour || took > 10*time.Hour {
			t.Errorf("took %v, want nine to ten hours", took)
		}
		const path = "testdata/405b.golden"
		if *update {
			if err := os.WriteFile(path, []byte(c.Log.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), c.Log.String()); diff != "" {
			t.Errorf("log (-want +got)\n%s", diff)
		}
	})
}

// without leaves out or replaces arguments by their flags.
func without(changes ...string) []string {
	var args []string
next:
	for _, a := range job405B {
		for _, change := range changes {
			name, _, _ := strings.Cut(change, "=")
			if strings.HasPrefix(a, name+"=") {
				if change != name {
					args = append(args, change)
				}
				continue next
			}
		}
		args = append(args, a)
	}
	return args
}

func TestArgumentsThatFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no bucket", without("--bucket_name"), 1, ": BUCKET_NAME is empty, please provide a GSBucket\n"},
		{"no model path", without("--model_path"), 1, ": MODEL_PATH is empty, please provide the model path\n"},
		{"no URL", without("--meta_url"), 1, ": META_URL is empty, please provide the Meta url by visiting "},
		{"an unknown server", without("--inference_server=vllm"), 1, "Enter a valid inference server [ -s --inference_server ]\n"},
		{"a size that the family lacks", without("--model_path=Llama3.1-1B"), 2, "Unclear llama3.1 model: Llama3.1-1B\n"},
		{"an unknown family", without("--model_name=llama-9"), 2, "Unclear llama model\n"},
		{"an unknown quantization ends well, as the real one does", without("--quantize_type=int3"), 0, "an invalid quantization was provided: int3. Valid quantizations: int8\n"},
		{"a bucket that does not exist", without("--output_directory=gs://BUCKET_NAME/x"), 1, "The specified bucket does not exist."},
		{"an unknown option", append(without(), "--colour=red"), 1, "getopt: unrecognized option '--colour'\n"},
		{"an option without its value", append(without(), "--version"), 1, "getopt: option '--version' requires an argument\n"},
		{"no quantization", without("--quantize_weights"), 0, "Quantize weights: False\n"},
		{"help", []string{"--help"}, 0, "Usage: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := run(t, tt.args)
				if code := c.Wait(); code != tt.code {
					t.Errorf("exit code %d, want %d", code, tt.code)
				}
				if !strings.Contains(c.Log.String(), tt.want) {
					t.Errorf("log lacks %q:\n%s", tt.want, c.Log)
				}
			})
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-b", "one", "-mpath", "--model_n=name", "stray", "--output_directory", "out", "--", "--bucket_name=late"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"inference_server": "jetstream-maxtext", "bucket_name": "one", "model_path": "path", "model_name": "name", "output_directory": "out"}
	if diff := cmp.Diff(want, o.values); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for in, want := range map[string]string{
		"--model":    "option '--model' is ambiguous; possibilities: '--model_name' '--model_path'",
		"-z":         "invalid option -- 'z'",
		"-b":         "option requires an argument -- 'b'",
		"--nonsense": "unrecognized option '--nonsense'",
	} {
		if _, err := parse([]string{in}); err == nil || err.Error() != want {
			t.Errorf("parse(%q): %v, want %q", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("-b\x00x\x00--model_path=y\x00-")
	f.Fuzz(func(t *testing.T, joined string) {
		o, err := parse(strings.Split(joined, "\x00"))
		if err != nil {
			return
		}
		for name := range o.values {
			if !slices.Contains(longOptions, name) {
				t.Fatalf("option %q is read from %q", name, joined)
			}
		}
	})
}
