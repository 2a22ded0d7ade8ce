package chat

import (
	"unicode"
	"unicode/utf8"
)

// EstimateTokens estimates how many tokens a text has, without the one that
// the server puts before it, and errs upwards: for English, other languages
// and code it is meant never to be below the count of Llama 2's tokenizer, nor
// of Llama 3's.
//
// Where there is a bound it is used. Both tokenizers fall back to bytes, so no
// character has more tokens than bytes; an ASCII sign or digit has one, and so
// has, in these two vocabularies, a letter of the alphabets that are counted so
// below. Only ASCII letters and spaces are counted for less than one each, by
// rates that hold for words. Letters in no order, as in a password without
// digits, may be more tokens than that.
func EstimateTokens(text string) int {
	// Llama 2's tokenizer begins every text with a space of its own.
	tokens := 1
	for i := 0; i < len(text); {
		n := run(text[i:], isWord)
		if n > 0 {
			tokens += wordTokens(text[i : i+n])
			i += n
			continue
		}
		if n = run(text[i:], func(c byte) bool { return c == ' ' }); n > 0 {
			i += n
			letter := i < len(text) && isWord(text[i]) && !isDigit(text[i])
			tokens += spaceTokens(n, letter)
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		tokens += signTokens(r, size)
		i += size
	}
	return tokens
}

const (
	// lettersPerToken is less than the 4 of English prose, since other
	// languages, names and abbreviations have fewer.
	lettersPerToken = 3
	// Words longer than longWord are compounds and foreign, of shorter pieces.
	longWord            = 12
	longLettersPerToken = 2
	// capitals are seldom one word of the vocabulary.
	capitalsPerToken = 2
	// Random strings, as keys and hashes, are told from words by beginning with
	// a digit or by changing between capitals, small letters and digits more
	// often than every third character. Their characters have few neighbours in
	// common with words.
	randomLength, randomChange = 8, 3
	// spacesPerToken is what the smaller vocabulary joins at least.
	spacesPerToken = 4
)

// wordTokens counts the tokens of ASCII letters and digits without anything
// between them.
func wordTokens(word string) int {
	tokens, parts := 0, 0
	for i := 0; i < len(word); parts++ {
		start := i
		switch {
		case isDigit(word[i]):
			i += run(word[i:], isDigit)
			tokens += i - start
			continue
		case isUpper(word[i]):
			i += run(word[i:], isUpper)
			if i-start > 1 {
				// The last capital begins the next word, as in HTTPServer.
				if i < len(word) && isLower(word[i]) {
					i--
				}
				tokens += perToken(i-start, capitalsPerToken)
				continue
			}
		}
		i += run(word[i:], isLower)
		n := i - start
		tokens += perToken(min(n, longWord), lettersPerToken) + perToken(max(0, n-longWord), longLettersPerToken)
	}
	if isDigit(word[0]) || len(word) >= randomLength && len(word) < parts*randomChange {
		return len(word)
	}
	return tokens
}

// spaceTokens counts a run of spaces. The last one before a letter is part of
// that word.
func spaceTokens(n int, letter bool) int {
	if letter {
		n--
	}
	return perToken(n, spacesPerToken)
}

func signTokens(r rune, size int) int {
	const endOfArabic = 0x700
	switch {
	case size == 1, r < 0x250, r < endOfArabic && unicode.In(r, unicode.Greek, unicode.Cyrillic, unicode.Arabic):
		return 1
	case unicode.In(r, unicode.Hiragana, unicode.Katakana):
		return 1
	}
	return size
}

// perToken is n divided by size, rounded up.
func perToken(n, size int) int { return (n + size - 1) / size }

// run is how many of the first bytes are of a kind.
func run(s string, kind func(byte) bool) int {
	for i := range len(s) {
		if !kind(s[i]) {
			return i
		}
	}
	return len(s)
}

func isWord(c byte) bool  { return isLower(c) || isUpper(c) || isDigit(c) }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
