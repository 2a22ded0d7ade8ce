package chat

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The samples were counted with the two tokenizers themselves; the file says
// how.
func TestEstimateIsNeverBelowTheTokenizers(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var counted struct {
		Samples []struct {
			Kind, Text     string
			Llama2, Llama3 int
		}
	}
	if err := json.Unmarshal(content, &counted); err != nil {
		t.Fatal(err)
	}
	if len(counted.Samples) < 40 {
		t.Fatalf("only %d samples", len(counted.Samples))
	}
	for _, s := range counted.Samples {
		if got, atLeast := EstimateTokens(s.Text), max(s.Llama2, s.Llama3); got < atLeast {
			t.Errorf("%s: estimated %d, it has %d and %d tokens: %.60q", s.Kind, got, s.Llama2, s.Llama3, s.Text)
		} else if s.Kind == "English prose" && got > 2*s.Llama2 {
			t.Errorf("%s: estimated %d, it has %d tokens; so much room is wasted", s.Kind, got, s.Llama2)
		}
	}
}

func TestEstimates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		want       int
	}{
		{"nothing still has the space before it", "", 1},
		{"short words are a token each", "it is so", 4},
		{"longer words are counted by three letters", "programming", 5},
		{"long words are counted by two letters at their end", "internationalisation", 1 + 4 + 4},
		{"each digit is a token", "2048", 5},
		{"a change of case begins a part", "parseHTTPRequest", 1 + 2 + 2 + 3},
		{"a key is counted by characters", "aX9bQ2zL7p", 11},
		{"a space before a digit counts", "a 1", 4},
		{"indentation is counted by fours", "        x", 1 + 2 + 1},
		{"a character that may fall back to bytes is counted by them", "😀语", 8},
		{"bytes that are no UTF-8 are counted", "\xff\xfe", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := EstimateTokens(tt.text); got != tt.want {
				t.Errorf("%q: estimated %d, want %d", tt.text, got, tt.want)
			}
		})
	}
}

func FuzzEstimateTokens(f *testing.F) {
	for _, seed := range []string{"", "Hello you", "    if err != nil {\n", "aB1cD2", "日本語 😀", strings.Repeat(" ", 9)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tokens := EstimateTokens(text)
		if tokens > len(text)+1 {
			t.Errorf("%q: %d tokens for %d bytes", text, tokens, len(text))
		}
		if tokens*bytesPerToken < len(text) {
			t.Errorf("%q: %d tokens for %d bytes, which fitting takes for impossible", text, tokens, len(text))
		}
	})
}
