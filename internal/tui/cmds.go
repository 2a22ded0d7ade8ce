package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	// tickEvery is how often ages advance.
	tickEvery = time.Second
	// pullEvery is the least time between two looks at the log lines that
	// arrived: more often than the eye can follow is wasted.
	pullEvery = 33 * time.Millisecond
)

// async runs f beside the program, with a context that ends with it.
type async func(f func(ctx context.Context) tea.Msg) tea.Cmd

func asyncIn(ctx context.Context) async {
	return func(f func(context.Context) tea.Msg) tea.Cmd {
		return func() tea.Msg { return f(ctx) }
	}
}

func tick() tea.Cmd {
	return tea.Tick(tickEvery, func(time.Time) tea.Msg { return tickMsg{} })
}

func listDeployments(run async, b Backend) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		list, err := b.Deployments(ctx)
		return deploymentsMsg{list: list, err: err}
	})
}

func observe(run async, b Backend, gen int, name string) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		obs, err := b.Observe(ctx, name)
		return observingMsg{gen: gen, obs: obs, err: err}
	})
}

// waitSnapshot waits for the next snapshot. The model asks again for each.
func waitSnapshot(run async, gen int, from <-chan status.Snapshot) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		select {
		case s, ok := <-from:
			return snapshotMsg{gen: gen, s: s, ok: ok}
		case <-ctx.Done():
			return nil
		}
	})
}

// waitLines waits until log lines have arrived, and pause at the least.
func waitLines(run async, gen int, book *logtail.Book, pause time.Duration) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-book.Changed():
			return linesMsg{gen: gen}
		case <-ctx.Done():
			return nil
		}
	})
}

func expect(run async, gen int, obs *Observation, s status.Snapshot) tea.Cmd {
	return run(func(context.Context) tea.Msg {
		e, last := obs.Expect(s)
		return expectMsg{gen: gen, expect: e, last: last}
	})
}

// startDeploy begins to apply; what happens comes through the channel.
func startDeploy(run async, b Backend, gen int, r Request) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		return deployStartedMsg{gen: gen, events: b.Deploy(ctx, r)}
	})
}

// deployStartedMsg says that a deployment has begun.
type deployStartedMsg struct {
	gen    int
	events <-chan DeployEvent
}

func waitDeploy(run async, gen int, events <-chan DeployEvent) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		select {
		case e, ok := <-events:
			return deployMsg{gen: gen, e: e, ok: ok}
		case <-ctx.Done():
			return nil
		}
	})
}

func loadYAML(run async, b Backend, gen int, name, pod string) tea.Cmd {
	title := "leaderworkerset/" + name
	if pod != "" {
		title = "pod/" + pod
	}
	return run(func(ctx context.Context) tea.Msg {
		text, err := b.YAML(ctx, name, pod)
		return textMsg{gen: gen, title: title, text: text, err: err}
	})
}

func loadEarlier(run async, b Backend, name string, stream logtail.Stream) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		lines, began, err := b.Earlier(ctx, name, stream)
		return earlierMsg{stream: stream, lines: lines, began: began, err: err}
	})
}

// act runs an action; what names it in words.
func act(run async, what string, f func(context.Context) (string, error)) tea.Cmd {
	return run(func(ctx context.Context) tea.Msg {
		text, err := f(ctx)
		return actedMsg{what: what, text: text, err: err}
	})
}
