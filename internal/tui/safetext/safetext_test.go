package safetext

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain text", "héllo, 日本 😀", "héllo, 日本 😀"},
		{"a joined emoji stays together", "👩\u200d💻", "👩\u200d💻"},
		{"newlines and tabs", "a\tb\nc", "a\tb\nc"},
		{"carriage returns", "a\r\nb\rc", "a\nbc"},
		{"colours", "\x1b[1;31mred\x1b[0m", "red"},
		{"cursor movement", "a\x1b[2Jb\x1b[10;10Hc", "abc"},
		{"a private mode", "\x1b[?1049hx", "x"},
		{"a sequence with intermediates", "\x1b[0 qx", "x"},
		{"a title ended by BEL", "\x1b]0;owned\ax", "x"},
		{"the clipboard ended by ST", "\x1b]52;c;aGk=\x1b\\x", "x"},
		{"a device control string", "\x1bP1$r0m\x1b\\x", "x"},
		{"an application command", "\x1b_payload\x1b\\x", "x"},
		{"a string that never ends stops with its line", "\x1b]0;owned\nnext", "\nnext"},
		{"a string broken off by another sequence", "\x1b]0;a\x1b[31mb", "b"},
		{"an incomplete CSI", "x\x1b[12", "x"},
		{"a lone ESC at the end", "x\x1b", "x"},
		{"a character set switch", "\x1b(0x", "x"},
		{"a two byte sequence", "\x1bcx", "x"},
		{"ESC before a letter of another script", "\x1bé", "é"},
		{"C1 CSI", "\u009b31mred", "red"},
		{"C1 OSC", "\u009d0;owned\u009cx", "x"},
		{"other C1 controls", "a\u0085b\u0080c", "abc"},
		{"C0 controls and DEL", "a\x00b\x08c\x7fd\x0ee", "abcde"},
		{"bidirectional overrides", "a\u202eb\u2066c\u200fd", "abcd"},
		{"line separators", "a\u2028b\u2029c", "abc"},
		{"tags", "a\U000e0041b", "ab"},
		{"a byte order mark", "\ufeffa", "a"},
		{"invalid UTF-8", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		{"a raw C1 byte is invalid", "a\x9b31m", "a\uFFFD31m"},
		{"a replacement character stays", "a\uFFFDb", "a\uFFFDb"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
			line := strings.NewReplacer("\n", " ", "\t", " ").Replace(tt.want)
			if got := Line(tt.in); got != line {
				t.Errorf("Line(%q) = %q, want %q", tt.in, got, line)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	for _, seed := range []string{
		"plain\ttext\n", "\x1b[31m\x1b]0;t\a\x1bP\x1b\\", "\u009b1m\u202e\xff", "\x1b\x1b[[", "\x1b]\x1b]\x1b", "\xc2\x1b[m\x9b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, clean := range map[string]func(string) string{"Text": Text, "Line": Line} {
			got := clean(s)
			if !utf8.ValidString(got) {
				t.Errorf("%s(%q) = %q is not valid UTF-8", name, s, got)
			}
			for _, r := range got {
				keep := name == "Text" && (r == '\n' || r == '\t')
				if (unicode.IsControl(r) && !keep) || unicode.Is(unicode.Bidi_Control, r) {
					t.Errorf("%s(%q) = %q holds %U", name, s, got, r)
				}
			}
			if again := clean(got); again != got {
				t.Errorf("%s is not stable: %q, then %q", name, got, again)
			}
			if len(got) > 3*len(s) {
				t.Errorf("%s(%q) grew to %d bytes", name, s, len(got))
			}
		}
		if strings.Count(Text(s), "\n") != strings.Count(s, "\n") {
			t.Errorf("Text(%q) = %q has other lines", s, Text(s))
		}
	})
}

func BenchmarkLine(b *testing.B) {
	line := strings.Repeat("2026-03-01 12:00:00 INFO a line without anything special ", 2)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		Line(line)
	}
}
