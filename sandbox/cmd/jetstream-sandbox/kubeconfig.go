package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func newKubeconfig(s streams) *cobra.Command {
	var (
		dir     string
		content bool
	)
	cmd := &cobra.Command{
		Use:     "kubeconfig",
		Short:   "Print the path of the kubeconfig, or its content",
		Example: `  export KUBECONFIG=$(jetstream-sandbox kubeconfig)`,
		Args:    usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			state, err := openDir(dir)
			if err != nil {
				return err
			}
			used, err := state.InUse()
			if err != nil {
				return err
			}
			text, err := os.ReadFile(state.Kubeconfig())
			if !used || errors.Is(err, os.ErrNotExist) {
				return errNotRunning(state)
			}
			if err != nil {
				return fmt.Errorf("reading the kubeconfig: %w", err)
			}
			if content {
				_, err = s.out.Write(text)
			} else {
				_, err = fmt.Fprintln(s.out, state.Kubeconfig())
			}
			return err
		},
	}
	addDir(cmd, &dir)
	cmd.Flags().BoolVar(&content, "print", false, "print the content instead of the path")
	return cmd
}
