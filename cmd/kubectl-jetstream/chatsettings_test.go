package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// templateFor is the template of a conversation with a deployment of a profile, by a
// configuration and a command line.
func templateFor(t *testing.T, c *configuration, profile string, args ...string) (string, error) {
	t.Helper()
	var f chatFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.add(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	if err := c.configure(flags); err != nil {
		t.Fatal(err)
	}
	if err := f.complete(flags, c); err != nil {
		return "", err
	}
	return f.settings(status.Snapshot{Profile: profile}).Template.Name, nil
}

func TestTheTemplateThatCounts(t *testing.T) {
	t.Parallel()
	const beside = "profile: " + profile70B + "\ntemplate: raw\n"
	own := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(own, []byte("turn: \"Q {user} A {answer} \"\nprompt: \"Q {user} A\"\nstop: [\"Q\"]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"KUBECTL_JETSTREAM_TEMPLATE": "llama-3"}
	for _, test := range []struct {
		name    string
		file    string
		env     map[string]string
		profile string
		args    []string
		want    string
	}{
		{"nothing is configured", "", nil, profile70B, nil, "llama-2"},
		{"one for every profile", "template: plain\n", nil, profile70B, nil, "plain"},
		{"one beside the deployment's profile", beside, nil, profile70B, nil, "raw"},
		{"one beside another profile", beside, nil, profile405B, nil, "plain"},
		{"one beside a profile, and a deployment of none", beside, nil, "", nil, "plain"},
		{"the context's wins", "template: plain\ncontexts:\n  tpu:\n    template: raw\n", nil, profile70B, nil, "raw"},
		{"not that of another context", "contexts:\n  other:\n    template: raw\n", nil, profile70B, nil, "llama-2"},
		{"an empty text leaves it to the profile", "template: plain\ncontexts:\n  tpu:\n    template: \"\"\n", nil, profile70B, nil, "llama-2"},
		{"the environment wins over the file", "template: plain\n", env, profile70B, nil, "llama-3"},
		{"the flag wins over the environment", "template: plain\n", env, profile70B, []string{"--template=raw"}, "raw"},
		{"a file", "template: " + own + "\n", nil, profile70B, nil, own},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := templateFor(t, configuredBy(t, test.file, test.env), test.profile, test.args...)
			if err != nil || got != test.want {
				t.Errorf("template %q, error %v; want %q", got, err, test.want)
			}
		})
	}
}

func TestAWrongTemplateNamesItsPlace(t *testing.T) {
	t.Parallel()
	c := configuredBy(t, "template: plane\n", map[string]string{"KUBECTL_JETSTREAM_TEMPLATE": "own.yaml"})
	for i, want := range []string{
		`config.yaml:1: template "plane" is no template; there are plain, llama-3, llama-2, raw, and a file is given by its whole path`,
		`KUBECTL_JETSTREAM_TEMPLATE: template "own.yaml" is no template;`,
	} {
		if len(c.wrong) <= i || !strings.Contains(c.wrong[i].Error(), want) {
			t.Errorf("mistakes %v, want %q", c.wrong, want)
		}
	}

	c = configuredBy(t, "theme: dark\ntemplate: /nonexistent/template.yaml\n", nil)
	if len(c.wrong) > 0 {
		t.Errorf("a file is looked for before it is needed: %v", c.wrong)
	}
	_, err := templateFor(t, c, profile70B)
	if err == nil || !strings.Contains(err.Error(), `config.yaml:2: template: "/nonexistent/template.yaml" is neither a template`) {
		t.Errorf("the error is %v", err)
	}
	if name, err := templateFor(t, c, profile70B, "--template=raw"); err != nil || name != "raw" {
		t.Errorf("with the flag: template %q, error %v", name, err)
	}
}

func TestGenerateDependsOnTheConfiguration(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"template: plane\n", "template: /nonexistent/template.yaml\n"} {
		a := configuredApp(t, file)
		cmd := newGenerateCommand(a)
		cmd.SetArgs([]string{"hello"})
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetErr(&bytes.Buffer{})
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), "config.yaml:1: template") {
			t.Errorf("with %q the error is %v", file, err)
		}
	}
}
