package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
)

// downTimeout bounds the wait for a sandbox to end; one takes about a second.
const (
	downTimeout  = 15 * time.Second
	downInterval = 20 * time.Millisecond
)

func newDown(s streams) *cobra.Command {
	var (
		dir    string
		remove bool
	)
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Stop a sandbox",
		Long: `Stop a sandbox and wait until it is gone. Its directory stays, and "up" resumes it,
unless --delete is given. That no sandbox runs is no error.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, state, err := connect(dir)
			var exit *exitError
			switch {
			case errors.As(err, &exit) && exit.code == exitNotRunning:
				fmt.Fprintf(s.err, "no sandbox runs in %s\n", shorten(state.Path()))
				if err := sweep(state); err != nil {
					return err
				}
			case err != nil:
				return err
			default:
				if err := client.Stop(cmd.Context()); err != nil {
					return err
				}
				if err := waitGone(cmd.Context(), state); err != nil {
					return err
				}
				fmt.Fprintf(s.err, "stopped the sandbox in %s\n", shorten(state.Path()))
			}
			if !remove {
				return nil
			}
			return removeState(s, state)
		},
	}
	addDir(cmd, &dir)
	cmd.Flags().BoolVar(&remove, "delete", false, "delete the sandbox's directory too")
	return cmd
}

// waitGone waits until the sandbox has let go of its directory.
func waitGone(ctx context.Context, state *statedir.Dir) error {
	ctx, cancel := context.WithTimeout(ctx, downTimeout)
	defer cancel()
	ticker := time.NewTicker(downInterval)
	defer ticker.Stop()
	for {
		used, err := state.InUse()
		if err != nil || !used {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			record, _ := state.ReadRecord() // the number is a courtesy
			return fmt.Errorf("waiting for the sandbox in %s (process %d) to end: %w", state.Path(), record.PID, ctx.Err())
		}
	}
}

// sweep removes what a killed sandbox left outside of its directory.
func sweep(state *statedir.Dir) error {
	record, err := state.ReadRecord()
	if err != nil || record.Sockets == "" {
		return err
	}
	return state.RemoveSockets(record.Sockets)
}

// removeState deletes a directory, provided that it is a sandbox's.
func removeState(s streams, state *statedir.Dir) error {
	record, err := state.ReadRecord()
	if err != nil {
		return err
	}
	if record.PID == 0 {
		return fmt.Errorf("%s holds no sandbox and is not deleted", state.Path())
	}
	if err := state.Lock(); err != nil {
		return err
	}
	if err := errors.Join(state.Remove(), state.Unlock()); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "deleted %s\n", shorten(state.Path()))
	return nil
}
