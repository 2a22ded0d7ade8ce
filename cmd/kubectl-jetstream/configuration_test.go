package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

const (
	profile405B = "llama-3.1-405b-v6e-4x4"
	profile70B  = "llama-2-70b-v6e-2x4-disagg"
)

// configuredBy loads a configuration from the text of a file and variables, for
// the context "tpu".
func configuredBy(t *testing.T, file string, env map[string]string) *configuration {
	t.Helper()
	dir := t.TempDir()
	getenv := func(name string) string {
		if name == "XDG_CONFIG_HOME" {
			return dir
		}
		return env[name]
	}
	path, err := configPath(getenv)
	if err != nil {
		t.Fatal(err)
	}
	if file != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return loadConfiguration(catalogSettings(t), "tpu", getenv)
}

func TestTheNearestOriginWins(t *testing.T) {
	t.Parallel()
	const file = "theme: light\nascii: true\ncontexts:\n  tpu:\n    theme: dark\n  other:\n    theme: none\n    no-tui: true\n"
	c := configuredBy(t, file, map[string]string{"KUBECTL_JETSTREAM_KEEP_LOGS": "0", "KUBECTL_JETSTREAM_ASCII": ""})
	if len(c.wrong) > 0 {
		t.Fatal(errors.Join(c.wrong...))
	}
	for _, test := range []struct{ name, want, from string }{
		{settingTheme, "dark", ":5"}, // of the context
		{settingASCII, "true", ":2"}, // an empty variable is not set
		{settingKeepLogs, "0", "KUBECTL_JETSTREAM_KEEP_LOGS"},
		{settingNoTUI, "false", "built-in"}, // of another context
		{settingKeepChats, "false", "built-in"},
	} {
		e, _ := c.find(test.name)
		if got := c.text(test.name); got != test.want || !strings.HasSuffix(e.from.String(), test.from) {
			t.Errorf("%s is %q from %s, want %q from %s", test.name, got, e.from, test.want, test.from)
		}
	}
	c = configuredBy(t, file, map[string]string{"KUBECTL_JETSTREAM_THEME": "none"})
	if got := c.text(settingTheme); got != "none" {
		t.Errorf("with a variable the theme is %q", got)
	}
	if c.on(settingKeepChats) || !c.on(settingKeepLogs) || !c.on(settingASCII) {
		t.Error("what is on is not what was configured")
	}
}

func TestAWrongVariableIsNamed(t *testing.T) {
	t.Parallel()
	c := configuredBy(t, "theme: dark\n", map[string]string{"KUBECTL_JETSTREAM_THEME": "blue"})
	if got := errors.Join(c.wrong...); got == nil || got.Error() != `KUBECTL_JETSTREAM_THEME: theme "blue" is none of auto, dark, light, none` {
		t.Errorf("mistakes %v", got)
	}
	if got := c.text(settingTheme); got != "dark" {
		t.Errorf("what is wrong counts: the theme is %q", got)
	}
}

func TestAnUnreadableFileIsAMistake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "kubectl-jetstream", "config.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := loadConfiguration(catalogSettings(t), "", func(string) string { return dir })
	if len(c.wrong) == 0 || !strings.HasPrefix(c.wrong[0].Error(), "reading the configuration: ") {
		t.Errorf("mistakes %v", c.wrong)
	}
}

