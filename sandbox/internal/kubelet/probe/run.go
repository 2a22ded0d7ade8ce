package probe

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Answer is the outcome of one question.
type Answer struct {
	OK bool
	// Output says why not, as the kubelet's event words it.
	Output string
	// Err is set when the question could not be asked; such an answer does not count.
	Err error
}

// shortestPeriod keeps a probe of every second from becoming a load of its own where
// time runs hundreds of times as fast.
const shortestPeriod = 20 * time.Millisecond

// Schedule is the timing of a probe in the clock's time.
type Schedule struct {
	InitialDelay, Period, Timeout time.Duration
	Failures, Successes           int
}

// NewSchedule reads a probe's timing, with the API's defaults for what is unset.
// scale converts durations of the real system to those of the clock. The timeout is not
// scaled: a busy machine takes its time to answer, however fast simulated time runs.
func NewSchedule(p *corev1.Probe, scale func(time.Duration) time.Duration) Schedule {
	seconds := func(n, unset int32) time.Duration {
		if n <= 0 {
			n = unset
		}
		return time.Duration(n) * time.Second
	}
	count := func(n, unset int32) int {
		if n <= 0 {
			n = unset
		}
		return int(n)
	}
	return Schedule{
		InitialDelay: scale(seconds(p.InitialDelaySeconds, 0)),
		Period:       max(scale(seconds(p.PeriodSeconds, 10)), shortestPeriod),
		Timeout:      seconds(p.TimeoutSeconds, 1),
		Failures:     count(p.FailureThreshold, 3),
		Successes:    count(p.SuccessThreshold, 1),
	}
}

// Probe is a probe of a running container.
type Probe struct {
	Schedule
	// Due tells whether to ask now; a probe that is not due waits for its next turn.
	Due func() bool
	// Ask asks once; its context ends with the timeout.
	Ask func(ctx context.Context) Answer
	// Failed is told of every answer that is not OK.
	Failed func(Answer)
	// Verdict is told whenever a threshold is reached. It returns false to end the
	// probe.
	Verdict func(ok bool) (goOn bool)
}

// Run asks until ctx ends or Verdict wants no more.
func (p *Probe) Run(ctx context.Context) {
	if !wait(ctx, p.InitialDelay) {
		return
	}
	ticker := time.NewTicker(p.Period)
	defer ticker.Stop()
	row, last := 0, false
	for {
		if p.Due == nil || p.Due() {
			answer := p.ask(ctx)
			if ctx.Err() != nil {
				return
			}
			if !answer.OK && p.Failed != nil {
				p.Failed(answer)
			}
			if answer.Err == nil {
				if row == 0 || answer.OK != last {
					row, last = 0, answer.OK
				}
				row++
				if enough(p.Schedule, answer.OK, row) && !p.Verdict(answer.OK) {
					return
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func enough(s Schedule, ok bool, row int) bool {
	if ok {
		return row >= s.Successes
	}
	return row >= s.Failures
}

// ask asks up to three times for as long as the question cannot be asked.
func (p *Probe) ask(ctx context.Context) Answer {
	var answer Answer
	for range 3 {
		bounded, cancel := context.WithTimeout(ctx, p.Timeout)
		answer = p.Ask(bounded)
		cancel()
		if answer.Err == nil {
			break
		}
	}
	return answer
}

func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Name is the word for a kind of probe in events.
type Name string

// The kinds of probes.
const (
	Startup   Name = "Startup"
	Liveness  Name = "Liveness"
	Readiness Name = "Readiness"
)

// Message words an answer as the kubelet's event does.
func (n Name) Message(a Answer) string {
	if a.Err != nil {
		return fmt.Sprintf("%s probe errored and resulted in unknown state: %v", n, a.Err)
	}
	return fmt.Sprintf("%s probe failed: %s", n, a.Output)
}
