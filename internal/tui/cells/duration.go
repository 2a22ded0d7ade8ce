package cells

import (
	"fmt"
	"time"
)

// Clock writes a duration as a stopwatch shows it, to the second: 8s, 1m05s,
// 2h14m. Numbers below one another stay comparable.
func Clock(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60; {
	case h > 0:
		return fmt.Sprintf("%dh%02dm", h, m)
	case m > 0:
		return fmt.Sprintf("%dm%02ds", m, s)
	default:
		return fmt.Sprintf("%ds", s)
	}
}

// Span writes an expected range: 10–20m, 30–90s.
func Span(low, high time.Duration) string {
	unit, suffix := time.Second, "s"
	if high > 2*time.Minute {
		unit, suffix = time.Minute, "m"
	}
	a, b := int((low+unit/2)/unit), int((high+unit-1)/unit)
	if a >= b {
		return fmt.Sprintf("%d%s", b, suffix)
	}
	return fmt.Sprintf("%d–%d%s", a, b, suffix)
}
