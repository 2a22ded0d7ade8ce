package transcript

import (
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/text"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

func markdown(t *testing.T, c Conversation) string {
	t.Helper()
	var b strings.Builder
	if err := Markdown(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	golden(t, "conversation.md", markdown(t, conversation()))
}

func TestEveryLineEndIsKept(t *testing.T) {
	t.Parallel()
	if got := clean("a\rb\r\nc\n\x1b[1md\u202e"); got != "a\nb\nc\n[1md" {
		t.Errorf("got %q", got)
	}
}

// outline is the kinds of a document's top-level blocks, as a Markdown parser
// sees them.
func outline(document string) string {
	var kinds []string
	for n := goldmark.DefaultParser().Parse(text.NewReader([]byte(document))).FirstChild(); n != nil; n = n.NextSibling() {
		kinds = append(kinds, n.Kind().String())
	}
	return strings.Join(kinds, " ")
}

const twoTurns = "Heading Heading Paragraph Blockquote Paragraph Blockquote Paragraph Heading Paragraph Blockquote Paragraph Blockquote Paragraph"

func talk(user, answer string) Conversation {
	return Conversation{Turns: []chat.Turn{
		{Number: 1, User: user, Answer: answer, State: chat.Done},
		{Number: 2, User: "x", Answer: "y", State: chat.Done},
	}}
}

func TestNoTextReachesOutOfItsQuote(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"plain", "```", "~~~~\ncode", "    ```\n```go\nx", "- a\n  ```\n  b", "<!-- open", "<pre>", "<script>", "# heading", "## 7\n\n**User**",
		"a\n===", "---", "a\n\n\n\nb", "> quote", ">>> ```", "\r```\r\nx", "a\r# b", "[x]: y\n[x]", "1) ```", "```\n\n\n", "a\x0b# b\x0c```", "\\", "a  ", "_", "**", "<?", "<![CDATA[",
	} {
		if got := outline(markdown(t, talk(text, text))); got != twoTurns {
			t.Errorf("%q: the document is %s", text, got)
		}
	}
}

func TestOutlineSeesABrokenDocument(t *testing.T) {
	t.Parallel()
	if got := outline("## 1\n\n```\nopen\n\n## 2\n"); got != "Heading FencedCodeBlock" {
		t.Errorf("an open fence gives %s", got)
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add("```go", "<!--")
	f.Add("a\r\n# b", "~~~")
	f.Fuzz(func(t *testing.T, user, answer string) {
		c := talk(user, answer)
		if strings.TrimSpace(clean(user)) == "" || strings.TrimSpace(clean(answer)) == "" {
			return
		}
		document := markdown(t, c)
		if got := outline(document); got != twoTurns {
			t.Errorf("%q, %q: the document is %s\n%s", user, answer, got, document)
		}
		if strings.ContainsAny(document, "\x1b\r\u202e") {
			t.Errorf("control characters are left in %q", document)
		}
	})
}
