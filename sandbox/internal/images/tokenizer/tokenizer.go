// Package tokenizer is a simulated tokenizer: deterministic, reversible, and close
// enough to the real ones in how many tokens a text has (about four characters each
// in English). Its ids are hashes in the range of the model's vocabulary and mean
// nothing to a real model.
package tokenizer

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Token is one piece of a text.
type Token struct {
	ID int32
	// Text is the piece as the detokenizer yields it: the text itself, or "<0xAB>"
	// for one byte of a character that the vocabulary lacks.
	Text string
}

// Tokenizer is one of the two kinds that the models use.
type Tokenizer struct {
	// BOS begins every prompt; Stop ends the model's turn.
	BOS, Stop int32
	// first and size are the range of ids that pieces are given.
	first, size int32
	// bytes tells whether rare characters are split into bytes.
	bytes bool
}

// Llama3 is the tiktoken kind; its stop token is <|eot_id|>.
func Llama3() Tokenizer { return Tokenizer{BOS: 128000, Stop: 128009, first: 256, size: 127744} }

// Llama2 is the SentencePiece kind, which falls back to bytes; its stop token is the
// end of the sequence.
func Llama2() Tokenizer { return Tokenizer{BOS: 1, Stop: 2, first: 259, size: 31741, bytes: true} }

// maxPiece is how many letters of a word one token holds at most.
const maxPiece = 7

// Encode splits a text. Markup of chat templates is text like any other, as it is to
// the real server. Joining the tokens gives the text back.
func (t Tokenizer) Encode(text string) []Token {
	var tokens []Token
	for text != "" {
		n := piece(text)
		p := text[:n]
		text = text[n:]
		if t.bytes && rare(p) {
			for _, c := range []byte(p) {
				// SentencePiece keeps its 256 byte tokens right after the control ones.
				tokens = append(tokens, Token{ID: 3 + int32(c), Text: fmt.Sprintf("<0x%02X>", c)})
			}
			continue
		}
		tokens = append(tokens, Token{ID: t.id(p), Text: p})
	}
	return tokens
}

// Whole makes one token of a text, which no vocabulary has to hold.
func (t Tokenizer) Whole(text string) Token { return Token{ID: t.id(text), Text: text} }

func (t Tokenizer) id(p string) int32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p)) // a hash never fails
	return t.first + int32(h.Sum32()%uint32(t.size))
}

// piece is the length in bytes of the first token: a word or number with the space
// before it, a run of line ends, or one other character.
func piece(s string) int {
	i := 0
	if s[0] == ' ' {
		i = 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	switch {
	case size == 0: // a space at the end
		return i
	case unicode.IsDigit(r):
		return i + run(s[i:], 3, unicode.IsDigit)
	case unicode.IsLetter(r) && r < 0x2e80:
		return i + run(s[i:], maxPiece, func(r rune) bool { return unicode.IsLetter(r) && r < 0x2e80 || r == '\'' })
	case r == ' ':
		return i + run(s[i:], 15, func(r rune) bool { return r == ' ' })
	case r == '\n' && i == 0:
		return run(s, 2, func(r rune) bool { return r == '\n' })
	case i == 1 && (size > 1 || r == '\n'):
		return 1 // the space alone, so that what follows starts a token
	}
	return i + size
}

// run is the length in bytes of the longest prefix of at most n characters that all
// satisfy ok; it is at least one character.
func run(s string, n int, ok func(rune) bool) int {
	length := 0
	for i, r := range s {
		if i > 0 && (n == 0 || !ok(r)) {
			break
		}
		length = i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size := utf8.DecodeRuneInString(s[i:])
			length = i + size
		}
		n--
	}
	return length
}

// rare reports whether a piece is a character that a small vocabulary lacks.
func rare(p string) bool {
	r, size := utf8.DecodeRuneInString(p)
	return size == len(p) && (r >= 0x2e80 || r == utf8.RuneError)
}

// IsByte reports whether a token's text stands for one byte.
func IsByte(text string) bool {
	return len(text) == 6 && strings.HasPrefix(text, "<0x") && text[5] == '>'
}

// Join turns tokens' texts into one text, bytes into the characters they make up.
func Join(texts []string) string {
	var b strings.Builder
	for _, text := range texts {
		var c byte
		if IsByte(text) {
			if _, err := fmt.Sscanf(text[3:5], "%02X", &c); err == nil {
				b.WriteByte(c)
				continue
			}
		}
		b.WriteString(text)
	}
	return strings.ToValidUTF8(b.String(), string(utf8.RuneError))
}
