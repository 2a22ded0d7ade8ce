// Package textgen writes the answers of the simulated model. No model is involved:
// sentences of a small stock are strung together by chance, mention a few words of
// the prompt, and say plainly that they are simulated. Lists, code and tables come
// when a prompt asks for them, so that a client's rendering has something to show.
//
// A Generator is a pure function of its seed and the prompt.
package textgen

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

// Generator writes answers. The zero value is usable; its seed is 0.
type Generator struct{ Seed uint64 }

// Reply is the whole answer to a prompt. It begins with a space, as the raw
// completion of a model does.
func (g Generator) Reply(prompt string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(prompt)) // a hash never fails
	w := &writer{request: understand(prompt), chance: rand.New(rand.NewPCG(g.Seed, h.Sum64()))}
	w.answer()
	return " " + strings.TrimSpace(w.b.String())
}

type writer struct {
	request
	chance *rand.Rand
	b      strings.Builder
	last   string // the last sentence, which is not repeated at once
}

func (w *writer) answer() {
	w.say(notices)
	if w.size == short {
		return
	}
	switch w.form {
	case greeting:
		w.paragraph("Hello! Ask me anything; the answer will be made up, but it will arrive token by token as a real one does.")
		return
	case list:
		w.list()
	case code:
		w.code()
	case table:
		w.table()
	case prose:
	}
	paragraphs := 2
	if w.size == long {
		paragraphs = 14
	}
	for range paragraphs {
		w.b.WriteString("\n\n")
		for range 3 + w.chance.IntN(2) {
			w.say(sentences)
		}
	}
	w.paragraph("")
	w.say(closings)
}

// say adds one sentence of a stock to the paragraph.
func (w *writer) say(stock []string) {
	s := w.pick(stock)
	for s == w.last {
		s = w.pick(stock)
	}
	w.last = s
	if text := w.b.String(); text != "" && !strings.HasSuffix(text, "\n") {
		w.b.WriteByte(' ')
	}
	w.b.WriteString(strings.ReplaceAll(s, "{topic}", w.topic))
}

func (w *writer) pick(stock []string) string { return stock[w.chance.IntN(len(stock))] }

func (w *writer) paragraph(text string) {
	w.b.WriteString("\n\n")
	w.b.WriteString(text)
}

func (w *writer) list() {
	w.paragraph(fmt.Sprintf("Here are %d points about %s:\n", w.items, w.topic))
	order := w.chance.Perm(len(points))
	for i := range w.items {
		p := points[order[i%len(order)]]
		fmt.Fprintf(&w.b, "\n%d. **%s**: %s", i+1, p.title, strings.ReplaceAll(p.text, "{topic}", w.topic))
	}
}

func (w *writer) code() {
	w.paragraph("A small example in Go, which compiles but does little:\n\n")
	name := "answer"
	fmt.Fprintf(&w.b, "```go\npackage main\n\nimport \"fmt\"\n\n// %s stands for the code a model would write about %s.\nfunc %s(n int) int {\n\tif n < 2 {\n\t\treturn n\n\t}\n\treturn %s(n-1) + %s(n-2)\n}\n\nfunc main() {\n\tfmt.Println(%s(%d))\n}\n```", name, strings.ReplaceAll(w.topic, "\n", " "), name, name, name, name, 10+w.chance.IntN(20))
}

func (w *writer) table() {
	w.paragraph(fmt.Sprintf("A comparison for %s:\n\n| aspect | first | second |\n|---|---|---|\n", w.topic))
	for _, i := range w.chance.Perm(len(points))[:4] {
		fmt.Fprintf(&w.b, "| %s | %d | %d |\n", strings.ToLower(points[i].title), w.chance.IntN(100), w.chance.IntN(100))
	}
}
