package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width that help is wrapped at.
const helpWidth = 80

// usage writes how a command is called: cobra's sections, with each flag's
// meaning below its name, and without the long list of inherited flags.
func usage(w io.Writer, cmd *cobra.Command) {
	fmt.Fprintf(w, "Usage:\n")
	if cmd.Runnable() {
		fmt.Fprintf(w, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s COMMAND [flags]\n", cmd.CommandPath())
	}
	if cmd.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprint(w, "\nCommands:\n")
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(w, "  %-*s  %s\n", cmd.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	if cmd.HasAvailableLocalFlags() && cmd.HasParent() {
		fmt.Fprint(w, "\nFlags:\n")
		flagUsages(w, cmd.LocalFlags())
	}
	what := "the flags that every command takes"
	if !cmd.HasParent() {
		what += ", and the exit codes"
	}
	fmt.Fprintf(w, "\nUse %q for %s.\n", cmd.Root().CommandPath()+" options", what)
}

// flagUsages writes each flag with its meaning.
func flagUsages(w io.Writer, flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		kind, help := pflag.UnquoteUsage(f)
		if kind != "" && f.Value.Type() != "bool" && f.NoOptDefVal == "" {
			name += " " + kind
		}
		if f.NoOptDefVal != "" && kind != "" && f.Value.Type() != "bool" {
			name += "[=" + kind + "]"
		}
		switch f.DefValue {
		case "", "0", "0s", "false", "[]":
		default:
			help += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(w, "  %s\n", name)
		for _, line := range wrap(help, helpWidth-10) {
			fmt.Fprintf(w, "          %s\n", line)
		}
	})
}

// commonHelp is what two profiles say of the same parameter: as much of the
// first text as both begin with, up to the end of a clause.
func commonHelp(a, b string) string {
	if a == b {
		return a
	}
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	if end := strings.LastIndexAny(a[:n], ";,"); end > 0 {
		return a[:end]
	}
	return a
}
