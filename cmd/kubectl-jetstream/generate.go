package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

const generateLong = `Send one prompt to the model and print its answer as it comes.

The prompt is what the arguments say, what standard input delivers, or both: the
arguments first. Next to arguments, a pipe that delivers nothing for 2 seconds is
left alone; the argument - waits for it.

The prompt is put into the chat template of the deployment's profile, since the server
takes plain text and its models were tuned for conversations. --raw sends it as it is.
A prompt that is longer than the model takes, which the server would cut without a
word, is refused; --trim cuts its beginning. Lengths in tokens are estimated.

Only the answer goes to standard output; on a terminal, control characters in it are
left out. The exit code is 3 when the model cannot answer yet.`

const generateExample = `  # Ask
  %[1]s generate "What are the top 5 programming languages?"

  # Ask about a text
  git log -5 | %[1]s generate "Summarise these commits:"

  # For a program: the text and the measures
  %[1]s generate --max-tokens 200 -o json "Hello"

  # Three answers at the same time, one object for each
  %[1]s generate --samples 3 -o jsonl "Name a colour."`

func newGenerateCommand(a *app) *cobra.Command {
	o := &generateOptions{app: a, group: anyGroup}
	cmd := &cobra.Command{
		Use:     "generate [PROMPT…]",
		Short:   "Send one prompt to the model and print its answer",
		Long:    generateLong,
		Example: fmt.Sprintf(generateExample, a.name),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.groupSet = cmd.Flags().Changed("group")
			configured, err := a.configured()
			if err == nil {
				err = o.flags.complete(cmd.Flags(), configured)
			}
			if err == nil {
				err = o.complete(args)
			}
			if err == nil {
				err = o.run(cmd.Context())
			}
			return forCommand(cmd, err)
		},
	}
	cmd.ValidArgsFunction = words()
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.name, "name", nameFrom(nil), "name of the deployment")
	o.flags.add(flags)
	flags.BoolVar(&o.raw, "raw", false, "send the prompt without a template and print the answer byte for byte, on a terminal too")
	flags.IntVar(&o.samples, "samples", 1, "how many answers to ask for, all at the same time")
	flags.IntVar(&o.group, "group", 0, "ask only the group with this `index`")
	flags.Lookup("group").DefValue = ""
	flags.DurationVar(&o.timeout, "timeout", 0, "give up after this time, keeping what has been printed (0 means never)")
	flags.BoolVar(&o.stats, "stats", false, "print the measures of the answer on standard error")
	flags.VarP(newChoice(&o.output, "", "json", "jsonl"), "output", "o", "json: one object at the end; jsonl: one for each piece")
	return cmd
}

type generateOptions struct {
	*app

	deployment deploymentRef
	name       string // of the deployment; app.name is the program's
	flags      chatFlags
	words      []string // of the command line
	prompt     string
	samples    int
	group      int
	groupSet   bool
	timeout    time.Duration
	stats      bool
	raw        bool
	output     string
}

// maxSamples bounds the answers that are asked for at the same time; a deployment of
// the profiles has some hundred decode slots at most.
const maxSamples = 256

func (o *generateOptions) complete(args []string) error {
	switch {
	case o.timeout < 0:
		return usagef("--timeout %s is negative", o.timeout)
	case o.samples < 1 || o.samples > maxSamples:
		return usagef("--samples %d is not a number from 1 to %d", o.samples, maxSamples)
	case o.raw && (o.flags.template != "" || o.flags.system != ""):
		return usagef("--raw sends the prompt as it is: leave out --template and --system")
	case o.groupSet && o.group < 0:
		return usagef("--group %d is negative; the first group is 0", o.group)
	}
	if !o.groupSet {
		o.group = anyGroup
	}
	if o.raw {
		raw, _ := chat.BuiltIn("raw")
		o.flags.taken = &raw
	}
	o.words = args
	var err error
	o.deployment, err = o.deploymentNamed([]string{o.name})
	return err
}

func (o *generateOptions) run(ctx context.Context) error {
	ctx, cancel := bounded(ctx, o.timeout)
	defer cancel()
	var err error
	if o.prompt, err = o.readPrompt(ctx, o.words, stdinPatience); err == nil {
		err = o.ask(ctx)
	}
	if err != nil && isTimeUp(ctx) {
		return &timeoutError{waited: o.timeout, state: o.unanswered(), goOn: []string{"Allow more with --timeout."}}
	}
	return err
}

// unanswered is how far the command came before its time was up.
func (o *generateOptions) unanswered() string {
	if o.prompt == "" {
		return "the prompt did not come to an end on standard input"
	}
	return "the answer was not complete"
}

func (o *generateOptions) ask(ctx context.Context) error {
	asking, err := o.prepareToAsk(ctx, o.deployment, o.group)
	if err != nil {
		return err
	}
	defer asking.close()
	settings := o.flags.settings(asking.seen)
	if o.samples == 1 {
		return o.sample(ctx, asking, settings, o.printer(0))
	}
	// Each answer is printed when it is complete, so that they do not mingle; an
	// object says which one it is of.
	errs := make([]error, o.samples)
	var all sync.WaitGroup
	var printing sync.Mutex
	printed := 0
	for i := range o.samples {
		all.Go(func() {
			p := o.printer(i + 1)
			if o.output == "" {
				p = &wholeAnswer{before: func() {
					printing.Lock()
					if printed++; printed > 1 {
						fmt.Fprintln(o.Out, sampleRule)
					}
				}, after: printing.Unlock, to: p}
			}
			errs[i] = o.sample(ctx, asking, settings, p)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err // They mostly fail for the same reason.
		}
	}
	return nil
}

// sampleRule stands between answers in text.
var sampleRule = strings.Repeat("-", 8)

// sample asks for one answer and prints it.
func (o *generateOptions) sample(ctx context.Context, asking *asking, settings chat.Settings, p answerPrinter) error {
	turn, err := chat.New(settings).Ask(ctx, asking, o.prompt, o.now, p.piece)
	if turn.Cut {
		fmt.Fprintln(o.ErrOut, "The prompt was too long; its beginning was left out.")
	}
	if end := p.end(turn.Stats, err); err == nil {
		err = end
	}
	if o.stats && turn.Stats.Chunks > 0 {
		fmt.Fprintln(o.ErrOut, statsText(turn.Stats))
	}
	return asking.explain(ctx, err, turn.Stats.Pod)
}
