package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/scenario"
)

func newScenario(s streams) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "scenario",
		Short: "List the faults that can be injected, show one, or set one",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return listScenarios(cmd, s, dir) },
	}
	names := func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return scenario.Names(), cobra.ShellCompDirectiveNoFileComp
	}
	list := &cobra.Command{
		Use:   "list",
		Short: "List the scenarios, and mark the one in force",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return listScenarios(cmd, s, dir) },
	}
	show := &cobra.Command{
		Use:               "show [NAME]",
		Short:             "Tell what a scenario does; without a name, the one in force",
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				client, _, err := connect(dir)
				if err != nil {
					return err
				}
				status, err := client.Status(cmd.Context())
				if err != nil {
					return err
				}
				args = []string{status.Scenario}
			}
			sc, err := scenario.Lookup(args[0])
			if err != nil {
				return &exitError{code: exitUsage, err: err}
			}
			t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
			fmt.Fprintf(t, "NAME\t%s\nSUMMARY\t%s\nPROVENANCE\t%s\n", sc.Name, sc.Summary, sc.Provenance)
			return t.Flush()
		},
	}
	set := &cobra.Command{
		Use:   "set NAME",
		Short: "Put a scenario in force in place of another; \"happy\" has no faults",
		Long: `Put a scenario in force in place of another; "happy" has no faults. It concerns what
happens from now on; what has failed already stays failed.`,
		Args:              usage(cobra.ExactArgs(1)),
		ValidArgsFunction: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := scenario.Lookup(args[0]); err != nil {
				return &exitError{code: exitUsage, err: err}
			}
			client, _, err := connect(dir)
			if err != nil {
				return err
			}
			status, err := client.SetScenario(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(s.err, "the scenario %s is in force\n", status.Scenario)
			return nil
		},
	}
	for _, each := range []*cobra.Command{cmd, list, show, set} {
		addDir(each, &dir)
	}
	cmd.AddCommand(list, show, set)
	return cmd
}

func listScenarios(cmd *cobra.Command, s streams, dir string) error {
	current, err := scenarioInForce(cmd, dir)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, " \tNAME\tSUMMARY")
	for _, name := range scenario.Names() {
		mark := ""
		if name == current {
			mark = "*"
		}
		sc, err := scenario.Lookup(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", mark, name, sc.Summary)
	}
	return t.Flush()
}

// scenarioInForce is empty where no sandbox runs.
func scenarioInForce(cmd *cobra.Command, dir string) (string, error) {
	client, _, err := connect(dir)
	var exit *exitError
	if errors.As(err, &exit) && exit.code == exitNotRunning {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	status, err := client.Status(cmd.Context())
	return status.Scenario, err
}
