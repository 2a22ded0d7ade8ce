package markdown

import (
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	table "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// minRoom is the room, in cells, below which what is nested is not indented
// any further.
const minRoom = 6

// prose lays out blocks. A number other than none is that of the item which
// they begin with.
func (l *layout) prose(source string, number, w int) []string {
	b := blocks{layout: l, source: []byte(source), number: number}
	return b.children(l.blockParser.Parse(text.NewReader(b.source)), w)
}

// paragraph lays out text in which nothing begins a block.
func (l *layout) paragraph(source string, w int) []string {
	b := blocks{layout: l, source: []byte(source), number: none}
	return b.children(l.paragraphParser.Parse(text.NewReader(b.source)), w)
}

// blockParser knows CommonMark without references of links, whose definitions
// could come after everything else, and the tables and strokes of GitHub.
func blockParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(inlineParsers()...),
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
}

func paragraphParser() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(util.Prioritized(parser.NewParagraphParser(), 100)),
		parser.WithInlineParsers(inlineParsers()...),
	)
}

func inlineParsers() []util.PrioritizedValue {
	return append(parser.DefaultInlineParsers(), util.Prioritized(extension.NewStrikethroughParser(), 500))
}

// blocks lays out the blocks of one parse.
type blocks struct {
	*layout
	source []byte
	number int
}

func (b *blocks) children(parent ast.Node, w int) []string {
	var rows []string
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if n.HasBlankPreviousLines() && len(rows) > 0 {
			rows = append(rows, "")
		}
		rows = append(rows, b.block(n, w)...)
	}
	return rows
}

func (b *blocks) block(n ast.Node, w int) []string {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return b.wrap(b.inline(nil, n, 0), w, false)
	case *ast.Heading:
		runs := []run{{attrHeading, strings.Repeat("#", n.Level) + " "}}
		return b.wrap(b.inline(runs, n, attrHeading), w, false)
	case *ast.ThematicBreak:
		return []string{b.paint(attrMuted, strings.Repeat(b.s.Glyphs.Horizontal, min(w, 20)))}
	case *ast.List:
		return b.list(n, w)
	case *ast.Blockquote:
		if w-2 < minRoom {
			return b.children(n, w)
		}
		return b.quoted(b.children(n, w-2))
	case *ast.FencedCodeBlock:
		info := ""
		if n.Info != nil {
			info = safetext.Line(string(n.Info.Segment.Value(b.source)))
		}
		rows := append([]string{b.fence(info, w)}, b.lines(n, attrCode, w)...)
		return append(rows, b.fence("", w))
	case *ast.CodeBlock:
		if w-indented < minRoom {
			return b.lines(n, attrCode, w)
		}
		return prefixed(b.lines(n, attrCode, w-indented), "    ", "    ")
	case *ast.HTMLBlock:
		rows := b.lines(n, 0, w)
		if n.HasClosure() {
			rows = append(rows, b.verbatim(b.line(n.ClosureLine), 0, w, false)...)
		}
		return rows
	case *table.Table:
		return b.table(n, w)
	default:
		return b.children(n, w)
	}
}

func (b *blocks) lines(n ast.Node, a attr, w int) []string {
	var rows []string
	for _, segment := range n.Lines().Sliced(0, n.Lines().Len()) {
		rows = append(rows, b.verbatim(b.line(segment), a, w, false)...)
	}
	return rows
}

func (b *blocks) line(segment text.Segment) string {
	return safetext.Line(strings.TrimRight(string(segment.Value(b.source)), "\n"))
}

func (b *blocks) list(n *ast.List, w int) []string {
	number := n.Start
	if b.number != none {
		number = b.number
		b.number = none
	}
	var rows []string
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		if item.HasBlankPreviousLines() && len(rows) > 0 {
			rows = append(rows, "")
		}
		mark := b.s.Glyphs.Bullet + " "
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + string(n.Marker) + " "
			number++
		}
		rows = append(rows, b.item(item, mark, w)...)
	}
	return rows
}

func (b *blocks) item(n ast.Node, mark string, w int) []string {
	used := ansi.StringWidth(mark)
	if w-used < minRoom {
		return append([]string{ansi.Truncate(strings.TrimRight(mark, " "), w, "")}, b.children(n, w)...)
	}
	rows := b.children(n, w-used)
	if len(rows) == 0 {
		return []string{strings.TrimRight(mark, " ")}
	}
	return prefixed(rows, mark, strings.Repeat(" ", used))
}

func (b *blocks) quoted(rows []string) []string {
	bar := b.paint(attrQuote, b.s.Glyphs.Vertical) + " "
	return prefixed(rows, bar, bar)
}

// prefixed puts one text in front of the first row and another in front of the
// others.
func prefixed(rows []string, first, others string) []string {
	out := make([]string, 0, len(rows))
	for i, row := range rows {
		switch {
		case i == 0:
			row = first + row
		case row != "" || strings.TrimSpace(others) != "":
			row = others + row
		}
		out = append(out, row)
	}
	return out
}
