package tokenizer

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func texts(tokens []Token) []string {
	var out []string
	for _, t := range tokens {
		out = append(out, t.Text)
	}
	return out
}

func TestEncode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		with Tokenizer
		text string
		want []string
	}{
		{"words carry the space before them", Llama3(), "Hello the world", []string{"Hello", " the", " world"}},
		{"long words are split", Llama3(), "internationalisation", []string{"interna", "tionali", "sation"}},
		{"digits go by three", Llama3(), "in 2048", []string{"in", " 204", "8"}},
		{"chat markup is plain text", Llama3(), "<|eot_id|>", []string{"<", "|", "eot", "_", "id", "|", ">"}},
		{"line ends go by two", Llama3(), "a\n\nb", []string{"a", "\n\n", "b"}},
		{"a rare character is one token to the large vocabulary", Llama3(), "hi 🚀", []string{"hi", " ", "🚀"}},
		{"a rare character is bytes to the small vocabulary", Llama2(), "hi 🚀", []string{"hi", " ", "<0xF0>", "<0x9F>", "<0x9A>", "<0x80>"}},
		{"a space at the end stays", Llama2(), "a ", []string{"a", " "}},
		{"nothing has no tokens", Llama2(), "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, texts(tt.with.Encode(tt.text))); diff != "" {
				t.Errorf("Encode(%q) (-want +got)\n%s", tt.text, diff)
			}
		})
	}
}

func TestEncodeCountsLikeTheRealOnes(t *testing.T) {
	t.Parallel()
	const text = "The sandbox only strings sentences together, at the pace that one decode slot would keep. "
	n := len(Llama3().Encode(strings.Repeat(text, 10)))
	perToken := float64(len(text)*10) / float64(n)
	if perToken < 3 || perToken > 6 {
		t.Errorf("%.1f characters a token, want 3 to 6", perToken)
	}
}

func TestIDsStayInTheVocabulary(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		with Tokenizer
		size int32
	}{"llama2": {Llama2(), 32000}, "llama3": {Llama3(), 128256}} {
		for _, token := range tt.with.Encode("Some words, 123 and 你好 🚀\n\n<|eot_id|>") {
			if token.ID <= 2 || token.ID >= tt.size || token.ID == tt.with.Stop || token.ID == tt.with.BOS {
				t.Errorf("%s: token %q has id %d", name, token.Text, token.ID)
			}
		}
	}
}

func FuzzEncodeJoins(f *testing.F) {
	for _, seed := range []string{"Hello, world", " \n\n x  y", "你好🚀é", "<0xE5>", "\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Join(texts(Llama3().Encode(text))); utf8.ValidString(text) && !strings.Contains(text, "<0x") && got != text {
			t.Fatalf("Join(Encode(%q)) = %q", text, got)
		}
		if got := Join(texts(Llama2().Encode(text))); utf8.ValidString(text) && !strings.Contains(text, "<0x") && got != text {
			t.Fatalf("with bytes: Join(Encode(%q)) = %q", text, got)
		}
	})
}
