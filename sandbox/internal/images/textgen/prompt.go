package textgen

import (
	"slices"
	"strings"
	"unicode"
)

// request is what a prompt asks for, as far as the generator understands it.
type request struct {
	topic string // a few words of the prompt, never empty
	form  form
	items int // of a list
	size  size
}

type form int

const (
	prose form = iota
	greeting
	list
	code
	table
)

type size int

const (
	usual size = iota
	short
	long
)

// stopWords are words that say nothing about a topic.
var stopWords = strings.Fields(`a about all an and any are as at be briefly by can code could
	detail detailed do does essay explain for from function give has have how i in into is it list
	long make me more my of on one or our please short show some story table tell than that the their
	them there these they this to top us using was we what when where which who why will with write
	would you your`)

// understand reads a prompt.
func understand(prompt string) request {
	text := userText(prompt)
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '+' && r != '#' && r != '-'
	})
	has := func(wanted ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(wanted, w) })
	}
	r := request{topic: topic(text)}
	switch {
	case has("code", "function", "program", "script", "snippet", "regex"):
		r.form = code
	case has("table", "compare", "comparison"):
		r.form = table
	case has("list", "top", "steps", "ways", "reasons", "tips", "examples", "bullet"):
		r.form = list
	case len(words) <= 3 && has("hi", "hello", "hey", "hallo", "moin"):
		r.form = greeting
	}
	r.items = count(words)
	switch {
	case has("long", "essay", "detailed", "detail", "story", "elaborate", "depth"):
		r.size = long
	case has("briefly", "brief", "short", "sentence", "one-line"):
		r.size = short
	}
	return r
}

// maxTopicWords is how many words of a prompt a topic has at most.
const maxTopicWords = 5

func topic(text string) string {
	var kept []string
	for _, word := range strings.Fields(text) {
		bare := strings.TrimFunc(word, func(r rune) bool { return unicode.IsPunct(r) && r != '#' && r != '+' })
		if bare == "" || strings.HasPrefix(word, "<|") || slices.Contains(stopWords, strings.ToLower(bare)) {
			continue
		}
		if _, digits := number(bare); digits {
			continue
		}
		if slices.Contains(kept, bare) {
			continue
		}
		kept = append(kept, bare)
		if len(kept) == maxTopicWords {
			break
		}
	}
	if len(kept) == 0 {
		return "your question"
	}
	return strings.Join(kept, " ")
}

// The number of items of a list that does not say how many, and the most that one
// answer gives.
const (
	usualItems = 5
	mostItems  = 20
)

func count(words []string) int {
	for _, w := range words {
		if n, ok := number(w); ok && n > 0 {
			return min(n, mostItems)
		}
	}
	return usualItems
}

// number reads digits and the small numbers' names.
func number(word string) (int, bool) {
	names := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	if i := slices.Index(names, strings.ToLower(word)); i >= 0 {
		return i, i != 1 // "one" is more often a pronoun
	}
	n := 0
	for _, r := range word {
		if r < '0' || r > '9' || n > 1000 {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, word != ""
}
