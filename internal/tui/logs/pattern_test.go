package logs

import (
	"strings"
	"testing"
	"unicode"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, pattern, text string
		want                string // what is found; empty if nothing is
	}{
		{"small letters find any case", "error", "an ERROR and an error", "ERROR"},
		{"a capital letter finds its own case only", "Error", "an error and an Error", "Error"},
		{"nothing", "error", "all well", ""},
		{"at the very end", "ready", "All devices READY", "READY"},
		{"longer than the text", "restoring", "rest", ""},
		{"signs mean themselves", "[::]:3", "listening on [::]:38681", "[::]:3"},
		{"brackets and letters beside each other in ASCII differ", "[", "{", ""},
		{"the at sign is not a backquote", "@", "`", ""},
		{"other scripts in any case", "größe", "GRÖSSE Größe", "Größe"},
		{"other scripts with a capital letter", "Ö", "ö Ö", "Ö"},
		{"a start that fails does not hide the match", "aab", "aaab", "aab"},
		{"ASCII in a text of another script", "ログx", "日本語ログX", "ログX"},
		{"invalid bytes are not in anything", "\uFFFD", "a", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if start, end := newPattern(tt.pattern).find(tt.text); start >= 0 {
				got = tt.text[start:end]
			}
			if got != tt.want {
				t.Errorf("%q finds %q in %q, want %q", tt.pattern, got, tt.text, tt.want)
			}
		})
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("error", "an ERROR")
	f.Add("größe", "GRÖSSE Größe")
	f.Add("K", "\u212a k K")
	f.Fuzz(func(t *testing.T, text, in string) {
		if text = sanitize(text); text == "" {
			t.Skip()
		}
		in = sanitize(in)
		start, end := newPattern(text).find(in)
		if start < 0 {
			if strings.Contains(in, text) {
				t.Errorf("%q is not found in %q", text, in)
			}
			return
		}
		low := func(s string) string { return strings.Map(unicode.ToLower, s) }
		if end <= start || end > len(in) || low(in[start:end]) != low(text) {
			t.Errorf("%q is found in %q from %d to %d", text, in, start, end)
		}
	})
}
