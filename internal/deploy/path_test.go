package deploy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPathsReadAndWriteTheSameNotation(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a field":                          "spec.replicas",
		"a container's argument":           "leader.spec.containers[jax-tpu].args[steps]",
		"an argument with dashes":          "worker.spec.containers[worker].args[--server_port]",
		"a key with dots and a slash":      "worker.spec.nodeSelector[cloud.google.com/gke-tpu-topology]",
		"another kind":                     "Service:spec.ports[port=8000].targetPort",
		"an element by its position":       "leader.spec.tolerations[0].key",
		"a key that looks like a position": `leader.metadata.labels["0"]`,
		"a key with a bracket":             `metadata.annotations["a]b"]`,
		"a template itself":                "leader",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, err := ParsePath(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := path.String(); got != text {
				t.Errorf("got %q, want %q", got, text)
			}
		})
	}
}

func TestTheLongFormOfATemplatePathIsTheSameField(t *testing.T) {
	t.Parallel()
	long, err := ParsePath("spec.leaderWorkerTemplate.workerTemplate.spec.nodeSelector")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := long.String(), "worker.spec.nodeSelector"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatIsNoPathIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":                     "",
		"an empty field":              "spec..replicas",
		"a dot at the end":            "spec.",
		"a bracket that stays open":   "spec.containers[jax-tpu",
		"a quote that stays open":     `spec.containers["jax`,
		"empty brackets":              "args[]",
		"text after brackets":         "args[a]b",
		"a bracket at the beginning":  "[0]",
		"a value":                     "spec.replicas=2",
		"a closing bracket by itself": "spec]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if path, err := ParsePath(text); err == nil {
				t.Errorf("%q was read as %s", text, path)
			}
		})
	}
}

func newEditable() map[string]any {
	return map[string]any{
		"spec": map[string]any{
			"replicas": int64(1),
			"ratio":    0.5,
			"on":       true,
			"containers": []any{
				map[string]any{"name": "a", "image": "x:1", "args": []any{"config.yml", "steps=1", "path=gs://b/c=d", "steps=2"}},
				map[string]any{"name": "b"},
			},
			"ports": []any{map[string]any{"port": int64(8000)}},
		},
	}
}

func TestAssignmentsEditOneFieldAndKeepItsType(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		set  string
		path string
		want any
	}{
		"a number stays a number":                  {"spec.replicas=3", "spec.replicas", int64(3)},
		"a decimal number stays one":               {"spec.ratio=0.25", "spec.ratio", 0.25},
		"a truth value stays one":                  {"spec.on=false", "spec.on", false},
		"a text stays a text":                      {"spec.containers[a].image=5", "spec.containers[a].image", "5"},
		"a text may hold what YAML would read":     {"spec.containers[a].image={a: b}", "spec.containers[a].image", "{a: b}"},
		"an argument's value may hold anything":    {"spec.containers[a].args[path]=gs://x/y=z, \"w\"", "spec.containers[a].args[path]", `gs://x/y=z, "w"`},
		"a new argument is appended":               {"spec.containers[a].args[new]=7", "spec.containers[a].args[new]", "7"},
		"a list of arguments is made":              {"spec.containers[b].args[new]=7", "spec.containers[b].args", []any{"new=7"}},
		"an argument is removed":                   {"spec.containers[a].args[path]=null", "spec.containers[a].args", []any{"config.yml", "steps=1", "steps=2"}},
		"of a repeated argument one is left":       {"spec.containers[a].args[steps]=9", "spec.containers[a].args", []any{"config.yml", "steps=9", "path=gs://b/c=d"}},
		"an element by another field":              {"spec.ports[port=8000].targetPort=80", "spec.ports[0].targetPort", int64(80)},
		"an absent field is read as YAML":          {"spec.new={a: [1, two]}", "spec.new", map[string]any{"a": []any{int64(1), "two"}}},
		"a quoted number is a text":                {`spec.new="3"`, "spec.new", "3"},
		"the maps on the way are made":             {"spec.x.y.z=true", "spec.x.y.z", true},
		"a whole list is replaced by a whole list": {"spec.ports=[{port: 1}]", "spec.ports", []any{map[string]any{"port": int64(1)}}},
		"a field is removed":                       {"spec.replicas=null", "spec.replicas", nil},
		"removing an absent field changes nothing": {"spec.no.such=null", "spec.no", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := newEditable()
			assignment, err := ParseAssignment(test.set)
			if err != nil {
				t.Fatal(err)
			}
			if err := assignment.apply(object); err != nil {
				t.Fatal(err)
			}
			path, err := ParsePath(test.path)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := path.Get(object)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.path, diff)
			}
		})
	}
}

func TestAssignmentsThatFitNothingAreRefusedAndChangeNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ set, want string }{
		"a text for a number":           {"spec.replicas=many", "not a whole number"},
		"a container that is not there": {"spec.containers[c].image=x", "there are a, b"},
		"a field of an argument":        {"spec.containers[a].args[steps].x=1", "has no fields"},
		"a field of a number":           {"spec.replicas.x=1", "single value"},
		"a field of a list":             {"spec.containers.image=x", "asked of a list"},
		"a position of a map":           {"spec[0]=x", "list"},
		"a text for a map":              {"spec=x", "whole list or map"},
		"broken YAML":                   {"spec.new={a", "not a YAML value"},
		"no value":                      {"spec.new=", "the value is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			object := newEditable()
			assignment, err := ParseAssignment(test.set)
			if err != nil {
				t.Fatal(err)
			}
			err = assignment.apply(object)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
			if diff := cmp.Diff(newEditable(), object); diff != "" {
				t.Errorf("the object was changed:\n%s", diff)
			}
		})
	}
}

func FuzzParseAssignment(f *testing.F) {
	for _, seed := range []string{
		"spec.replicas=2", "leader.spec.containers[jax-tpu].args[steps]=1", "Service:spec.ports[port=8000].port=80",
		`metadata.annotations["a]b"]=c`, "spec[0]=x", "a=null", "a={b: [1, c]}", "=", "[", `a["\x00"]=`, "leader=1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		assignment, err := ParseAssignment(text)
		if err != nil {
			return
		}
		again, err := ParseAssignment(assignment.String())
		if err != nil {
			t.Fatalf("%q is written as %q, which is no assignment: %v", text, assignment, err)
		}
		if again.String() != assignment.String() || again.Value != assignment.Value {
			t.Fatalf("%q is written as %q, which is read as %q", text, assignment, again)
		}
		object := newEditable()
		if assignment.apply(object) != nil {
			return
		}
		for _, s := range assignment.Path.steps {
			if s.how != selectField {
				return // an edit of the name of an element leads elsewhere afterwards
			}
		}
		if got, ok := assignment.Path.Get(object); ok == (assignment.Value == "null") {
			t.Fatalf("after %q the field holds %v (there: %t)", text, got, ok)
		}
	})
}
