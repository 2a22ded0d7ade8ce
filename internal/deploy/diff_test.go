package deploy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDiffNamesTheFieldsThatDiffer(t *testing.T) {
	t.Parallel()
	container := func(name string, fields map[string]any) map[string]any {
		all := map[string]any{"name": name}
		for key, value := range fields {
			all[key] = value
		}
		return all
	}
	for name, test := range map[string]struct {
		before, after map[string]any
		want          []string
	}{
		"equal objects": {
			map[string]any{"spec": map[string]any{"a": int64(1)}},
			map[string]any{"spec": map[string]any{"a": int64(1)}},
			nil,
		},
		"a value": {
			map[string]any{"spec": map[string]any{"a": int64(1)}},
			map[string]any{"spec": map[string]any{"a": int64(2)}},
			[]string{"spec.a: 2, was 1"},
		},
		"null and absent are the same": {
			map[string]any{"spec": map[string]any{"a": nil}},
			map[string]any{"spec": map[string]any{}},
			nil,
		},
		"containers are matched by name, not by position": {
			map[string]any{"containers": []any{container("a", nil), container("b", map[string]any{"image": "x"})}},
			map[string]any{"containers": []any{container("b", map[string]any{"image": "y"}), container("a", nil)}},
			[]string{"containers[b].image: y, was x"},
		},
		"arguments are matched by key": {
			map[string]any{"args": []any{"f.yml", "a=1", "b=2"}},
			map[string]any{"args": []any{"f.yml", "b=3", "c=4"}},
			[]string{"args[a]: removed, was 1", "args[b]: 3, was 2", "args[c]: added 4"},
		},
		"repeated arguments are compared by position": {
			map[string]any{"args": []any{"a=1", "a=2"}},
			map[string]any{"args": []any{"a=1", "a=3"}},
			[]string{"args[1]: a=3, was a=2"},
		},
		"a whole map": {
			map[string]any{},
			map[string]any{"labels": map[string]any{"x": "y"}},
			[]string{`labels: added {"x":"y"}`},
		},
		"a key that is no plain name": {
			map[string]any{"m": map[string]any{"a.b/c": "1"}},
			map[string]any{"m": map[string]any{"a.b/c": "2"}},
			[]string{"m[a.b/c]: 2, was 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, change := range Diff(kindLWS, test.before, test.after) {
				got = append(got, change.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}
