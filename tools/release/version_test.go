package main

import "testing"

func TestEveryDescriptionBecomesAVersionThatKrewTakes(t *testing.T) {
	t.Parallel()
	for described, want := range map[string]string{
		"v0.1.0":                  "v0.1.0",
		"v1.2.3-rc.1":             "v1.2.3-rc.1",
		"v0.1.0-5-g3151cd6-dirty": "v0.1.0-5-g3151cd6-dirty",
		"3151cd6":                 "v0.0.0-g3151cd6",
		"0123456-dirty":           "v0.0.0-g0123456-dirty",
		"":                        "v0.0.0-dev",
		"1.2.3":                   "v0.0.0-g1.2.3",
		"v01.2.3":                 "v0.0.0-gv01.2.3",
	} {
		got := distVersion(described)
		if got != want {
			t.Errorf("distVersion(%q) = %q, want %q", described, got, want)
		}
		if !released.MatchString(got) {
			t.Errorf("%q is no version", got)
		}
	}
}
