package chat

import (
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, template string
		answer         string
		want           string
		complete       bool
	}{
		{"an answer without a marker is passed on whole", "plain", " Go\nis fine.\n", "Go\nis fine.\n", false},
		{"an invented user turn is cut off", "plain", " Fine.\nUser: And you?\nAssistant: Me too.", "Fine.", true},
		{"so is one before any answer", "plain", " User: hi", "User: hi", false},
		{"so is one at the very beginning", "plain", "User: hi", "", true},
		{"the word in the middle of a line is no marker", "plain", " The User: field", "The User: field", false},
		{"what only looks like a marker is passed on", "plain", " a\nUsers: b\nUse", "a\nUsers: b\nUse", false},
		{"a marker after half a marker", "plain", " a\n\nUser:", "a\n", true},
		{"a marker spelt out", "llama-3", "Fine.<|eot_id|><|start_header_id|>user", "Fine.", true},
		{"half a marker spelt out", "llama-3", "Fine.<|eot_i", "Fine.<|eot_i", false},
		{"the earliest of several markers counts", "llama-3", "a<|start_header_id|>b<|eot_id|>", "a", true},
		{"the next instruction", "llama-2", " Fine. [INST] more", "Fine. ", true},
		{"markers of another template are text", "plain", " </s> [INST] <|eot_id|>", "</s> [INST] <|eot_id|>", false},
		{"raw keeps everything", "raw", "  a\nUser: </s> ", "  a\nUser: </s> ", false},
		{"wide characters", "plain", "日本\nUser:", "日本", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tmpl := builtIn(t, tt.template)
			for size := 1; size <= len(tt.answer); size++ {
				g := newGuard(tmpl)
				var passed strings.Builder
				for rest := tt.answer; rest != ""; {
					n := min(size, len(rest))
					passed.WriteString(g.add(rest[:n]))
					rest = rest[n:]
				}
				passed.WriteString(g.release())
				if passed.String() != tt.want || g.complete != tt.complete {
					t.Fatalf("in pieces of %d bytes: %q, complete: %t\nwant %q, %t", size, passed.String(), g.complete, tt.want, tt.complete)
				}
			}
		})
	}
}

func TestGuardHoldsBackNoMoreThanMayBecomeAMarker(t *testing.T) {
	t.Parallel()
	g := newGuard(builtIn(t, "plain"))
	for _, step := range []struct{ piece, want string }{
		{" It", "It"}, {" is.\n", " is."}, {"Us", ""}, {"ing", "\nUsing"}, {" \n\n", " \n"}, {"x", "\nx"},
	} {
		if got := g.add(step.piece); got != step.want {
			t.Errorf("after %q: %q is passed on, want %q", step.piece, got, step.want)
		}
	}
}

func FuzzGuard(f *testing.F) {
	f.Add("plain", " Fine.\nUser: hi", uint8(3))
	f.Add("llama-3", "a<|eot<|eot_id|>", uint8(1))
	f.Add("llama-2", "[[INST] </s", uint8(2))
	f.Add("raw", " x ", uint8(2))
	f.Fuzz(func(t *testing.T, template, answer string, size uint8) {
		tmpl, ok := BuiltIn(template)
		if !ok || size == 0 {
			return
		}
		whole := newGuard(tmpl)
		want := whole.add(answer) + whole.release()
		for _, stop := range tmpl.Stops() {
			if strings.Contains(want, stop) {
				t.Errorf("%q passes the marker %q", answer, stop)
			}
		}
		pieces := newGuard(tmpl)
		got := ""
		for rest := answer; rest != ""; {
			n := min(int(size), len(rest))
			got += pieces.add(rest[:n])
			rest = rest[n:]
		}
		got += pieces.release()
		if got != want || pieces.complete != whole.complete {
			t.Errorf("in pieces %q, %t; at once %q, %t", got, pieces.complete, want, whole.complete)
		}
	})
}
