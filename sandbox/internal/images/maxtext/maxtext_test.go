package maxtext

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

// TestArgumentsAsOmegaConf compares with what OmegaConf.from_cli of version 2.4.0
// read from the same arguments.
func TestArgumentsAsOmegaConf(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/omegaconf.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Arg, Key, Type, Text string }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		key, v := parseArgument(c.Arg)
		got := []string{key, typeName(v), Format(v)}
		want := []string{c.Key, c.Type, c.Text}
		if c.Type == "dict" || c.Type == "list" {
			// Structures are told from scalars only; no option takes one.
			if strings.HasPrefix(c.Arg, "a=") {
				continue
			}
			want[1], want[2] = "list", "{...}"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got)\n%s", c.Arg, diff)
		}
	}
}

func TestDataIsWellFormed(t *testing.T) {
	t.Parallel()
	base := parseData(baseData)[""]
	if len(base) < 290 {
		t.Fatalf("%d options in base.yml", len(base))
	}
	known := make(map[string]Value)
	for _, o := range base {
		if _, twice := known[o.Name]; twice {
			t.Errorf("%s is there twice", o.Name)
		}
		known[o.Name] = o.Value
	}
	models := parseData(modelData)
	for _, name := range modelNames[1:] {
		options, ok := models[name]
		if !ok {
			t.Errorf("model %s has no options", name)
		}
		for _, o := range options {
			if v, ok := known[o.Name]; !ok || typeName(v) != typeName(o.Value) {
				t.Errorf("%s: %s is a %s, the default a %s", name, o.Name, typeName(o.Value), typeName(v))
			}
		}
	}
	for _, data := range []string{baseData, configData, modelData} {
		for line := range strings.Lines(data) {
			kind := strings.SplitN(line, "\t", 3)
			if len(kind) == 3 && !slices.Contains([]string{"str", "int", "float", "bool", "list", "none"}, kind[1]) {
				t.Errorf("line %q has an unknown type", line)
			}
		}
	}
}

func read(t *testing.T, env map[string]string, args ...string) (*Config, []string, *python.Exception) {
	t.Helper()
	var lines []string
	c, e := Read(args, env, func(line string) { lines = append(lines, line) })
	return c, lines, e
}

func TestRead(t *testing.T) {
	t.Parallel()
	c, lines, e := read(t, map[string]string{"M_STEPS": "7", "HOME": "/root"},
		"MaxText/configs/v5e/inference/llama3_405b_v5e-64.yml", "model_name=llama3.1-405b", "per_device_batch_size=6",
		"checkpoint_is_quantized=true ", "quantization=", "tokenizer_path=123", "max_target_length=2048.9")
	if e != nil {
		t.Fatal(e)
	}
	want := []string{
		"Updating keys from env and command line: ['model_name', 'quantization', 'checkpoint_is_quantized', 'tokenizer_path', 'per_device_batch_size', 'steps', 'max_target_length']",
		"Running Model: llama3.1-405b",
	}
	if diff := cmp.Diff(want, lines[:2]); diff != "" {
		t.Errorf("lines (-want +got)\n%s", diff)
	}
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "Updating keys from model: ['base_emb_dim', ") {
		t.Errorf("last line %q", last)
	}
	got := []any{c.Int("steps"), c.Float("per_device_batch_size"), c.Bool("checkpoint_is_quantized"), c.values["quantization"], c.String("tokenizer_path"), c.Int("max_target_length"), c.String("attention"), c.Int("base_emb_dim")}
	if diff := cmp.Diff([]any{7, 6.0, true, nil, "123", 2048, "dot_product", 16384}, got); diff != "" {
		t.Errorf("values (-want +got)\n%s", diff)
	}
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	const base = "MaxText/configs/base.yml"
	tests := []struct {
		name string
		env  map[string]string
		args []string
		want string
	}{
		{"an unknown key", nil, []string{base, "stepz=1"}, "ValueError: Key stepz was passed at the command line but isn't in config."},
		{"a word that is no assignment", nil, []string{base, "help"}, "ValueError: Key help was passed at the command line but isn't in config."},
		{"a number that is none", nil, []string{base, "steps=many"}, "ValueError: Couldn't parse value from CLI or ENV 'many' for key 'steps'"},
		{"a truth that is none", nil, []string{base, "scan_layers=maybe"}, "ValueError: Couldn't parse value from CLI or ENV 'maybe' for key 'scan_layers'"},
		{"a list", nil, []string{base, "mesh_axes=a"}, "ValueError: For key 'mesh_axes', type <class 'list'> not in dict_keys([<class 'str'>, <class 'int'>, <class 'float'>, <class 'bool'>]), can't pass at the CLI or ENV"},
		{"the same key twice over", map[string]string{"M_STEPS": "1"}, []string{base, "steps=2"}, "ValueError: You are passing overrides by both CLI and ENV for `steps`. This isn't allowed."},
		{"a key that the model sets", nil, []string{base, "model_name=llama2-70b", "head_dim=64"}, "ValueError: Keys ['head_dim'] are overwritten from both the model and the environment/command line. This isn't allowed."},
		{"an unknown model", nil, []string{base, "model_name=gpt5"}, "ValueError: Invalid model name was passed. Got gpt5, Valid options ('default', 'llama2-7b', 'llama2-13b'"},
		{"a directory for a file", nil, []string{"MaxText/configs"}, "FileNotFoundError: [Errno 2] No such file or directory: '/maxtext/MaxText/configs'"},
		{"nothing", nil, nil, "IndexError: list index out of range"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, e := read(t, tt.env, tt.args...)
			if e == nil || !strings.HasPrefix(e.Error(), tt.want) {
				t.Fatalf("error %v, want %q", e, tt.want)
			}
			if text := e.Traceback(); !strings.HasPrefix(text, "Traceback (most recent call last):\n  File \"/maxtext/MaxText/maxengine_server.py\", line 68, in <module>\n") {
				t.Errorf("traceback\n%s", text)
			}
		})
	}
}

