package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/generate"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const generateLong = `Send one prompt to the model and print its answer as it comes.

The prompt is what the arguments say, what standard input delivers, or both: the
arguments first. Next to arguments, a pipe that delivers nothing for 2 seconds is
left alone; the argument - waits for it. The prompt is sent as it is, without a
chat template. Only the answer goes to standard output; on a terminal, control
characters in it are left out.

The exit code is 3 when the model cannot answer yet.`

const generateExample = `  # Ask
  %[1]s generate "What are the top 5 programming languages?"

  # Ask about a text
  git log -5 | %[1]s generate "Summarise these commits:"

  # For a program: the text and the measures
  %[1]s generate --max-tokens 200 -o json "Hello"`

// defaultMaxTokens is longer than the server's own 100, which cuts most
// answers, and leaves room in every profile's context.
const defaultMaxTokens = 512

func newGenerateCommand(a *app) *cobra.Command {
	o := &generateOptions{app: a}
	cmd := &cobra.Command{
		Use:     "generate [PROMPT…]",
		Short:   "Send one prompt to the model and print its answer",
		Long:    generateLong,
		Example: fmt.Sprintf(generateExample, a.name),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.complete(args); err != nil {
				return forCommand(cmd, err)
			}
			return forCommand(cmd, o.run(cmd.Context()))
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.name, "name", nameFrom(nil), "name of the deployment")
	flags.IntVar(&o.maxTokens, "max-tokens", defaultMaxTokens, "longest answer, in tokens")
	flags.DurationVar(&o.timeout, "timeout", 0, "give up after this time, keeping what has been printed (0 means never)")
	flags.BoolVar(&o.stats, "stats", false, "print the measures of the answer on standard error")
	flags.BoolVar(&o.raw, "raw", false, "print the answer byte for byte, on a terminal too")
	flags.VarP(newChoice(&o.output, "", "json", "jsonl"), "output", "o", "json: one object at the end; jsonl: one for each piece")
	return cmd
}

type generateOptions struct {
	*app

	deployment deploymentRef
	name       string   // of the deployment; app.name is the program's
	words      []string // of the command line
	prompt     string
	maxTokens  int
	timeout    time.Duration
	stats      bool
	raw        bool
	output     string
}

func (o *generateOptions) complete(args []string) error {
	switch {
	case o.maxTokens <= 0:
		return usagef("--max-tokens %d is not a positive number", o.maxTokens)
	case o.timeout < 0:
		return usagef("--timeout %s is negative", o.timeout)
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
	sight, err := o.sight(o.deployment)
	if err != nil {
		return err
	}
	defer sight.close()
	s, err := sight.look(ctx)
	if err != nil {
		return err
	}
	leader, ok := leaderToAsk(s)
	if !ok {
		return o.notReady(s)
	}
	client := generate.Client{
		HTTP: generate.NewHTTPClient(func(ctx context.Context, _, _ string) (net.Conn, error) {
			return sight.tunnel.DialContext(ctx, leader, health.DefaultPort)
		}),
		BaseURL: "http://jetstream",
	}
	printer := o.printer()
	stats, err := client.Generate(ctx, chat.Request{Text: o.prompt, MaxTokens: o.maxTokens}, printer.piece)
	if end := printer.end(stats, err); err == nil {
		err = end
	}
	if o.stats && stats.Chunks > 0 {
		fmt.Fprintln(o.ErrOut, statsText(stats))
	}
	var notServing *generate.ServerError
	if errors.As(err, &notServing) && notServing.NotServing() {
		return &notReadyError{meaning: "the model stopped answering: " + notServing.Error(), remedy: []string{"Look at it with:", "  " + o.again("status", o.deployment)}}
	}
	return err
}

// leaderToAsk picks a leader that answers /healthcheck; where a port-forward
// is not permitted any leader will do, to get the API server's own words.
func leaderToAsk(s status.Snapshot) (tunnel.Pod, bool) {
	for _, state := range []health.State{health.Serving, health.Forbidden} {
		for _, g := range s.Groups {
			if g.Leader != nil && g.Health.State == state {
				return tunnel.Pod{Namespace: s.Namespace, Name: g.Leader.Name, UID: g.Leader.UID}, true
			}
		}
	}
	return tunnel.Pod{}, false
}

// notReady says what the model is doing instead of answering.
func (o *generateOptions) notReady(s status.Snapshot) error {
	view := statusText{now: o.now(), expected: expectedOf(s.Profile)}
	meaning := "the model is not ready: " + view.headline(s)
	if s.Phase == status.NotFound {
		return &notReadyError{
			meaning: fmt.Sprintf("there is no deployment %s in namespace %s", s.Name, s.Namespace),
			remedy:  []string{"Deploy one with:", "  " + o.again("up", o.deployment, "--profile", "…")},
		}
	}
	return &notReadyError{meaning: meaning, remedy: []string{"Wait for it with:", "  " + o.again("status --wait", o.deployment)}}
}
