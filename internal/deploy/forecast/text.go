package forecast

import (
	"fmt"
	"time"
)

// Clock writes a duration as a stopwatch shows it, to the second: 8s, 1m05s,
// 2h14m. Numbers below one another stay comparable.
func Clock(d time.Duration) string {
	d = d.Round(time.Second)
	switch h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60; {
	case h > 0:
		return fmt.Sprintf("%dh%02dm", h, m)
	case m > 0:
		return fmt.Sprintf("%dm%02ds", m, s)
	default:
		return fmt.Sprintf("%ds", s)
	}
}

// String writes an expected range: "10–20m", "30–90s"; of an unknown one
// nothing.
func (r Range) String() string {
	if !r.Known() {
		return ""
	}
	unit, suffix := time.Second, "s"
	if r.Max > 2*time.Minute {
		unit, suffix = time.Minute, "m"
	}
	low, high := int((r.Min+unit/2)/unit), int((r.Max+unit-1)/unit)
	if low >= high {
		return fmt.Sprintf("%d%s", high, suffix)
	}
	return fmt.Sprintf("%d–%d%s", low, high, suffix)
}

// ReadyText writes when the model can answer, in the time zone of now: "14:52",
// "14:47–15:00"; nothing where that is not known. Of a range that has begun
// only the end says something.
func (f Forecast) ReadyText(now time.Time) string {
	if f.ReadyLatest.IsZero() {
		return ""
	}
	const layout = "15:04"
	from, to := f.ReadyEarliest.In(now.Location()).Format(layout), f.ReadyLatest.In(now.Location()).Format(layout)
	if from == to || !f.ReadyEarliest.After(now) {
		return to
	}
	return from + "–" + to
}
