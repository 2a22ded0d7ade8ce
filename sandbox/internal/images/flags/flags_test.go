package flags

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want map[string]string
	}{
		{"a value after an equals sign", []string{"--server_port=38677"}, map[string]string{"server_port": "38677"}},
		{"a value in the next argument", []string{"--server_port", "38677"}, map[string]string{"server_port": "38677"}},
		{"one dash", []string{"-server_port=1"}, map[string]string{"server_port": "1"}},
		{"the last value wins", []string{"--a=1", "--a=2"}, map[string]string{"a": "2"}},
		{"an empty value", []string{"--a="}, map[string]string{"a": ""}},
		{"a value with an equals sign", []string{"--a=b=c"}, map[string]string{"a": "b=c"}},
		{"booleans", []string{"--x", "--noy", "--z=false"}, map[string]string{"x": "true", "y": "false", "z": "false"}},
		{"flags end at two dashes", []string{"--", "--a=1"}, map[string]string{"a": ""}},
		{"other arguments are left out", []string{"a=1", "--b=2"}, map[string]string{"a": "", "b": "2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := Parse(tt.args)
			for name, want := range tt.want {
				if got.Get(name) != want {
					t.Errorf("Parse(%q): %s is %q, want %q", tt.args, name, got.Get(name), want)
				}
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("--a=1\x00--b\x00c\x00--noq")
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		set := Parse(append(args, "--last=value"))
		if got := set.Get("last"); got != "value" && got != "" {
			t.Fatalf("last is %q", got)
		}
	})
}
