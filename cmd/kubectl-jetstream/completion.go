package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

const completionLong = `Set up the completion of commands, names and values by the tab key.

'install' makes it work for '%[1]s', through kubectl's own completion. The
other commands print a script for a shell, for calling this program by its own name.

Contexts come from the kubeconfig; namespaces, deployments, pods and containers from
the cluster, if it answers at once. A slow cluster completes nothing.`

const completionExample = `  # For %[1]s
  %[1]s completion install

  # For %[2]s alone, in this shell
  source <(%[2]s completion bash)`

const completionScriptLong = `Print the completion script for %[2]s.

It completes this program when it is called by its own name, %[3]s. For
'%[1]s' use 'completion install' instead.

%[4]s`

// shells print the scripts.
var shells = []struct {
	name  string
	needs string // what to know about the shell
	use   string // examples, with the program's name for %[1]s
	write func(root *cobra.Command, w io.Writer, descriptions bool) error
}{
	{"bash", "The script works best with the package bash-completion.", `  # In this shell
  source <(%[1]s completion bash)

  # In every shell from the next one on
  echo 'source <(%[1]s completion bash)' >> ~/.bashrc`, (*cobra.Command).GenBashCompletionV2},
	{"zsh", "The script needs zsh's compinit to have run.", `  # In this shell
  autoload -U compinit && compinit
  source <(%[1]s completion zsh)

  # In every shell from the next one on
  echo 'autoload -U compinit && compinit' >> ~/.zshrc
  echo 'source <(%[1]s completion zsh)' >> ~/.zshrc`, func(root *cobra.Command, w io.Writer, descriptions bool) error {
		if descriptions {
			return root.GenZshCompletion(w)
		}
		return root.GenZshCompletionNoDesc(w)
	}},
	{"fish", "fish loads a script of its directory when it is needed.", `  # In this shell
  %[1]s completion fish | source

  # In every shell from the next one on
  mkdir -p ~/.config/fish/completions
  %[1]s completion fish > ~/.config/fish/completions/%[1]s.fish`, (*cobra.Command).GenFishCompletion},
	{"powershell", "$PROFILE is the script that PowerShell runs at its start.", `  # In this shell
  %[1]s completion powershell | Out-String | Invoke-Expression

  # In every shell from the next one on
  %[1]s completion powershell >> $PROFILE`, func(root *cobra.Command, w io.Writer, descriptions bool) error {
		if descriptions {
			return root.GenPowerShellCompletionWithDesc(w)
		}
		return root.GenPowerShellCompletion(w)
	}},
}

func newCompletionCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "completion",
		Short:   "Set up completion by the tab key",
		Long:    fmt.Sprintf(completionLong, a.name),
		Example: fmt.Sprintf(completionExample, a.name, executableName(a.called)),
		Args:    knownCommand,
		RunE:    showHelp,
	}
	for _, shell := range shells {
		var plain bool
		script := &cobra.Command{
			Use:     shell.name,
			Short:   "Print the completion script for " + shell.name,
			Long:    fmt.Sprintf(completionScriptLong, a.name, shell.name, executableName(a.called), shell.needs),
			Example: fmt.Sprintf(shell.use, executableName(a.called)),
			Args:    noArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				// A script completes the program of this name.
				cmd.Root().Use = executableName(a.called)
				return shell.write(cmd.Root(), a.Out, !plain)
			},
			ValidArgsFunction: words(),
		}
		script.Flags().BoolVar(&plain, "no-descriptions", false, "leave out the descriptions")
		cmd.AddCommand(script)
	}
	cmd.AddCommand(newCompletionInstallCommand(a))
	return cmd
}

// showHelp is what a command does that only holds others.
func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }
