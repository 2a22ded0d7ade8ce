package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// catalogSettings are the settings as the built-in profiles make them.
func catalogSettings(tb testing.TB) []setting {
	tb.Helper()
	profiles, err := deploy.Catalog()
	if err != nil {
		tb.Fatal(err)
	}
	return settingsOf(profiles)
}

func TestConfigFile(t *testing.T) {
	t.Parallel()
	settings := catalogSettings(t)
	for _, test := range []struct {
		name string
		text string
		want map[string]string // name, or context/name, to value:line
	}{
		{"nothing", "", nil},
		{"comments only", "# theme: dark\n", nil},
		{"null", "~\n", nil},
		{
			"settings of every kind",
			"profile: llama-3.1-405b-v6e-4x4\ncheckpoint: gs://models/llama/int8\nbatch-size: 8\nwarm-up: false\ntheme: dark\nkeep-logs: false\n",
			map[string]string{
				"profile": "llama-3.1-405b-v6e-4x4:1", "checkpoint": "gs://models/llama/int8:2", "batch-size": "8:3", "warm-up": "false:4",
				"theme": "dark:5", "keep-logs": "false:6",
			},
		},
		{
			"lists as the command line takes them, or as YAML has them",
			"node-selector: a=b,c=d\ntoleration:\n- x\n- y=z:NoSchedule\n",
			map[string]string{"node-selector": "a=b,c=d:1", "toleration": "x,y=z:NoSchedule:2"},
		},
		{
			"what differs for contexts",
			"theme: light\ncontexts:\n  one:\n    theme: none\n  \"two: 2\": {skip-lws: true}\n",
			map[string]string{"theme": "light:1", "one/theme": "none:4", "two: 2/skip-lws": "true:5"},
		},
		{"an empty text, so that nothing holds", "service-account: \"\"\n", map[string]string{"service-account": ":1"}},
		{
			"a value of a profile of one's own, which that alone can judge",
			"profile: /home/me/profile\nweights: int4\n",
			map[string]string{"profile": "/home/me/profile:1", "weights": "int4:2"},
		},
		{
			"the same for a context below it",
			"profile: /home/me/profile\ncontexts:\n  one:\n    weights: int4\n",
			map[string]string{"profile": "/home/me/profile:1", "one/weights": "int4:4"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			file, wrong := parseConfigFile("config.yaml", []byte(test.text), settings)
			if len(wrong) > 0 {
				t.Errorf("it is wrong: %v", errors.Join(wrong...))
			}
			got := map[string]string{}
			put := func(prefix string, l layer) {
				for name, e := range l {
					got[prefix+name] = e.text + strings.TrimPrefix(e.from.String(), "config.yaml")
				}
			}
			put("", file.everywhere)
			for name, l := range file.contexts {
				put(name+"/", l)
			}
			if test.want == nil {
				test.want = map[string]string{}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMistakesInAConfigFileAreNamedWithTheirLines(t *testing.T) {
	t.Parallel()
	settings := catalogSettings(t)
	for _, test := range []struct {
		name string
		text string
		want []string
	}{
		{"a misspelt setting", "theme: dark\nchekpoint: gs://a/b\n", []string{`c.yaml:2: unknown setting "chekpoint"; did you mean checkpoint?`}},
		{"a setting that is like none", "color: red\n", []string{`c.yaml:1: unknown setting "color"`}},
		{"a flag that is no setting", "replicas: 2\n", []string{`c.yaml:1: unknown setting "replicas"`}},
		{"contexts misspelt", "context:\n  one: {}\n", []string{`c.yaml:1: unknown setting "context"; did you mean contexts?`}},
		{"a misspelt setting of a context", "contexts:\n  one:\n    asci: true\n", []string{`c.yaml:3: unknown setting "asci"; did you mean ascii?`}},
		{"contexts in a context", "contexts:\n  one:\n    contexts: {}\n", []string{`c.yaml:3: unknown setting "contexts"`}},
		{"a setting twice", "theme: dark\ntheme: light\n", []string{`c.yaml:2: "theme" stands on line 1 already`}},
		{"a context twice", "contexts:\n  one: {}\n  one: {}\n", []string{`c.yaml:3: "one" stands on line 2 already`}},
		{"no value", "checkpoint:\n", []string{`c.yaml:1: checkpoint has no value; write "" if there shall be none`}},
		{"a mapping for a value", "node-selector:\n  a: b\n", []string{`c.yaml:2: node-selector is not a single value; write it as on the command line`}},
		{"a list for a single value", "checkpoint: [gs://a/b]\n", []string{`c.yaml:1: checkpoint is not a single value; write it as on the command line`}},
		{"a list of lists", "toleration: [[a]]\n", []string{`c.yaml:1: toleration has a part that is not a single value`}},
		{"a list of settings", "- theme\n", []string{`c.yaml:1: this is not a list of a setting: value`}},
		{"a word", "theme\n", []string{`c.yaml:1: this is not a list of a setting: value`}},
		{"a list of contexts", "contexts: [one]\n", []string{`c.yaml:1: this is not a list of a context of the kubeconfig: value`}},
		{"a key that is a list", "? [a]\n: b\n", []string{`c.yaml:1: this is not a setting`}},
		{"no YAML", "theme: dark\n\tascii: true\n", []string{`c.yaml:2: found a tab character that violates indentation`}},
		{"two documents", "theme: dark\n---\ntheme: light\n", []string{`c.yaml:2: a second document begins; there is one in a configuration`}},
		{"a wrong choice", "theme: blue\n", []string{`c.yaml:1: theme "blue" is none of auto, dark, light, none`}},
		{"neither true nor false", "keep-logs: no\n", []string{`c.yaml:1: keep-logs "no" is neither true nor false`}},
		{"a profile that does not exist", "profile: llama\n", []string{
			`c.yaml:1: profile "llama" is no profile; built in are llama-`,
		}},
		{"a parameter's value", "checkpoint: models/llama\nbatch-size: many\n", []string{
			`c.yaml:1: checkpoint "models/llama" is wrong: `, `c.yaml:2: batch-size "many" is wrong: not a number; write one from`,
		}},
		{"a file that is far too long", "# " + strings.Repeat("x", maxConfigFile), []string{"c.yaml is larger than"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, wrong := parseConfigFile("c.yaml", []byte(test.text), settings)
			if len(wrong) != len(test.want) {
				t.Fatalf("mistakes %q, want %q", wrong, test.want)
			}
			for i, want := range test.want {
				if got := wrong[i].Error(); !strings.HasPrefix(got, want) {
					t.Errorf("mistake %q, want %q", got, want)
				}
			}
		})
	}
}

// TestAMistakeLeavesTheRestConfigured lets config view show what is right.
func TestAMistakeLeavesTheRestConfigured(t *testing.T) {
	t.Parallel()
	file, wrong := parseConfigFile("c.yaml", []byte("theme: blue\nnothing: 1\nascii: true\n"), catalogSettings(t))
	if len(wrong) != 2 || len(file.everywhere) != 1 || file.everywhere[settingASCII].text != "true" {
		t.Errorf("mistakes %q, configured %v", wrong, file.everywhere)
	}
}

func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"", "theme: dark\n", "contexts:\n  a:\n    theme: none\n", "a: &b c\ntheme: *b\n", "toleration: [a, b]\n", "? [x]\n: y\n",
		"<<: {theme: dark}\n", "theme: !!binary x\n", "---\n---\n", "&a theme: *a\n", "contexts: {one: null}\n", "\xff\n",
	} {
		f.Add(seed)
	}
	settings := catalogSettings(f)
	f.Fuzz(func(t *testing.T, text string) {
		file, wrong := parseConfigFile("c.yaml", []byte(text), settings)
		for _, err := range wrong {
			if !strings.HasPrefix(err.Error(), "c.yaml:") {
				t.Errorf("a mistake does not say where it is: %q", err)
			}
		}
		layers := []layer{file.everywhere}
		for _, l := range file.contexts {
			layers = append(layers, l)
		}
		for _, l := range layers {
			for name, e := range l {
				if settingNamed(settings, name) == nil || e.from.line < 1 {
					t.Errorf("configured %s from %v", name, e.from)
				}
			}
		}
	})
}
