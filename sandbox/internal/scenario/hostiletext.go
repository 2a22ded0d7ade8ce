package scenario

import (
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// hostileText is what no terminal should get to interpret. It is cut into tokens like
// any text, so that most sequences arrive in pieces.
const hostileText = " This simulated answer is hostile:" +
	" clipboard \x1b]52;c;cm0gLXJmIC8=\x07," +
	" title \x1b]0;owned\x1b\\," +
	" link \x1b]8;;http://example.invalid\x1b\\click\x1b]8;;\x1b\\," +
	" screen \x1b[2J\x1b[H\x1b[?1049l\x1b[?1000h\x1b[31;5m\u009b31m," +
	" reset \x1bc," +
	" line \r\b\b\x7f\x07\x00," +
	" direction \u202egnp.exe\u202c \u2066isolated\u2069 \u200f," +
	" nothing \u200b\u200d\ufeff\u2060\U000e0041," +
	" marks e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301."

// hostileToken is one token of 10 MiB without a space to break a line at.
var hostileToken = strings.Repeat("0123456789abcdef", 10<<20/16)

var _ = register(Scenario{
	Name:       "hostile-text",
	Summary:    "answers contain escape sequences, bidirectional overrides and invisible characters, and one token of 10 MiB at their end",
	Provenance: "made up: a model can write any character, but no token is so long, and the real servers' gRPC takes messages of 4 MiB at most",
	Faults: world.Faults{
		Answer: func(a *world.Answer) { a.Text, a.Token = hostileText, hostileToken },
	},
})
