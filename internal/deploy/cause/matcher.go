package cause

import (
	"regexp"
	"slices"
	"strings"
)

// evidenceLines is how many last lines of a log accompany an unknown failure:
// enough for a Python error with its innermost frames, few enough to read.
const evidenceLines = 5

type compiled struct {
	rule
	pattern *regexp.Regexp
}

// Matcher recognises the failures of the table.
type Matcher struct {
	rules  []compiled
	benign []string
}

// NewMatcher compiles the table.
func NewMatcher() *Matcher {
	m := &Matcher{benign: benign()}
	for _, r := range rules() {
		m.rules = append(m.rules, compiled{rule: r, pattern: regexp.MustCompile(r.pattern)})
	}
	return m
}

// Line returns the finding that one line of container's log stands for, if it
// stands for one. Trailing context is not needed: each rule is about one line.
func (m *Matcher) Line(container, line string) (Finding, bool) {
	for i := range m.rules {
		r := &m.rules[i]
		if len(r.containers) > 0 && !slices.Contains(r.containers, container) {
			continue
		}
		if !containsAny(line, r.hints) {
			continue
		}
		loc := r.pattern.FindStringSubmatchIndex(line)
		if loc == nil || m.Benign(line) {
			continue
		}
		expand := func(template string) string {
			return strings.TrimRight(string(r.pattern.ExpandString(nil, template, line, loc)), " :")
		}
		return Finding{
			Code:     r.code,
			Summary:  expand(r.summary),
			Cause:    r.cause,
			Remedy:   expand(r.remedy),
			Evidence: []string{line},
			Fatality: r.fatality,
			Rank:     r.rank,
		}, true
	}
	return Finding{}, false
}

// Match returns the findings in lines, the one closest to the root first. A
// cause that shows itself several times is one finding with its first line as
// evidence.
func (m *Matcher) Match(container string, lines []string) []Finding {
	var found []Finding
	for _, line := range lines {
		f, ok := m.Line(container, line)
		if !ok || slices.ContainsFunc(found, func(g Finding) bool { return g.Code == f.Code }) {
			continue
		}
		found = append(found, f)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return a.Rank - b.Rank })
	return found
}

// Benign reports whether a line looks alarming and is known to mean nothing.
func (m *Matcher) Benign(line string) bool { return containsAny(line, m.benign) }

func containsAny(line string, texts []string) bool {
	for _, text := range texts {
		if strings.Contains(line, text) {
			return true
		}
	}
	return false
}

// Last returns the last lines that say something: neither empty nor benign.
func (m *Matcher) Last(lines []string) []string {
	var last []string
	for i := len(lines) - 1; i >= 0 && len(last) < evidenceLines; i-- {
		if strings.TrimSpace(lines[i]) == "" || m.Benign(lines[i]) {
			continue
		}
		last = append(last, lines[i])
	}
	slices.Reverse(last)
	return last
}
