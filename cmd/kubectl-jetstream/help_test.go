package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// widestHelp is the width that help may take, which most terminals have.
const widestHelp = 90

// TestEveryHelpIsALineAParagraphAndExamples holds the help of each command to one
// form: what it does in a line, what to know before calling it, and what to paste.
func TestEveryHelpIsALineAParagraphAndExamples(t *testing.T) {
	t.Parallel()
	a := newApp("kubectl jetstream", streams{IOStreams: genericiooptions.IOStreams{Out: io.Discard, ErrOut: io.Discard}})
	a.called = "kubectl-jetstream"
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			t.Parallel()
			first, rest, _ := strings.Cut(cmd.Long, "\n\n")
			if cmd.Short == "" || strings.Contains(cmd.Short, "\n") || strings.HasSuffix(cmd.Short, ".") {
				t.Errorf("its line in the list of commands is %q", cmd.Short)
			}
			if !strings.HasSuffix(first, ".") {
				t.Errorf("it does not begin with a sentence of its own but with %q", first)
			}
			if !strings.Contains(rest, ".") {
				t.Errorf("no paragraph follows the first line of\n%s", cmd.Long)
			}
			if own := strings.Replace(cmd.CommandPath(), a.name, a.called, 1); !strings.Contains(cmd.Example, cmd.CommandPath()) && !strings.Contains(cmd.Example, own) {
				t.Errorf("no example calls it:\n%s", cmd.Example)
			}
			if !strings.HasPrefix(cmd.Example, "  # ") {
				t.Errorf("the first example says not what it is for:\n%s", cmd.Example)
			}
			for line := range strings.SplitSeq(cmd.Long+"\n"+cmd.Example, "\n") {
				if len([]rune(line)) > widestHelp {
					t.Errorf("%d columns: %s", len([]rune(line)), line)
				}
			}
		})
		for _, sub := range cmd.Commands() {
			if sub.IsAvailableCommand() {
				walk(sub)
			}
		}
	}
	walk(newRootCommand(a))
}

// TestMisuseIsAnsweredInTheCommandsWords holds errors about the form of a command
// line to subject, cause and remedy.
func TestMisuseIsAnsweredInTheCommandsWords(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ line, want string }{
		"a command that there is not":    {"frob", "error: unknown command \"frob\"\n  See 'kubectl jetstream --help'.\n"},
		"help for what is no command":    {"help frob", "error: unknown command \"frob\"\n  See 'kubectl jetstream --help'.\n"},
		"help for a command mistyped":    {"help stauts", "error: unknown command \"stauts\"; did you mean status?\n  See 'kubectl jetstream --help'.\n"},
		"help for what no command holds": {"help config frob", "error: unknown command \"frob\"\n  See 'kubectl jetstream config --help'.\n"},
		"a second name":                  {"status one two", "error: status takes one NAME, and \"two\" is another\n  See 'kubectl jetstream status --help'.\n"},
		"a second profile":               {"profiles one two", "error: profiles takes one PROFILE, and \"two\" is another\n  See 'kubectl jetstream profiles --help'.\n"},
		"an argument that nobody reads":  {"version now", "error: version takes no arguments, and \"now\" is one\n  See 'kubectl jetstream version --help'.\n"},
		"a flag that there is not":       {"status --frob", "error: unknown flag: --frob\n  See 'kubectl jetstream status --help'.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			code := run(t.Context(), append([]string{"kubectl-jetstream"}, strings.Fields(tt.line)...),
				streams{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}})
			if code != exitUsage || errOut.String() != tt.want || out.Len() > 0 {
				t.Errorf("exit code %d, want %d; standard output %q; standard error\n%s\nwant\n%s", code, exitUsage, &out, &errOut, tt.want)
			}
		})
	}
}

func TestTheCommandsAfterHelpAreCompleted(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"help st":         "status\tShow what a deployment is doing\n:4\n",
		"help config v":   "view\tPrint every setting with its value and where that comes from\n:4\n",
		"help status any": ":4\n",
		"help nothing v":  ":4\n",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			code := run(t.Context(), append([]string{"kubectl-jetstream", "__complete"}, strings.Fields(line)...),
				streams{IOStreams: genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: io.Discard}})
			if code != 0 || out.String() != want {
				t.Errorf("exit code %d, output %q, want %q", code, &out, want)
			}
		})
	}
}