func TestMesh(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		args    []string
		devices int
		want    string
	}{
		{"as 405B on 16 chips", []string{"ici_fsdp_parallelism=1", "ici_autoregressive_parallelism=2", "ici_tensor_parallelism=8"}, 16, "(1, 1, 1, 1, 1, 1, 8, 1, 1, 1, 2)"},
		{"one axis left open", []string{"ici_fsdp_parallelism=1", "ici_tensor_parallelism=-1"}, 8, "(1, 1, 1, 1, 1, 1, 8, 1, 1, 1, 1)"},
		{"two axes left open", []string{"ici_fsdp_parallelism=-1", "ici_tensor_parallelism=-1"}, 8, "AssertionError: Found unspecified values (-1) for more than one ICI"},
		{"an open axis that finds no room", []string{"ici_fsdp_parallelism=16", "ici_tensor_parallelism=-1"}, 8, "AssertionError: Unspecified value unable to be determined"},
		{"a wrong product", []string{"ici_fsdp_parallelism=1", "ici_tensor_parallelism=4"}, 16, "AssertionError: Number of devices per slice 16 does not match the product of the ICI parallelism 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _, e := read(t, nil, append([]string{"MaxText/configs/base.yml"}, tt.args...)...)
			if e != nil {
				t.Fatal(e)
			}
			got, e := c.Mesh(tt.devices)
			if e != nil {
				got = e.Error()
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestResolvePrintsEveryOptionSorted(t *testing.T) {
	t.Parallel()
	c, _, e := read(t, nil, "MaxText/configs/base.yml", "hf_access_token=secret", "per_device_batch_size=6")
	if e != nil {
		t.Fatal(e)
	}
	var params []string
	if e := c.Resolve(16, func(line string) {
		if p, ok := strings.CutPrefix(line, "Config param "); ok {
			params = append(params, p)
		}
	}); e != nil {
		t.Fatal(e)
	}
	if len(params) < 300 || !slices.IsSortedFunc(params, func(a, b string) int {
		na, _, _ := strings.Cut(a, ":")
		nb, _, _ := strings.Cut(b, ":")
		return strings.Compare(na, nb)
	}) {
		t.Errorf("%d options, not all or not sorted", len(params))
	}
	if slices.ContainsFunc(params, func(p string) bool { return strings.Contains(p, "secret") }) {
		t.Error("the access token is printed")
	}
	if !slices.Contains(params, "global_batch_size_to_load: 96") || !slices.Contains(params, "per_device_batch_size: 6.0") {
		t.Error("derived values are missing")
	}
}

func FuzzRead(f *testing.F) {
	f.Add("model_name=llama2-70b\x00steps=1_0")
	f.Add("a.b=1\x00quantization=~\x00x")
	f.Add("ici_tensor_parallelism=0\x00ici_fsdp_parallelism=-1\x00per_device_batch_size=.nan")
	f.Fuzz(func(t *testing.T, joined string) {
		args := append([]string{"MaxText/configs/base.yml"}, strings.Split(joined, "\x00")...)
		c, e := Read(args, nil, func(string) {})
		if e != nil {
			if e.Type == "" || !strings.Contains(e.Traceback(), "pyconfig.py") {
				t.Fatalf("exception %+v", e)
			}
			return
		}
		_ = c.Resolve(16, func(string) {})
		_, _ = c.Mesh(16)
	})
}