func TestValuesForANewDeployment(t *testing.T) {
	t.Parallel()
	const (
		both = "profile: " + profile405B + "\ncheckpoint: gs://models/405b\npathways-bucket: gs://scratch\nwarm-up: false\n"
		here = "contexts:\n  tpu:\n    profile: " + profile70B + "\n    checkpoint: gs://models/70b\n"
	)
	params := func(pairs ...string) map[string]string {
		out := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i]] = pairs[i+1]
		}
		return out
	}
	for _, test := range []struct {
		name  string
		file  string
		env   map[string]string
		given deploy.Values
		want  deploy.Values
	}{
		{"nothing is configured", "", nil, deploy.Values{}, deploy.Values{}},
		{
			"all of it", both, nil,
			deploy.Values{},
			deploy.Values{Profile: profile405B, Params: params("checkpoint", "gs://models/405b", "pathways-bucket", "gs://scratch", "warm-up", "false")},
		},
		{
			"what is given is not configured", both, nil,
			deploy.Values{Profile: profile405B, Params: params("checkpoint", "gs://mine/405b")},
			deploy.Values{Profile: profile405B, Params: params("pathways-bucket", "gs://scratch", "warm-up", "false")},
		},
		{
			"another profile takes no checkpoint of this one, but the bucket", both, nil,
			deploy.Values{Profile: profile70B},
			deploy.Values{Profile: profile70B, Params: params("pathways-bucket", "gs://scratch", "warm-up", "false")},
		},
		{
			"the context has its own", both + here, nil,
			deploy.Values{},
			deploy.Values{Profile: profile70B, Params: params("checkpoint", "gs://models/70b", "pathways-bucket", "gs://scratch", "warm-up", "false")},
		},
		{
			"the profile of every context, in one with its own", both + here, nil,
			deploy.Values{Profile: profile405B},
			deploy.Values{Profile: profile405B, Params: params("checkpoint", "gs://models/405b", "pathways-bucket", "gs://scratch", "warm-up", "false")},
		},
		{
			"a checkpoint in a context goes with the profile of every context", "profile: " + profile405B + "\ncontexts:\n  tpu:\n    checkpoint: gs://here/405b\n", nil,
			deploy.Values{Profile: profile70B},
			deploy.Values{Profile: profile70B},
		},
		{
			"a profile in the environment leaves the file's checkpoint out", both, params("KUBECTL_JETSTREAM_PROFILE", profile70B),
			deploy.Values{},
			deploy.Values{Profile: profile70B, Params: params("pathways-bucket", "gs://scratch", "warm-up", "false")},
		},
		{
			"a checkpoint in the environment goes with any profile", both, params("KUBECTL_JETSTREAM_CHECKPOINT", "gs://env/any"),
			deploy.Values{Profile: profile70B},
			deploy.Values{Profile: profile70B, Params: params("checkpoint", "gs://env/any", "pathways-bucket", "gs://scratch", "warm-up", "false")},
		},
		{
			"an empty text takes away what holds elsewhere", both + "contexts:\n  tpu:\n    warm-up: \"\"\n", nil,
			deploy.Values{},
			deploy.Values{Profile: profile405B, Params: params("checkpoint", "gs://models/405b", "pathways-bucket", "gs://scratch")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := configuredBy(t, test.file, test.env)
			if len(c.wrong) > 0 {
				t.Fatal(errors.Join(c.wrong...))
			}
			got, from := c.values(test.given)
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for name := range got.Params {
				if from[name] == (origin{}) {
					t.Errorf("%s comes from nowhere", name)
				}
			}
		})
	}
}

// configuredApp is an app with a kubeconfig and a configuration.
func configuredApp(t *testing.T, file string) *app {
	t.Helper()
	a, _ := testApp(t)
	c := configuredBy(t, file, nil)
	a.configuration = func() *configuration { return c }
	return a
}

func TestFlagsAreConfiguredUnlessTheyAreGiven(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args                   string
		ascii, noTUI, skipsLWS bool
	}{
		{"", true, true, true},
		{"--ascii=false --no-tui=false --skip-lws=false", false, false, false},
		{"--lws-version v0.9.0", true, true, false},
	} {
		a := configuredApp(t, "ascii: true\nno-tui: true\nskip-lws: true\n")
		var got *upOptions
		cmd := upCommand(a, func(o *upOptions, _ context.Context) error { got = o; return nil })
		cmd.SetArgs(strings.Fields(test.args))
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatalf("up %s: %v", test.args, err)
		}
		if got.ascii != test.ascii || got.noTUI != test.noTUI || got.skipLWS != test.skipsLWS {
			t.Errorf("up %s: ascii %v, no-tui %v, skip-lws %v", test.args, got.ascii, got.noTUI, got.skipLWS)
		}
	}
}

