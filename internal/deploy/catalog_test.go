package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheCatalogHoldsTheGuidesModels(t *testing.T) {
	t.Parallel()
	profiles, err := Catalog()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range profiles {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{llama70B, llama405B}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestDefaultsAreReadFromTheWorkload(t *testing.T) {
	t.Parallel()
	defaults := func(p *Profile) map[string]string {
		all := map[string]string{}
		for _, param := range p.Parameters {
			if param.Default != "" {
				all[param.Name] = param.Default
			}
		}
		return all
	}
	want := map[string]map[string]string{
		llama405B: {"replicas": "1", "batch-size": "6", "max-prefill-length": "1024", "max-target-length": "2048", "weights": "int8", "warm-up": "true"},
		llama70B:  {"replicas": "1", "batch-size": "27", "max-prefill-length": "1024", "max-target-length": "2048", "weights": "int8", "warm-up": "True"},
		llama8B:   {"replicas": "1", "batch-size": "4"},
	}
	for name := range want {
		if diff := cmp.Diff(want[name], defaults(loadProfile(t, name))); diff != "" {
			t.Errorf("defaults of %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDescribedLengthsAreTheServedOnes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{llama405B, llama70B, llama8B} {
		p := loadProfile(t, name)
		w, err := p.workloadObjects()
		if err != nil {
			t.Fatal(err)
		}
		prefill, _ := w.serverNumber("max_prefill_predict_length")
		target, _ := w.serverNumber("max_target_length")
		if got := (ContextLimits{MaxPrefill: int(prefill), MaxTarget: int(target)}); got != p.Context {
			t.Errorf("%s describes %+v and serves %+v", name, p.Context, got)
		}
	}
}

func TestAProfileOfTheUsersOwnIsNamedByItsPath(t *testing.T) {
	t.Parallel()
	p := loadProfile(t, llama8B)
	if !filepath.IsAbs(p.Name) || !strings.HasSuffix(p.Name, filepath.FromSlash(llama8B)) {
		t.Errorf("the profile is called %q, which does not find it from another directory", p.Name)
	}
	if p.Chips() != 8 || p.Nodes() != 2 {
		t.Errorf("got %d chips on %d nodes, want 8 on 2", p.Chips(), p.Nodes())
	}
}

func TestAProfileThatIsNotThereIsExplained(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "profile.yaml")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ name, want string }{
		"an unknown name":                    {"llama-4", "built in are " + llama70B + ", " + llama405B},
		"a directory that does not exist":    {"./no/such", "no such file"},
		"a file":                             {file, "name the directory"},
		"a directory that holds no profile":  {t.TempDir(), "profile.yaml"},
		"a name that leads out of the tree":  {"../manifests", "no such file"},
		"nothing":                            {"", "there is no profile"},
		"a directory in the built-in folder": {llama405B + "/workload.yaml", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := LoadProfile(test.name)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

// profileFiles returns the two files of the small profile.
func profileFiles(tb testing.TB) (description, objects string) {
	tb.Helper()
	for file, text := range map[string]*string{profileFile: &description, workloadFile: &objects} {
		data, err := os.ReadFile(filepath.Join(llama8B, file))
		if err != nil {
			tb.Fatal(err)
		}
		*text = string(data)
	}
	return description, objects
}

func TestMistakesInAProfileAreFoundWhenItIsLoaded(t *testing.T) {
	t.Parallel()
	type edit struct{ old, new string }
	for name, test := range map[string]struct {
		description, workload edit
		want                  string
	}{
		"a misspelt field":                      {edit{"topology:", "toplogy:"}, edit{}, `unknown field "toplogy"`},
		"no title":                              {edit{"title: Llama 3.1 8B on one TPU v6e slice of 8 chips", ""}, edit{}, "title is missing"},
		"a topology that does not fit":          {edit{"topology: 2x4", "topology: 4x4"}, edit{}, "topology 4x4 has 16 chips, but 2 hosts with 4 chips each have 8"},
		"no topology":                           {edit{"topology: 2x4", "topology: large"}, edit{}, "not written like 4x4"},
		"no slices":                             {edit{"slices: 1", "slices: 0"}, edit{}, "slices is 0"},
		"more engines than slices":              {edit{"slices: 1", "slices: 1\nengines: 2"}, edit{}, "cannot be divided among 2 engines"},
		"an unknown type":                       {edit{"type: gcs-path", "type: path"}, edit{}, `there is no type "path"`},
		"a parameter twice":                     {edit{"- name: replicas", "- name: batch-size"}, edit{}, "defined twice"},
		"a parameter that is a flag already":    {edit{"- name: replicas", "- name: namespace"}, edit{}, "taken by a flag"},
		"a name that is no flag":                {edit{"- name: replicas", "- name: Replicas!"}, edit{}, "the name becomes a flag"},
		"a choice without choices":              {edit{"type: number", "type: choice"}, edit{}, "has choices and no targets"},
		"a target in no container":              {edit{"containers[jax-tpu].args[per_device", "containers[jax].args[per_device"}, edit{}, "there are pathways-proxy, pathways-rm, jax-tpu, jetstream-http"},
		"a target that is no path":              {edit{"targets: [spec.replicas]", "targets: [spec..replicas]"}, edit{}, "a field name is missing"},
		"a target in another object":            {edit{"targets: [spec.replicas]", "targets: ['Pod:spec.x']"}, edit{}, "there is no Pod in a workload"},
		"a misspelt field of the workload":      {edit{}, edit{"leaderTemplate:", "leaderTemplates:"}, "leaderTemplates"},
		"another name":                          {edit{}, edit{"name: jetstream-pathways\n  annotations", "name: mine\n  annotations"}, "name it jetstream-pathways"},
		"another name of the Service":           {edit{}, edit{"name: jetstream-svc", "name: mine"}, "name it jetstream-svc"},
		"a Service that selects others":         {edit{}, edit{"selector:\n    app: jetstream-pathways", "selector:\n    app: other"}, `the Service selects app="other"`},
		"leaders that are not selected":         {edit{}, edit{"labels:\n          app: jetstream-pathways", "labels:\n          app: other"}, `the leader's label app is "other"`},
		"another object in the workload":        {edit{}, edit{"kind: Service", "kind: ConfigMap"}, "one LeaderWorkerSet and one Service, nothing else"},
		"a workload that is no YAML":            {edit{}, edit{"spec:", "spec: ["}, "workload.yaml: document 1"},
		"a field twice":                         {edit{}, edit{"replicas: 1", "replicas: 1\n  replicas: 2"}, "already set"},
		"a deviation without a reason":          {edit{"\nparameters:", "\ndeviations:\n- changes: [{path: spec.a}]\nparameters:"}, edit{}, "needs a reason"},
		"an expected duration that is no range": {edit{"\nparameters:", "\nexpected: {restore: {min: 5m, max: 2m}}\nparameters:"}, edit{}, "is no range"},
		"an expected duration without a unit":   {edit{"\nparameters:", "\nexpected: {restore: {min: '5', max: 2m}}\nparameters:"}, edit{}, "missing unit"},
		"sizing with a zero":                    {edit{"hbmPerChipGiB: 31.25", "hbmPerChipGiB: 0"}, edit{}, "must be positive"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			description, objects := profileFiles(t)
			for _, change := range []struct {
				text *string
				edit edit
			}{{&description, test.description}, {&objects, test.workload}} {
				if change.edit.old != "" && !strings.Contains(*change.text, change.edit.old) {
					t.Fatalf("%q is not in the profile", change.edit.old)
				}
				if change.edit.old != "" {
					*change.text = strings.Replace(*change.text, change.edit.old, change.edit.new, 1)
				}
			}
			_, err := parseProfile([]byte(description), []byte(objects))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func FuzzParseProfile(f *testing.F) {
	description, objects := profileFiles(f)
	f.Add([]byte(description), []byte(objects))
	f.Add([]byte("title: x"), []byte("kind: Pod"))
	f.Fuzz(func(t *testing.T, description, objects []byte) {
		p, err := parseProfile(description, objects)
		if err != nil {
			return
		}
		rendered, err := Render(p, Values{Params: goodParams()})
		if err != nil {
			return
		}
		if len(rendered) != 2 || rendered[0].GetName() != DefaultName || rendered[1].GetName() != defaultService {
			t.Fatalf("a profile that loads renders %d objects, the first named %q", len(rendered), rendered[0].GetName())
		}
	})
}
