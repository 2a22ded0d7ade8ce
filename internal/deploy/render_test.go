package deploy

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	llama405B = "llama-3.1-405b-v6e-4x4"
	llama70B  = "llama-2-70b-v6e-2x4-disagg"
	llama8B   = "testdata/profiles/llama-3.1-8b-v6e-2x4"
)

func loadProfile(t *testing.T, name string) *Profile {
	t.Helper()
	p, err := LoadProfile(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// goodParams are values with which every profile renders.
func goodParams(more ...string) map[string]string {
	params := map[string]string{"checkpoint": "gs://models/llama/int8", "pathways-bucket": "gs://scratch"}
	for i := 0; i < len(more); i += 2 {
		params[more[i]] = more[i+1]
	}
	return params
}

func render(t *testing.T, profile string, v Values) []*unstructured.Unstructured {
	t.Helper()
	objects, err := Render(loadProfile(t, profile), v)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestRenderedObjectsMatchTheirGoldenFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		profile string
		values  Values
	}{
		"405b-defaults": {llama405B, Values{Params: goodParams()}},
		"70b-named": {llama70B, Values{Name: "llama-70b", Namespace: "serving", Params: goodParams(
			"replicas", "2", "batch-size", "8", "max-target-length", "1536", "warm-up", "false", "service-account", "model-reader",
			"node-selector", "cloud.google.com/gke-spot=true", "toleration", "dedicated=serving:NoSchedule,spot",
			"image", "jax-tpu=example.com/jax:v1,jetstream-http=example.com/http@sha256:0123",
		), Set: []string{"leader.spec.containers[jax-tpu].args[steps]=1", "Service:spec.type=LoadBalancer"}}},
		"8b-from-a-folder": {llama8B, Values{Name: "small", Params: map[string]string{
			"checkpoint": "gs://models/llama/bf16/unscanned/checkpoints/0/items", "pathways-bucket": "gs://scratch",
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := loadProfile(t, test.profile)
			if filepath.IsAbs(p.Name) {
				p.Name = "/profiles/" + filepath.Base(p.Name) // the golden file is for every machine
			}
			objects, err := Render(p, test.values)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := WriteYAML(&got, objects); err != nil {
				t.Fatal(err)
			}
			golden(t, got.Bytes())
			again, err := ParseYAML(got.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(objects, again); diff != "" {
				t.Errorf("what is written is not what was rendered (-rendered +written):\n%s", diff)
			}
		})
	}
}

func golden(t *testing.T, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", strings.ReplaceAll(t.Name(), "/", "_")+".golden")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestATolerationIsAddedOnce(t *testing.T) {
	t.Parallel()
	objects := render(t, llama405B, Values{Params: goodParams("toleration", "google.com/tpu:NoSchedule, spot, spot")})
	for _, template := range []string{"leader", "worker"} {
		list, _ := workload{lws: objects[0]}.get(mustPath(t, template+".spec.tolerations")).([]any)
		want := []any{
			map[string]any{"key": "google.com/tpu", "operator": "Exists", "effect": "NoSchedule"},
			map[string]any{"key": "spot", "operator": "Exists"},
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("tolerations of the %s (-want +got):\n%s", template, diff)
		}
	}
}

func mustPath(t *testing.T, text string) Path {
	t.Helper()
	path, err := ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTwoDeploymentsShareNothing(t *testing.T) {
	t.Parallel()
	first := render(t, llama405B, Values{Params: goodParams()})
	second := render(t, llama405B, Values{Name: "other", Params: goodParams()})
	names := map[string]bool{}
	selectors := map[string]bool{}
	for _, objects := range [][]*unstructured.Unstructured{first, second} {
		w := workload{lws: objects[0], service: objects[1]}
		for _, object := range objects {
			names[RefOf(object).String()] = true
			if got := object.GetLabels()[LabelInstance]; got != objects[0].GetName() {
				t.Errorf("%s carries the instance label %q", RefOf(object), got)
			}
		}
		selectors[w.text("Service:spec.selector[app]")] = true
		if leader := w.text("leader.metadata.labels[app]"); leader != w.text("Service:spec.selector[app]") {
			t.Errorf("the Service of %s does not select its leaders, which are labelled app=%s", objects[0].GetName(), leader)
		}
		if worker := w.text("worker.metadata.labels[app]"); worker != "" {
			t.Errorf("the Service of %s would select its workers too", objects[0].GetName())
		}
	}
	if len(names) != 4 || len(selectors) != 2 {
		t.Errorf("got the objects %v with the selectors %v, want four objects with two selectors", names, selectors)
	}
}

func TestValuesOutsideThePodTemplatesDoNotChangeThem(t *testing.T) {
	t.Parallel()
	before := render(t, llama405B, Values{Params: goodParams()})
	after := render(t, llama405B, Values{Namespace: "elsewhere", Params: goodParams("replicas", "3")})
	for _, change := range Diff(kindLWS, before[0].Object, after[0].Object) {
		if restartsGroups(change.Path) {
			t.Errorf("the model would be loaded anew for %s", change)
		}
	}
}

func TestNoValueLeavesItsField(t *testing.T) {
	t.Parallel()
	const field = "leader.spec.containers[jax-tpu].args[steps]"
	for name, value := range map[string]string{
		"a line break":     "x\n  evil: true",
		"a YAML document":  "x\n---\nkind: Pod",
		"a quote":          `x", "evil`,
		"a flow mapping":   "{evil: true}",
		"another argument": "x quantization=none",
		"a comment":        "x # evil",
		"nothing":          "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := render(t, llama405B, Values{Params: goodParams()})
			edited := render(t, llama405B, Values{Params: goodParams(), Set: []string{field + "=" + value}})
			var stream bytes.Buffer
			if err := WriteYAML(&stream, edited); err != nil {
				t.Fatal(err)
			}
			written, err := ParseYAML(stream.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if len(written) != len(plain) {
				t.Fatalf("got %d objects, want %d", len(written), len(plain))
			}
			for _, change := range Diff(kindLWS, plain[0].Object, written[0].Object) {
				switch path := change.Path.String(); {
				case strings.Contains(path, ValuesAnnotation):
				case path != field:
					t.Errorf("the value changed another field: %s", change)
				case change.New != value:
					t.Errorf("the field holds %q, want %q", change.New, value)
				}
			}
		})
	}
}

func TestRememberedValuesRenderTheSameAgain(t *testing.T) {
	t.Parallel()
	given := Values{Name: "llama", Namespace: "serving", Params: goodParams("batch-size", "8"), Set: []string{"leader.spec.containers[jax-tpu].args[steps]=1"}}
	first := render(t, llama70B, given)
	remembered, ok, err := RememberedValues(first[0])
	if err != nil || !ok {
		t.Fatalf("got no remembered values: %v", err)
	}
	if remembered.Profile != llama70B {
		t.Errorf("remembered the profile %q, want %q", remembered.Profile, llama70B)
	}
	second := render(t, remembered.Profile, remembered.Merge(Values{Name: "llama", Namespace: "serving"}))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("repeating without values (-first +second):\n%s", diff)
	}
}

func TestAnObjectMadeByHandHasNoRememberedValues(t *testing.T) {
	t.Parallel()
	object := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "x"}}}
	if _, ok, err := RememberedValues(object); ok || err != nil {
		t.Errorf("got ok %t and error %v, want neither", ok, err)
	}
	object.SetAnnotations(map[string]string{ValuesAnnotation: "{"})
	if _, _, err := RememberedValues(object); err == nil {
		t.Error("got no error for an annotation that is no JSON")
	}
}

