package tui

import (
	"context"
	"errors"
	"io"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// Terminal is where the program reads and writes.
type Terminal struct {
	In  io.Reader
	Out io.Writer
	// Environ is the environment: TERM, NO_COLOR and their like.
	Environ []string
	// Options are further options of the program, for tests.
	Options []tea.ProgramOption
}

// Run shows the dashboard until the person leaves, ctx ends, or what it was
// told to do cannot be done. The terminal is restored in every case, also
// after a panic, which becomes an error. Run returns when nothing of the
// program runs any more but what the backend has started.
//
// Signals are left to the caller: it cancels ctx.
func Run(ctx context.Context, cfg Config, t Terminal) (Outcome, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newModel(cfg, asyncIn(ctx))
	options := append([]tea.ProgramOption{
		tea.WithContext(ctx),
		tea.WithInput(t.In),
		tea.WithOutput(t.Out),
		tea.WithEnvironment(t.Environ),
		tea.WithoutSignalHandler(),
	}, t.Options...)
	if cfg.Theme == ThemeNone {
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	_, err := tea.NewProgram(m, options...).Run()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		// The caller knows why it cancelled.
		err = nil
	}
	// An answer that was on its way has been cancelled with everything else.
	m.talk.session.End(chat.Stats{}, context.Canceled)
	m.out.Turns, m.out.Settings = m.talk.session.Turns(), m.talk.session.Settings()
	return m.out, err
}