// TestAConfigurationChangesNoDeploymentThatExists is the promise that repeating
// up converges to what runs.
func TestAConfigurationChangesNoDeploymentThatExists(t *testing.T) {
	t.Parallel()
	const file = "profile: " + profile70B + "\ncheckpoint: gs://models/70b\npathways-bucket: gs://scratch\nbatch-size: 4\n"
	a := configuredApp(t, file)
	var out bytes.Buffer
	newRun := func(given deploy.Values) *upRun {
		given.Name, given.Namespace = "jetstream-pathways", "models"
		return &upRun{upOptions: &upOptions{app: a, given: given, configurable: true}, sink: newEventSink(&out, "", "jetstream-pathways")}
	}
	made := deploy.Values{
		Profile: profile405B, Name: "jetstream-pathways", Namespace: "models",
		Params: map[string]string{"checkpoint": "gs://models/405b/int8", "pathways-bucket": "gs://old"},
	}
	live := madeFrom(t, made)

	p, err := newRun(deploy.Values{}).plan(live)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, p.values); diff != "" {
		t.Errorf("repeating up (-remembered +planned):\n%s", diff)
	}
	p, err = newRun(deploy.Values{Params: map[string]string{"replicas": "2"}}).plan(live)
	if err != nil {
		t.Fatal(err)
	}
	if p.values.Params["replicas"] != "2" || p.values.Params["batch-size"] != "" || p.values.Params["pathways-bucket"] != "gs://old" {
		t.Errorf("changing one value plans %v", p.values.Params)
	}
	byHand := live.DeepCopy()
	byHand.SetAnnotations(nil)
	if _, err := newRun(deploy.Values{}).plan(byHand); err == nil || !strings.Contains(err.Error(), "no profile given") {
		t.Errorf("what was applied by hand is planned anew, with the error %v", err)
	}
	if out.Len() > 0 {
		t.Errorf("it tells of a configuration that it does not use:\n%s", &out)
	}

	p, err = newRun(deploy.Values{Params: map[string]string{"checkpoint": "gs://mine/70b"}}).plan(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"checkpoint": "gs://mine/70b", "pathways-bucket": "gs://scratch", "batch-size": "4"}
	if diff := cmp.Diff(want, p.values.Params); diff != "" || p.values.Profile != profile70B {
		t.Errorf("a new deployment of %s (-want +planned):\n%s", p.values.Profile, diff)
	}
	for _, part := range []string{"profile " + profile70B, "config.yaml:1", "pathways-bucket gs://scratch", "config.yaml:3", "batch-size 4"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("it does not tell of %q:\n%s", part, &out)
		}
	}
	if strings.Contains(out.String(), "gs://models/70b") {
		t.Errorf("it tells of a value that was given:\n%s", &out)
	}
}

// madeFrom is the LeaderWorkerSet that up made from values.
func madeFrom(t *testing.T, v deploy.Values) *unstructured.Unstructured {
	t.Helper()
	profile, err := deploy.LoadProfile(v.Profile)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := deploy.Render(profile, v)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind() == "LeaderWorkerSet" {
			return object
		}
	}
	t.Fatal("nothing was made")
	return nil
}