func TestMergeLetsWhatIsGivenNowWin(t *testing.T) {
	t.Parallel()
	remembered := Values{
		Profile: llama70B, Name: "a", Namespace: "n",
		Params: map[string]string{"checkpoint": "gs://old/x", "batch-size": "8", "warm-up": "false"},
		Set:    []string{"spec.a=1", "spec.b=2"},
	}
	for name, test := range map[string]struct {
		over, want Values
	}{
		"nothing": {Values{}, remembered},
		"parameters and edits": {
			Values{Params: map[string]string{"checkpoint": "gs://new/x", "warm-up": ""}, Set: []string{"spec.a=3", "spec.c=4"}},
			Values{
				Profile: llama70B, Name: "a", Namespace: "n",
				Params: map[string]string{"checkpoint": "gs://new/x", "batch-size": "8"},
				Set:    []string{"spec.b=2", "spec.a=3", "spec.c=4"},
			},
		},
		"another profile starts afresh": {
			Values{Profile: llama405B, Params: map[string]string{"checkpoint": "gs://new/x"}},
			Values{Profile: llama405B, Name: "a", Namespace: "n", Params: map[string]string{"checkpoint": "gs://new/x"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := maps.Clone(remembered.Params)
			if diff := cmp.Diff(test.want, remembered.Merge(test.over)); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, remembered.Params); diff != "" {
				t.Errorf("merging changed the remembered values:\n%s", diff)
			}
		})
	}
}

func TestAFolderGivenByAnotherPathIsTheSameProfile(t *testing.T) {
	t.Parallel()
	remembered := Values{Profile: loadProfile(t, llama8B).Name, Params: map[string]string{"checkpoint": "gs://old/x"}}
	if got := remembered.Merge(Values{Profile: llama8B}); got.Params["checkpoint"] == "" {
		t.Errorf("%s is taken for another profile than %s", llama8B, remembered.Profile)
	}
	if got := remembered.Merge(Values{Profile: llama405B}); got.Params["checkpoint"] != "" {
		t.Errorf("%s is taken for the same profile as %s", llama405B, remembered.Profile)
	}
}

func TestValuesAreKeptWithoutThatWhichWasNotChosen(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(Values{Profile: "p"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(data), `{"profile":"p"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
