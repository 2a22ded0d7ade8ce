package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const rootLong = `Deploy JetStream with Pathways on a multi-host TPU slice, watch it start, and send
prompts to it.

By its name alone, on a terminal, it opens the dashboard: on what runs in the namespace,
or with a form to deploy something.`

const rootExample = `  # The dashboard, or the form
  %[1]s

  # What can be deployed, and Llama 3.1 405B without the form
  %[1]s profiles
  %[1]s up --profile llama-3.1-405b-v6e-4x4 \
    --checkpoint gs://models/llama-3.1-405b/int8 --pathways-bucket gs://pathways

  # Ask it
  %[1]s generate "What is a TPU?"

  # End it, and see what still costs money
  %[1]s down`

const optionsLong = `List the flags that every command takes, and the exit codes.

The flags are those of kubectl, and mean the same: which kubeconfig, context and
namespace, as whom, and for how long to wait for a single answer of the API server.`

const optionsExample = `  # The list
  %[1]s options`

const exitCodes = `Exit codes:
  0    done, ready
  1    failed
  2    wrong usage
  3    not ready (status, generate, chat, forward)
  4    a cause that waiting cannot heal
  124  --timeout reached
  129  the terminal was closed, 130 interrupted (Ctrl-C), 143 terminated
  141  nobody reads the output any more, as with '… | head -1'`

// newRootCommand builds the whole command tree. Each call returns a fresh
// one: nothing is kept between runs.
func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-jetstream",
		Short:         "JetStream with Pathways on GKE's TPU slices",
		Long:          rootLong,
		Example:       fmt.Sprintf(rootExample, a.name),
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: a.name},
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return bare(cmd, a)
		},
	}
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: err, command: cmd.CommandPath()}
	})
	root.PersistentFlags().SortFlags = false
	a.cluster.flags.AddFlags(root.PersistentFlags())
	root.SetHelpCommand(newHelpCommand())
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		usage(cmd.OutOrStderr(), cmd)
		return nil
	})

	root.AddCommand(
		newUpCommand(a),
		newRenderCommand(a),
		newProfilesCommand(a),
		newMonitorCommand(a),
		newStatusCommand(a),
		newLogsCommand(a),
		newChatCommand(a),
		newGenerateCommand(a),
		newForwardCommand(a),
		newDownCommand(a),
		newConfigCommand(a), newCompletionCommand(a),
		newVersionCommand(a),
		newOptionsCommand(a),
	)
	return root
}

// knownCommand refuses a first word that is no command, and offers the one
// that was probably meant.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf("; did you mean %s?", strings.Join(near, " or "))
	}
	return &usageError{err: fmt.Errorf("%s", text), command: cmd.CommandPath()}
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{
		err:     fmt.Errorf("%s takes no arguments, and %q is one", cmd.Name(), args[0]),
		command: cmd.CommandPath(),
	}
}

// atMostOneName takes an optional NAME.
func atMostOneName(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	_, name, _ := strings.Cut(cmd.Use, " ")
	return &usageError{
		err:     fmt.Errorf("%s takes one %s, and %q is another", cmd.Name(), strings.Trim(name, "[]"), args[1]),
		command: cmd.CommandPath(),
	}
}

// forCommand gives a usage error the command that it is about, for the hint
// at its help; any other error stays as it is.
func forCommand(cmd *cobra.Command, err error) error {
	var usage *usageError
	if errors.As(err, &usage) && usage.command == "" {
		usage.command = cmd.CommandPath()
	}
	return err
}

// newHelpCommand is cobra's, but that it refuses what is no command.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print the help of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err == nil && len(rest) > 0 {
				err = knownCommand(about, rest)
			}
			if err != nil {
				return err
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			var fitting []string
			if about, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, sub := range about.Commands() {
					if sub.IsAvailableCommand() && strings.HasPrefix(sub.Name(), toComplete) {
						fitting = append(fitting, cobra.CompletionWithDesc(sub.Name(), sub.Short))
					}
				}
			}
			return fitting, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// newOptionsCommand lists the flags that each command takes, as `kubectl
// options` does, so that a command's own help stays readable.
func newOptionsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "options",
		Short:   "List the flags that every command takes, and the exit codes",
		Long:    optionsLong + "\n\n" + exitCodes,
		Example: fmt.Sprintf(optionsExample, a.name),
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(a.Out, "Every command takes these flags, as kubectl does:\n\n")
			flagUsages(a.Out, cmd.InheritedFlags())
			fmt.Fprintln(a.Out, "\n"+exitCodes)
			return nil
		},
	}
}
