package pyjson

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestAgainstPython compares with what Python 3.10's json module answered for the
// same texts: testdata/python3.10.json was written by json.loads and json.dumps.
func TestAgainstPython(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/python3.10.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text                    string
		Indented, Compact, Line string
		Error                   string
		Pos                     int
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Text, func(t *testing.T) {
			t.Parallel()
			v, err := Decode(c.Text)
			if c.Error != "" {
				var syntax *SyntaxError
				if !errors.As(err, &syntax) {
					t.Fatalf("Decode(%q) = %v, %v; want error %q", c.Text, v, err, c.Error)
				}
				if diff := cmp.Diff(SyntaxError{c.Error, c.Pos}, *syntax); diff != "" {
					t.Errorf("error (-want +got)\n%s", diff)
				}
				return
			}
			if err != nil {
				t.Fatalf("Decode(%q): %v", c.Text, err)
			}
			if strings.Contains(c.Text, `"a":1,"a":2`) {
				// A dict keeps the last of equal names; Object keeps both.
				if got, _ := v.(Object).Get("a"); got != Integer("2") {
					t.Errorf("Get = %v, want the last value", got)
				}
				return
			}
			got := []string{Indented(v), Compact(v), Line(v)}
			if diff := cmp.Diff([]string{c.Indented, c.Compact, c.Line}, got); diff != "" {
				t.Errorf("encoded (-want +got)\n%s", diff)
			}
		})
	}
}

func TestFloat(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]float64{
		"1740881707.682123": 1740881707.682123,
		"1740881707.0":      1740881707,
		"0.0":               0,
		"1e-05":             1e-5,
		"0.0001":            1e-4,
		"1e+16":             1e16,
		"1e+100":            1e100,
		"-2.5":              -2.5,
	} {
		if got := Float(f); got != want {
			t.Errorf("Float(%g) = %q, want %q", f, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"prompt":"hi","max_tokens":3}`, `[1,2.5e3,"\ud83d\ude00",null]`, `{"a"`, "\"\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("Decode is for valid UTF-8")
		}
		v, err := Decode(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Pos < 0 || syntax.Pos > utf8.RuneCountInString(text) {
				t.Fatalf("error %#v is no position in %q", err, text)
			}
			return
		}
		again, err := Decode(Indented(v))
		if err != nil {
			t.Fatalf("decoding what was encoded from %q: %v", text, err)
		}
		if Line(again) != Line(v) {
			t.Fatalf("%q reads back as %q", Line(v), Line(again))
		}
	})
}
