package textgen

import "strings"

// layout is how a chat template writes turns into a prompt. Its marks are text like any
// other to the server, so a model sees them, and writes them, as such.
type layout struct {
	// user begins a turn of the user, answer ends it and begins the model's.
	user, answer string
	// before separates a user's turn from the answer before it.
	before string
}

var layouts = []layout{
	{user: "<|start_header_id|>user<|end_header_id|>\n\n", answer: "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", before: "<|eot_id|>"},
	{user: "[INST] ", answer: " [/INST]", before: " "},
	{user: "User: ", answer: "\nAssistant:", before: "\n"},
}

// layoutOf finds the layout of a prompt: one in which the user has spoken and the model
// is to answer.
func layoutOf(prompt string) (l layout, ok bool) {
	for _, l := range layouts {
		if i := l.lastUser(prompt); i >= 0 && strings.Contains(prompt[i:], strings.TrimSpace(l.answer)) {
			return l, true
		}
	}
	return layout{}, false
}

// lastUser is where the last turn of the user begins, behind its mark, or -1. A word is
// a mark at the beginning of a line alone.
func (l layout) lastUser(prompt string) int {
	mark := strings.TrimSpace(l.user)
	for end := len(prompt); ; {
		i := strings.LastIndex(prompt[:end], mark)
		if i < 0 {
			return -1
		}
		if strings.ContainsAny(mark, "<[") || i == 0 || prompt[i-1] == '\n' {
			return i + len(mark)
		}
		end = i
	}
}

// userText is the last thing the user said: the prompt itself unless it has the layout
// of a chat.
func userText(prompt string) string {
	l, ok := layoutOf(prompt)
	if !ok {
		return prompt
	}
	text, _, _ := strings.Cut(prompt[l.lastUser(prompt):], strings.TrimSpace(l.answer))
	// Llama 2 has the system prompt within the first turn of the user.
	if _, rest, found := strings.Cut(text, "<</SYS>>"); found {
		text = rest
	}
	return text
}

// RunOn is what follows a reply where the model does not emit its stop token: the next
// turn of the user, invented and in the prompt's own layout, an answer to it, and so on,
// until there are at least size bytes. Without a layout the text just goes on.
func (g Generator) RunOn(prompt string, size int) string {
	l, chat := layoutOf(prompt)
	var b strings.Builder
	for turn := 0; b.Len() < size; turn++ {
		question := questions[turn%len(questions)]
		answer := g.Reply(question)
		switch {
		case !chat:
			b.WriteString("\n\n" + answer[1:])
			continue
		case strings.HasSuffix(l.answer, "\n"):
			answer = answer[1:] // the space before an answer is one after a mark
		}
		b.WriteString(l.before + l.user + question + l.answer + answer)
	}
	return b.String()
}
