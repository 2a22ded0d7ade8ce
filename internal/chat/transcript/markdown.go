package transcript

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// Markdown writes a conversation to be read.
//
// Whatever was said stands in quotes. A quote ends every block that begins in
// it, so that no heading, no HTML and no code fence that a model forgot to
// close reaches into the rest of the document.
func Markdown(w io.Writer, c Conversation) error {
	var b strings.Builder
	b.WriteString("# Conversation")
	if c.Deployment != "" {
		b.WriteString(" with " + oneLine(c.Deployment))
	}
	b.WriteString("\n")
	if !c.Saved.IsZero() {
		fmt.Fprintf(&b, "\nSaved on %s.\n", c.Saved.UTC().Format("2006-01-02 at 15:04 UTC"))
	}
	said(&b, "System", c.System)
	for _, t := range c.Turns {
		fmt.Fprintf(&b, "\n## %d\n", t.Number)
		said(&b, "User", t.User)
		said(&b, "Assistant", t.Answer)
		fmt.Fprintf(&b, "\n_%s_\n", ended(t))
		if t.Err != nil {
			said(&b, "Error", t.Err.Error())
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the transcript: %w", err)
	}
	return nil
}

// said writes a text as a quote.
func said(b *strings.Builder, who, text string) {
	if text = strings.TrimRight(clean(text), "\n"); text == "" {
		return
	}
	fmt.Fprintf(b, "\n**%s**\n\n", who)
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(strings.TrimRight("> "+line, " ") + "\n")
	}
}

// ended says in a line how a turn went.
func ended(t chat.Turn) string {
	words := map[chat.State]string{
		chat.Waiting: "Not answered.", chat.Answering: "Not answered to the end.",
		chat.Done: "Done.", chat.Stopped: "Stopped.", chat.Failed: "Failed.",
	}[t.State]
	if t.Stats.Chunks > 0 {
		words += fmt.Sprintf(" %.2f s to the first text, %.1f s in all, %d chunks.", t.Stats.FirstText.Seconds(), t.Stats.Total.Seconds(), t.Stats.Chunks)
	}
	if t.Cut {
		words += " The beginning of the text was not sent."
	}
	switch {
	case t.Dropped == 1:
		words += " The oldest turn was not sent."
	case t.Dropped > 1:
		words += fmt.Sprintf(" The oldest %d turns were not sent.", t.Dropped)
	}
	return words
}

// clean makes line ends of all that Markdown takes for one, and leaves out
// characters that control a terminal or turn the direction of a text.
func clean(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}

func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }
