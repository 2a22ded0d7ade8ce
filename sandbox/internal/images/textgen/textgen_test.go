package textgen

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReplySaysThatItIsSimulated(t *testing.T) {
	t.Parallel()
	for _, prompt := range []string{"", "What are the top 5 programming languages", "hi", "briefly: why is the sky blue", "write a function", "compare tea and coffee in a table", "a long essay about bread"} {
		reply := Generator{}.Reply(prompt)
		if !strings.HasPrefix(reply, " ") || strings.HasPrefix(reply, "  ") || !strings.Contains(reply, "simulated") {
			t.Errorf("Reply(%q) = %q", prompt, reply)
		}
	}
}

func TestReplyFollowsThePrompt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, prompt string
		want         []string
		lacks        string
	}{
		{"a list has as many items as asked for", "What are the top 7 programming languages", []string{"\n7. **", "programming languages"}, "\n8. "},
		{"a number may be a word", "Give me three reasons to sleep", []string{"\n3. **", "reasons sleep"}, "\n4. "},
		{"code comes in a fence", "Write a python function for sorting", []string{"```go\n", "\n```", "python sorting"}, ""},
		{"a table has rows", "compare tea and coffee", []string{"| aspect |", "\n|---|---|---|\n", "tea coffee"}, ""},
		{"a short answer is one sentence", "briefly explain TPUs", []string{"TPUs"}, "\n"},
		{"a greeting is returned", "Hello!", []string{"Hello! Ask me anything"}, ""},
		{"of a Llama 3 chat only the last user turn counts", "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nabout cats<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nMeow<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nand dogs?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", []string{"dogs"}, "cats"},
		{"of a Llama 2 chat only the last instruction counts", "[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nabout cats [/INST] Meow [INST] dogs? [/INST]", []string{"dogs"}, "cats"},
		{"a system prompt is not what a Llama 2 chat is about", "[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\nabout cats [/INST]", []string{"cats"}, "kind"},
		{"of a chat written down plainly only the last question counts", "Be kind.\n\nUser: about cats\nAssistant: Meow\nUser: and dogs?\nAssistant:", []string{"dogs"}, "cats"},
		{"a system prompt is not what a plain chat is about", "Be kind.\n\nUser: about cats\nAssistant:", []string{"cats"}, "kind"},
		{"the word user in a prompt marks nothing", "about cats, User: a comparison", []string{"cats"}, ""},
		{"a prompt without words has a topic too", "???", []string{"your question"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reply := Generator{Seed: 1}.Reply(tt.prompt)
			for _, want := range tt.want {
				if !strings.Contains(reply, want) {
					t.Errorf("lacks %q:\n%s", want, reply)
				}
			}
			if tt.lacks != "" && strings.Contains(reply, tt.lacks) {
				t.Errorf("has %q:\n%s", tt.lacks, reply)
			}
		})
	}
}

func TestReplyIsAFunctionOfSeedAndPrompt(t *testing.T) {
	t.Parallel()
	first, second := Generator{Seed: 1}.Reply("a"), Generator{Seed: 1}.Reply("a")
	if first != second {
		t.Error("the same seed and prompt give different texts")
	}
	if (Generator{Seed: 1}).Reply("cats") == (Generator{Seed: 2}).Reply("cats") {
		t.Error("another seed gives the same text")
	}
}

func TestLongerWhenAsked(t *testing.T) {
	t.Parallel()
	usual, long := len(Generator{}.Reply("bread")), len(Generator{}.Reply("a long essay on bread"))
	if long < 3*usual {
		t.Errorf("a long answer has %d bytes, a usual one %d", long, usual)
	}
}

func TestAModelThatRunsOnKeepsThePromptsLayout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, prompt, want string }{
		{"Llama 3", "<|start_header_id|>user<|end_header_id|>\n\ncats<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nAnd what does that cost?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
		{"Llama 2", "[INST] cats [/INST]", " [INST] And what does that cost? [/INST] "},
		{"written down plainly", "User: cats\nAssistant:", "\nUser: And what does that cost?\nAssistant: "},
		{"none", "cats", "\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const size = 5000
			text := Generator{Seed: 1}.RunOn(tt.prompt, size)
			if rest, ok := strings.CutPrefix(text, tt.want); !ok || strings.HasPrefix(rest, " ") || !strings.Contains(text, "simulated") {
				t.Errorf("it goes on with %q, want %q and an answer", text[:min(len(text), 200)], tt.want)
			}
			if len(text) < size {
				t.Errorf("it ends after %d bytes of %d", len(text), size)
			}
		})
	}
}

func FuzzReply(f *testing.F) {
	f.Add("top 999999999999 things", uint64(1))
	f.Add("<|start_header_id|>user<|end_header_id|>[INST]{topic}", uint64(2))
	f.Add("s\n\nUser: [INST]\nUser: a\nAssistant:", uint64(3))
	f.Fuzz(func(t *testing.T, prompt string, seed uint64) {
		if on := (Generator{Seed: seed}).RunOn(prompt, 100); len(on) < 100 {
			t.Fatalf("running on ends after %d bytes", len(on))
		}
		reply := Generator{Seed: seed}.Reply(prompt)
		if len(reply) > 20000+40*len(prompt) || !strings.HasPrefix(reply, " ") {
			t.Fatalf("%d bytes for %d", len(reply), len(prompt))
		}
		if utf8.ValidString(prompt) && !utf8.ValidString(reply) {
			t.Fatalf("the reply to %q is not UTF-8", prompt)
		}
	})
}
