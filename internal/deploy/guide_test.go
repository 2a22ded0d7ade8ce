package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// guideValues are what the guide's own commands put in place of its
// placeholders.
var guideValues = map[string]string{
	"checkpoint":      "gs://my-checkpoints/maxtext/model/int8",
	"pathways-bucket": "gs://my-pathways",
}

var placeholderValues = strings.NewReplacer(
	"CHECKPOINT_PATH", guideValues["checkpoint"],
	"PATHWAYS_BUCKET", guideValues["pathways-bucket"],
)

// TestProfilesDifferFromTheGuideOnlyAsListed renders each profile that
// follows the guide with the guide's own values and compares it with the
// guide's manifest: a difference that is not listed fails, and so does a
// listed one that does not occur.
func TestProfilesDifferFromTheGuideOnlyAsListed(t *testing.T) {
	t.Parallel()
	profiles, err := Catalog()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, p := range profiles {
		if p.Guide == nil {
			continue
		}
		compared++
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			want := listedDifferences(t, p)
			got := occurringDifferences(t, p)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("listed and occurring differences from the guide (-listed +occurring):\n%s", diff)
			}
		})
	}
	if compared < 2 {
		t.Errorf("compared %d profiles with the guide, want both of its manifests", compared)
	}
}

// difference is a Change in a form that go-cmp compares and prints.
type difference struct{ Guide, Profile any }

func listedDifferences(t *testing.T, p *Profile) map[string]difference {
	t.Helper()
	listed := map[string]difference{}
	for _, deviation := range p.Deviations {
		for _, change := range deviation.Changes {
			path, err := ParsePath(change.Path)
			if err != nil {
				t.Fatal(err)
			}
			if _, twice := listed[path.String()]; twice {
				t.Errorf("%s is listed twice", path)
			}
			listed[path.String()] = difference{substitute(change.Guide), substitute(change.Profile)}
		}
	}
	return listed
}

func occurringDifferences(t *testing.T, p *Profile) map[string]difference {
	t.Helper()
	rendered, err := Render(p, Values{Params: guideValues})
	if err != nil {
		t.Fatal(err)
	}
	guide := guideManifest(t, p.Guide.Manifest)
	if len(guide) != len(rendered) {
		t.Fatalf("the guide has %d objects, the profile %d", len(guide), len(rendered))
	}
	occurring := map[string]difference{}
	for i, object := range rendered {
		if guide[i].GetKind() != object.GetKind() {
			t.Fatalf("object %d is a %s in the guide and a %s in the profile", i, guide[i].GetKind(), object.GetKind())
		}
		for _, change := range Diff(object.GetKind(), guide[i].Object, object.Object) {
			if strings.Contains(change.Path.String(), ValuesAnnotation) {
				change.New = map[string]any{} // what was given differs by deployment
			}
			occurring[change.Path.String()] = difference{change.Old, change.New}
		}
		if diff := cmp.Diff(argumentOrder(guide[i], object), argumentOrder(object, guide[i])); diff != "" {
			t.Errorf("order of arguments (-guide +profile):\n%s", diff)
		}
	}
	return occurring
}

// argumentOrder returns the arguments of all containers that another object
// has too, in order: Diff does not compare it, and the first one of the model
// server has to stay where it is.
func argumentOrder(object, other *unstructured.Unstructured) []string {
	var order []string
	visitTexts(Path{Kind: object.GetKind()}, object.Object, func(path Path, _ string) {
		if _, common := path.Get(other.Object); common && (Assignment{Path: path}).isArgument() {
			order = append(order, path.String())
		}
	})
	return order
}

func guideManifest(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "guide", name))
	if err != nil {
		t.Fatal(err)
	}
	objects, err := ParseYAML([]byte(placeholderValues.Replace(string(data))))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// substitute puts the guide's values into the texts of a listed value.
func substitute(value any) any {
	switch value := value.(type) {
	case string:
		return placeholderValues.Replace(value)
	case []any:
		replaced := make([]any, len(value))
		for i := range value {
			replaced[i] = substitute(value[i])
		}
		return replaced
	case map[string]any:
		replaced := map[string]any{}
		for key := range value {
			replaced[key] = substitute(value[key])
		}
		return replaced
	default:
		return value
	}
}

func TestDeviationsOfTheGuideNameTheirReason(t *testing.T) {
	t.Parallel()
	profiles, err := Catalog()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range profiles {
		for i, deviation := range p.Deviations {
			if len(strings.Fields(deviation.Reason)) < 8 {
				t.Errorf("%s: deviation %d has the reason %q, which explains nothing", p.Name, i, fmt.Sprint(deviation.Reason))
			}
		}
	}
}
