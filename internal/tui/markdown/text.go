package markdown

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/cells"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

const (
	tabStop = 4
	// maxCharacter bounds one character in bytes: marks can be piled upon it
	// without end, all within the same cell.
	maxCharacter = 64
)

// pieceEnd is where a line that is too long is divided: behind a space near
// its end, else between two runes.
func pieceEnd(line []byte) int {
	end := len(line) - 1
	for back := 0; back < utf8.UTFMax && !utf8.RuneStart(line[end]); back++ {
		end--
	}
	if space := bytes.LastIndexByte(line[end-maxLine/16:end], ' '); space >= 0 {
		end += space + 1 - maxLine/16
	}
	return end
}

// printable makes a line fit for a terminal, with spaces for its tabs.
func printable(raw []byte) string {
	line := safetext.Text(string(raw))
	if strings.Contains(line, "\t") {
		line = withoutTabs(line)
	}
	return bounded(line)
}

func withoutTabs(line string) string {
	var b strings.Builder
	column := 0
	for {
		text, rest, tab := strings.Cut(line, "\t")
		b.WriteString(text)
		if !tab {
			return b.String()
		}
		column += ansi.StringWidth(text)
		spaces := tabStop - column%tabStop
		b.WriteString("    "[:spaces])
		column += spaces
		line = rest
	}
}

// bounded drops what is piled upon a character beyond reason.
func bounded(line string) string {
	if len(line) <= maxCharacter {
		return line
	}
	var b strings.Builder
	kept := 0
	for at := 0; at < len(line); {
		size, _ := cells.Character(line[at:])
		if size > maxCharacter {
			end := at + maxCharacter
			for !utf8.RuneStart(line[end]) {
				end--
			}
			b.WriteString(line[kept:end])
			kept = at + size
		}
		at += size
	}
	if kept == 0 {
		return line
	}
	b.WriteString(line[kept:])
	return b.String()
}
