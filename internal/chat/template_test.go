package chat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var talk = conversation{
	System: "Be brief.",
	Turns:  []exchange{{"Hello", "Hi."}, {"How are you?", "Fine."}},
	User:   "Good.",
}

func builtIn(t *testing.T, name string) Template {
	t.Helper()
	tmpl, ok := BuiltIn(name)
	if !ok {
		t.Fatalf("there is no template %s", name)
	}
	return tmpl
}

func TestBuiltInTemplates(t *testing.T) {
	t.Parallel()
	first := conversation{User: "Hello"}
	for _, tt := range []struct {
		name         string
		first, later string
	}{
		{
			"plain",
			"User: Hello\nAssistant:",
			"Be brief.\n\nUser: Hello\nAssistant: Hi.\nUser: How are you?\nAssistant: Fine.\nUser: Good.\nAssistant:",
		},
		{
			"llama-3",
			"<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
			"<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>" +
				"<|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>" +
				"<|start_header_id|>assistant<|end_header_id|>\n\nHi.<|eot_id|>" +
				"<|start_header_id|>user<|end_header_id|>\n\nHow are you?<|eot_id|>" +
				"<|start_header_id|>assistant<|end_header_id|>\n\nFine.<|eot_id|>" +
				"<|start_header_id|>user<|end_header_id|>\n\nGood.<|eot_id|>" +
				"<|start_header_id|>assistant<|end_header_id|>\n\n",
		},
		{
			"llama-2",
			"[INST] Hello [/INST]",
			"[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHello [/INST] Hi. [INST] How are you? [/INST] Fine. [INST] Good. [/INST]",
		},
		{"raw", "Hello", "Good."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tmpl := builtIn(t, tt.name)
			for c, want := range map[*conversation]string{&first: tt.first, &talk: tt.later} {
				got, err := tmpl.render(*c)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			if alone := tt.name == "raw"; tmpl.Alone() != alone || (len(tmpl.Stops()) == 0) != alone {
				t.Errorf("alone: %t, stops %q", tmpl.Alone(), tmpl.Stops())
			}
		})
	}
}

func TestEveryTemplateNameIsBuiltIn(t *testing.T) {
	t.Parallel()
	for _, name := range TemplateNames() {
		if tmpl, err := TemplateNamed(name); err != nil || tmpl.Name != name {
			t.Errorf("%s: template %q, error %v", name, tmpl.Name, err)
		}
	}
	_, err := TemplateNamed("llama3")
	const want = `there is no chat template "llama3"; there are plain, llama-3, llama-2 and raw`
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// An answer that goes on with the prompt's own layout has to end where its
// next user turn begins.
func TestEveryTemplateStopsAtItsOwnNextTurn(t *testing.T) {
	t.Parallel()
	for _, name := range TemplateNames() {
		tmpl := builtIn(t, name)
		if tmpl.Alone() {
			continue
		}
		before, err := tmpl.render(conversation{User: "Hello"})
		if err != nil {
			t.Fatal(err)
		}
		after, err := tmpl.render(conversation{Turns: []exchange{{"Hello", "Hi."}}, User: "invented"})
		if err != nil {
			t.Fatal(err)
		}
		g := newGuard(tmpl)
		got := g.add(strings.TrimPrefix(after, before)) + g.release()
		if strings.TrimSpace(got) != "Hi." || !g.complete {
			t.Errorf("%s: the answer is %q, complete: %t", name, got, g.complete)
		}
	}
}

func chatML() Layout {
	return Layout{
		System: "<|im_start|>system\n{system}<|im_end|>\n",
		Turn:   "<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n",
		Prompt: "<|im_start|>user\n{user}<|im_end|>\n<|im_start|>assistant\n",
		Stop:   []string{"<|im_end|>", "\n<|im_start|>"},
	}
}

func TestATemplateOfTheUsersOwn(t *testing.T) {
	t.Parallel()
	tmpl, err := chatML().Template("chatml.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := tmpl.render(conversation{System: "Be brief.", Turns: []exchange{{"{answer}", "{user}"}}, User: "Good."})
	if err != nil {
		t.Fatal(err)
	}
	const want = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n{answer}<|im_end|>\n<|im_start|>assistant\n{user}<|im_end|>\n" +
		"<|im_start|>user\nGood.<|im_end|>\n<|im_start|>assistant\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("prompt (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"<|im_end|>", "\n<|im_start|>"}, tmpl.Stops()); diff != "" {
		t.Errorf("stops (-want +got):\n%s", diff)
	}
	if tmpl.Name != "chatml.yaml" || tmpl.Alone() {
		t.Errorf("name %q, alone: %t", tmpl.Name, tmpl.Alone())
	}
}

func TestASystemPromptThatATemplateHasNoPlaceForIsNotLost(t *testing.T) {
	t.Parallel()
	l := chatML()
	l.System = ""
	tmpl, err := l.Template("own")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Settings{Template: tmpl}).Preview("Hello"); err != nil {
		t.Errorf("without a system prompt: %v", err)
	}
	_, err = New(Settings{Template: tmpl, System: "Be brief."}).Preview("Hello")
	if err == nil || !strings.Contains(err.Error(), "template own: it has no place for a system prompt") {
		t.Errorf("error %v", err)
	}
}

func TestTemplatesThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*Layout)
		want   string // empty: it is taken
	}{
		{"one without a system prompt is taken", func(l *Layout) { l.System = "" }, ""},
		{"one without stop markers is taken", func(l *Layout) { l.Stop = nil }, ""},
		{"one whose system prompt goes nowhere", func(l *Layout) { l.System = "You are kind." }, "write {system}"},
		{"one without the text", func(l *Layout) { l.Prompt = "Assistant:" }, "write {user}"},
		{"one that forgets what was asked", func(l *Layout) { l.Turn = "{answer}" }, "write {user}"},
		{"one that forgets what was answered", func(l *Layout) { l.Turn = "{user}" }, "write {answer}"},
		{"one that stops at once", func(l *Layout) { l.Stop = []string{" \n"} }, "is blank"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := chatML()
			tt.change(&l)
			switch _, err := l.Template("own"); {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
