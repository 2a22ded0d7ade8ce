package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/util/homedir"
)

const commandsWritten = "<!-- written by go test ./cmd/kubectl-jetstream -run TestCommandsAreDocumented -update -->\n"

// notRunExamples are the examples of help that cannot run on the sandbox without a
// person, by their first line, each with the reason. The end-to-end tests run all
// others as they stand.
func notRunExamples() map[string]string {
	const (
		screen  = "it needs a terminal, by which other tests drive it"
		goesOn  = "it goes on until it is interrupted"
		shell   = "it needs another shell"
		path    = "it writes into a directory on the PATH; another test installs into one of its own"
		context = "it names somebody else's context"
	)
	return map[string]string{
		"kubectl jetstream monitor":                                                screen,
		"kubectl jetstream monitor llama --read-only":                              screen,
		"kubectl jetstream chat":                                                   screen,
		`kubectl jetstream chat --system "Answer in one sentence." --keep`:         screen,
		"kubectl jetstream chat --continue":                                        screen,
		"kubectl jetstream down":                                                   screen,
		"kubectl jetstream logs -f -c jax-tpu --since 5m":                          goesOn,
		"kubectl jetstream forward":                                                goesOn,
		"kubectl jetstream":                                                        screen,
		"autoload -U compinit && compinit":                                         shell,
		"kubectl-jetstream completion fish | source":                               shell,
		"kubectl-jetstream completion powershell | Out-String | Invoke-Expression": shell,
		"kubectl-jetstream completion powershell >> $PROFILE":                      shell,
		"kubectl jetstream completion install":                                     path,
		"kubectl jetstream completion install --dir ~/bin":                         path,
		"kubectl jetstream completion install --uninstall":                         path,
		"kubectl jetstream config view --context gke_project_us-east5_tpu":         context,
	}
}

// TestCommandsAreDocumented keeps docs/commands the help of the commands.
func TestCommandsAreDocumented(t *testing.T) {
	t.Parallel()
	a := newApp("kubectl jetstream", streams{IOStreams: genericiooptions.IOStreams{Out: io.Discard, ErrOut: io.Discard}})
	a.called = "kubectl-jetstream"
	root := newRootCommand(a)
	notRun, used := notRunExamples(), map[string]bool{}
	written := map[string]bool{}
	var index strings.Builder
	index.WriteString(commandsWritten + "# Commands\n\nWhat `--help` says, a page for each command.\n\n| command | does |\n|---|---|\n")
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		file := strings.ReplaceAll(strings.TrimPrefix(cmd.CommandPath(), "kubectl "), " ", "-") + ".md"
		written[file] = true
		documented(t, docs("commands", file), commandPage(cmd, notRun, used))
		fmt.Fprintf(&index, "| [`%s`](%s) | %s |\n", cmd.CommandPath(), file, cmd.Short)
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				walk(sub)
			}
		}
	}
	walk(root)
	documented(t, docs("commands", "README.md"), index.String())
	written["README.md"] = true
	onlyDocumented(t, docs("commands"), written)
	for example := range notRun {
		if !used[example] {
			t.Errorf("no command has the example %q, which is said not to run", example)
		}
	}
}

// commandPage is the Markdown of one command. Examples that are among notRun are
// marked so and noted as used.
func commandPage(cmd *cobra.Command, notRun map[string]string, used map[string]bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# %s\n\n%s\n\n```text\n%s\n```\n", commandsWritten, cmd.CommandPath(), asMarkdown(orShort(cmd)), cmd.UseLine())
	if cmd.HasExample() {
		b.WriteString("\n## Examples\n")
	}
	for block := range strings.SplitSeq(strings.TrimSpace(cmd.Example), "\n\n") {
		var lines []string
		for line := range strings.SplitSeq(block, "\n") {
			if title, ok := strings.CutPrefix(strings.TrimSpace(line), "# "); ok {
				fmt.Fprintf(&b, "\n%s:\n", asMarkdown(title))
			} else if line = strings.TrimPrefix(line, "  "); line != "" {
				lines = append(lines, line)
			}
		}
		if len(lines) == 0 {
			continue
		}
		marker := "runs: sandbox"
		if reason, ok := notRun[lines[0]]; ok {
			marker = "not run: " + reason
			used[lines[0]] = true
		}
		fmt.Fprintf(&b, "\n<!-- %s -->\n```sh\n%s\n```\n", marker, strings.Join(lines, "\n"))
	}
	if !cmd.HasParent() {
		b.WriteString("\n## Flags of every command\n\n" + flagsTable(cmd.PersistentFlags()))
		return b.String()
	}
	if flags := flagsTable(cmd.LocalFlags()); flags != "" {
		b.WriteString("\n## Flags\n\n" + flags)
	}
	b.WriteString("\nThe flags that every command takes are those of [kubectl jetstream](jetstream.md).\n")
	return b.String()
}

func orShort(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

// asMarkdown writes the text of a help as Markdown: what is indented there stands in a
// block of its own, and nothing else means anything.
func asMarkdown(text string) string {
	var b strings.Builder
	block := false
	for line := range strings.SplitSeq(text, "\n") {
		switch indented := strings.HasPrefix(line, "  "); {
		case indented && !block:
			b.WriteString("\n```text\n")
			block = true
		case !indented && block:
			b.WriteString("```\n")
			block = false
		}
		if !block {
			line = strings.NewReplacer("<", `\<`, "*", `\*`, "_", `\_`).Replace(line)
		}
		b.WriteString(strings.TrimPrefix(line, "  ") + "\n")
	}
	if block {
		b.WriteString("```\n")
	}
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n\n\n", "\n\n")
}

// flagsTable is a table of flags, empty if there are none.
func flagsTable(flags *pflag.FlagSet) string {
	var b strings.Builder
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		kind, help := pflag.UnquoteUsage(f)
		if kind == "" || f.Value.Type() == "bool" {
			kind = "-"
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		standard := strings.Replace(f.DefValue, homedir.HomeDir(), "~", 1)
		if slices.Contains([]string{"", "0", "0s", "false", "[]"}, standard) {
			standard = "-"
		}
		cell := strings.NewReplacer("|", `\|`, "<", `\<`, "\n", " ")
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, cell.Replace(kind), cell.Replace(standard), cell.Replace(help))
	})
	if b.Len() == 0 {
		return ""
	}
	return "| flag | value | default | meaning |\n|---|---|---|---|\n" + b.String()
}
