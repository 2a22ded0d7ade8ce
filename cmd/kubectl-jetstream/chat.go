package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

const chatLong = `Talk with the model over several turns.

On a terminal the conversation fills the screen; the rest of the dashboard is behind
it (esc, then z). While the model loads it says why and when, and takes a prompt that
is sent once you confirm it.

Without a terminal each line of standard input is a turn, and only the answers go to
standard output. A line that ends with a backslash goes on in the next one.

The server takes plain text, so each turn sends the conversation again, by a template.
The oldest turns are left out once it gets too long for the model. Nothing is sent
anywhere but to the cluster. A conversation is kept on this machine only if you ask for
it: with --keep, with the setting keep-chats, or with /save.

The exit code is 3 when the model did not answer because it was not ready.`

const chatExample = `  # Talk
  %[1]s chat

  # With instructions, and kept for later
  %[1]s chat --system "Answer in one sentence." --keep

  # Go on with what was kept last
  %[1]s chat --continue

  # Two turns from a pipe
  printf 'Name a planet.\nHow far is it?\n' | %[1]s chat`

func newChatCommand(a *app) *cobra.Command {
	o := &chatOptions{app: a}
	cmd := &cobra.Command{
		Use:     "chat [NAME]",
		Short:   "Talk with the model",
		Long:    chatLong,
		Example: fmt.Sprintf(chatExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			configured, err := a.configured()
			if err == nil {
				err = configured.configure(cmd.Flags())
			}
			if err == nil {
				err = o.complete(cmd.Flags(), configured)
			}
			if err == nil && len(args) > 0 {
				o.name = args[0]
				_, err = o.deploymentNamed(args)
			}
			if err == nil {
				err = o.run(cmd.Context())
			}
			return forCommand(cmd, err)
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	flags := cmd.Flags()
	flags.SortFlags = false
	o.flags.add(flags)
	flags.BoolVar(&o.keep, "keep", false, "keep the conversation on this machine")
	flags.BoolVar(&o.goOn, "continue", false, "go on with the conversation that was kept last; it is kept again")
	flags.IntVar(&o.group, "group", 0, "talk only with the group with this `index`")
	flags.Lookup("group").DefValue = ""
	flags.BoolVar(&o.ascii, "ascii", false, "draw with ASCII characters only")
	return cmd
}

type chatOptions struct {
	*app

	name  string // of the deployment; empty means the only one there is, or the default
	flags chatFlags
	group int // anyGroup, or the one that answers
	keep  bool
	goOn  bool
	ascii bool
}

func (o *chatOptions) complete(flags *pflag.FlagSet, c *configuration) error {
	switch {
	case !flags.Changed("group"):
		o.group = anyGroup
	case o.group < 0:
		return usagef("--group %d is negative; the first group is 0", o.group)
	}
	return o.flags.complete(flags, c)
}

func (o *chatOptions) run(ctx context.Context) error {
	if !o.canShow() {
		return o.lines(ctx)
	}
	b, err := o.newBackend(nil)
	if err != nil {
		return err
	}
	cfg := tui.Config{
		Name: o.name, ASCII: o.ascii, Theme: tui.Theme(o.configuration().text(settingTheme)),
		Chat: tui.ChatConfig{Settings: o.flags.settings, Front: true},
	}
	if o.goOn {
		d, err := o.deploymentNamed(o.named())
		if err != nil {
			return err
		}
		if cfg.Chat.Turns, err = o.earlier(d); err != nil {
			return err
		}
		cfg.Name = d.name
	}
	b.group = o.group
	b.keepsChat = o.keeps()
	out, err := o.dashboard(ctx, b, cfg)
	if err != nil {
		return err
	}
	if err := endOfDashboard(out); err != nil {
		return err
	}
	if !answersNow(out.Last) && len(out.Turns) == len(cfg.Chat.Turns) {
		return &notReadyError{silent: true}
	}
	return nil
}

// keeps says whether the conversation is kept when it ends.
func (o *chatOptions) keeps() bool { return o.keep || o.goOn || o.keepsChats() }

// named is the deployment as an argument.
func (o *chatOptions) named() []string {
	if o.name == "" {
		return nil
	}
	return []string{o.name}
}

// earlier are the turns of the conversation that was kept last. It goes on by the template
// that it was held with, whatever is configured, unless the command line names another.
func (o *chatOptions) earlier(d deploymentRef) ([]chat.Turn, error) {
	said, err := o.latestChat(d)
	if err != nil {
		return nil, err
	}
	if o.flags.system == "" {
		o.flags.system = said.System
	}
	fmt.Fprintf(o.ErrOut, "Going on with the conversation of %s.\n", chatBegan(said))
	if o.flags.taken == nil && said.Template != "" {
		if t, err := chatTemplate(said.Template); err != nil {
			fmt.Fprintf(o.ErrOut, "Its chat template is not used: %s\n", safetext.Line(err.Error()))
		} else {
			o.flags.taken = &t
		}
	}
	return said.Turns, nil
}

// answersNow says whether prompts can be sent.
func answersNow(s status.Snapshot) bool {
	return s.Phase == status.Serving || s.Phase == status.Ready || s.Phase == status.Degraded
}