func TestAConfiguredValueThatCannotBeDeployedNamesItsPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"profile.yaml", "workload.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "manifests", "profiles", profile405B, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a := configuredApp(t, "profile: "+dir+"\nweights: int4\ncheckpoint: gs://models/a\npathways-bucket: gs://scratch\n")
	u := &upRun{upOptions: &upOptions{app: a, given: deploy.Values{Name: "x", Namespace: "models"}, configurable: true}}
	_, err := u.plan(nil)
	var invalid *deploy.ValidationError
	if !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Problems[0].Flag, "weights of ") || !strings.HasSuffix(invalid.Problems[0].Flag, "config.yaml:2") {
		t.Errorf("the error is %v", err)
	}

	a = configuredApp(t, "profile: /nonexistent/profile\n")
	u = &upRun{upOptions: &upOptions{app: a, given: deploy.Values{Name: "x", Namespace: "models"}, configurable: true}}
	if _, err := u.plan(nil); err == nil || !strings.Contains(err.Error(), "config.yaml:1: reading profile") {
		t.Errorf("the error is %v", err)
	}
}

// TestTheFormBeginsWithWhatIsConfigured lets a person see and change it.
func TestTheFormBeginsWithWhatIsConfigured(t *testing.T) {
	t.Parallel()
	a := configuredApp(t, "profile: "+profile405B+"\ncheckpoint: gs://models/405b\n")
	f := a.deployForm("models")
	if f.Profile != profile405B || f.Values["checkpoint"] != "gs://models/405b" {
		t.Errorf("it begins with %q and %v", f.Profile, f.Values)
	}

	// What the person has taken away does not come back.
	b, err := a.newBackend(nil)
	if err != nil {
		t.Fatal(err)
	}
	u := &upRun{upOptions: b.upFor("jetstream-pathways"), sink: newEventSink(&bytes.Buffer{}, "", "jetstream-pathways")}
	u.given.Profile, u.given.Params = profile405B, map[string]string{"pathways-bucket": "gs://scratch"}
	if _, err := u.plan(nil); err == nil || !strings.Contains(err.Error(), "--checkpoint") {
		t.Errorf("a form without a checkpoint is planned, with the error %v", err)
	}
}

// TestEveryParameterIsConfigurableOrNot makes whoever adds a parameter decide.
func TestEveryParameterIsConfigurableOrNot(t *testing.T) {
	t.Parallel()
	decided := map[string]bool{"replicas": true} // costs a slice each, so it is said where it is done
	for _, c := range configurable {
		decided[c.name] = true
	}
	profiles, err := deploy.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		for _, param := range p.Parameters {
			if !decided[param.Name] {
				t.Errorf("parameter %s of %s is neither configurable nor left out on purpose", param.Name, p.Name)
			}
		}
	}
}

// TestSettingsAreTheFlagsOfTheirCommands keeps names, and what help says of them,
// the same.
func TestSettingsAreTheFlagsOfTheirCommands(t *testing.T) {
	t.Parallel()
	a, _ := testApp(t)
	root := newRootCommand(a)
	for _, s := range settingsOf(a.profiles()) {
		for _, name := range s.on {
			cmd, _, err := root.Find([]string{name})
			if err != nil {
				t.Fatal(err)
			}
			if cmd.Flags().Lookup(s.name) == nil {
				t.Errorf("%s has no flag --%s", name, s.name)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	among := []string{"theme", "checkpoint", "pathways-bucket"}
	for word, want := range map[string]string{
		"theme": "theme", "thme": "theme", "themes": "theme", "chekpiont": "checkpoint", "pathways_bucket": "pathways-bucket",
		"colour": "", "": "", "x": "",
	} {
		if got := nearest(word, among); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestUnknownVariablesAreRemarkedOn(t *testing.T) {
	t.Parallel()
	got := unknownVariables(catalogSettings(t), []string{
		"HOME=/x", "KUBECTL_JETSTREAM_THEME=dark", "KUBECTL_JETSTREAM_CHEKPOINT=gs://a/b", "KUBECTL_JETSTREAM_SOMETHING_ELSE=1",
	})
	want := []string{
		"The variable KUBECTL_JETSTREAM_CHEKPOINT means nothing; did you mean KUBECTL_JETSTREAM_CHECKPOINT?",
		"The variable KUBECTL_JETSTREAM_SOMETHING_ELSE means nothing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
