package markdown

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// inline appends the runs of what stands in a block.
func (b *blocks) inline(runs []run, parent ast.Node, a attr) []run {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			text := string(n.Segment.Value(b.source))
			if !n.IsRaw() {
				text = resolved(text)
			}
			runs = append(runs, run{a, safetext.Line(text)})
			switch {
			case n.HardLineBreak():
				runs = append(runs, run{a, "\n"})
			case n.SoftLineBreak():
				runs = append(runs, run{a, " "})
			}
		case *ast.String:
			runs = append(runs, run{a, safetext.Line(string(n.Value))})
		case *ast.CodeSpan:
			runs = append(runs, b.codeSpan(n, a))
		case *ast.Emphasis:
			more := attrEmphasis
			if n.Level > 1 {
				more = attrStrong
			}
			runs = b.inline(runs, n, a|more)
		case *table.Strikethrough:
			runs = append(runs, run{a | attrStruck, "~~"})
			runs = b.inline(runs, n, a|attrStruck)
			runs = append(runs, run{a | attrStruck, "~~"})
		case *ast.Link:
			runs = b.link(runs, n, string(n.Destination), a)
		case *ast.Image:
			runs = append(runs, run{a, "[image] "})
			runs = b.link(runs, n, string(n.Destination), a)
		case *ast.AutoLink:
			runs = append(runs, run{a | attrLink, safetext.Line(string(n.Label(b.source)))})
		case *ast.RawHTML:
			for _, segment := range n.Segments.Sliced(0, n.Segments.Len()) {
				runs = append(runs, run{a, safetext.Line(string(segment.Value(b.source)))})
			}
		default:
			runs = b.inline(runs, n, a)
		}
	}
	return runs
}

// codeSpan keeps its marks, so that it is seen without colours too.
func (b *blocks) codeSpan(n ast.Node, a attr) run {
	var text strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			text.Write(t.Segment.Value(b.source))
		}
	}
	inner, mark := safetext.Line(text.String()), "`"
	if strings.Contains(inner, "`") {
		inner, mark = " "+inner+" ", "``"
	}
	return run{a | attrCode, mark + inner + mark}
}

// link shows a text with its address behind it, unless they are the same.
func (b *blocks) link(runs []run, n ast.Node, to string, a attr) []run {
	to = safetext.Line(resolved(to))
	from := len(runs)
	runs = b.inline(runs, n, a|attrLink)
	var label strings.Builder
	for _, r := range runs[from:] {
		label.WriteString(r.text)
	}
	switch {
	case label.String() == to || to == "":
		return runs
	case label.Len() == 0:
		return append(runs, run{a | attrLink, to})
	default:
		return append(runs, run{a, " "}, run{a | attrMuted, "(" + to + ")"})
	}
}

// resolved replaces escaped punctuation and the names and numbers of
// characters by what they stand for. The result may hold anything, also what
// the text itself was cleaned of.
func resolved(text string) string {
	if !strings.ContainsAny(text, `\&`) {
		return text
	}
	var b strings.Builder
	for text != "" {
		at := strings.IndexAny(text, `\&`)
		if at < 0 || at+1 == len(text) {
			break
		}
		b.WriteString(text[:at])
		text = text[at:]
		size := 1
		switch end := strings.IndexByte(text[:min(len(text), maxEntity)], ';'); {
		case text[0] == '\\' && util.IsPunct(text[1]):
			size = 2
			b.WriteByte(text[1])
		case text[0] == '&' && end > 0:
			size = end + 1
			named := []byte(text[:size])
			b.Write(util.ResolveEntityNames(util.ResolveNumericReferences(named)))
		default:
			b.WriteByte(text[0])
		}
		text = text[size:]
	}
	return b.String() + text
}

// maxEntity bounds the name of a character, in bytes.
const maxEntity = 40
