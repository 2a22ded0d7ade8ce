package forecast

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 8*time.Second + 400*time.Millisecond: "8s", 59*time.Second + 600*time.Millisecond: "1m00s", 65 * time.Second: "1m05s",
		59*time.Minute + 59*time.Second + 700*time.Millisecond: "1h00m", 2*time.Hour + 14*time.Minute: "2h14m",
	} {
		if got := Clock(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}

func TestRangeText(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]Range{
		"":       {},
		"10–20m": {Min: 10 * time.Minute, Max: 20 * time.Minute},
		"30–90s": {Min: 30 * time.Second, Max: 90 * time.Second},
		"7–12m":  {Min: 7 * time.Minute, Max: 11*time.Minute + time.Second},
		"0–30s":  {Max: 30 * time.Second},
		"5m":     {Min: 5 * time.Minute, Max: 5 * time.Minute},
		"5s":     {Min: 5 * time.Second, Max: 5 * time.Second},
	} {
		if got := r.String(); got != want {
			t.Errorf("%v to %v is written %q, want %q", r.Min, r.Max, got, want)
		}
	}
}

func TestReadyText(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("elsewhere", 2*60*60)
	now := time.Date(2026, 3, 2, 14, 40, 0, 0, zone)
	in := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute).UTC() }
	for want, f := range map[string]Forecast{
		"":            {},
		"14:47–15:00": {ReadyEarliest: in(7), ReadyLatest: in(20)},
		"14:52":       {ReadyEarliest: in(12), ReadyLatest: in(12)},
		"14:45":       {ReadyEarliest: in(0), ReadyLatest: in(5)},
	} {
		if got := f.ReadyText(now); got != want {
			t.Errorf("%v to %v is written %q, want %q", f.ReadyEarliest, f.ReadyLatest, got, want)
		}
	}
}
