package tui

import (
	"time"

	"k8s.io/apimachinery/pkg/util/duration"
)

// age is kubectl's AGE column.
func age(now, then time.Time) string {
	if then.IsZero() {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(then))
}

func zeroTime() time.Time { return time.Time{} }
