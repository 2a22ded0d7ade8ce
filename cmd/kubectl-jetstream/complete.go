package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// completionPatience bounds the question behind a press of the tab key, so that
// the answer is there within the 300 ms that a person does not take for a delay;
// the rest of them is for starting this program.
const completionPatience = 250 * time.Millisecond

// candidates finds words that a person may mean. It may ask the cluster, under
// ctx.
type candidates func(ctx context.Context) ([]string, error)

// completion is a function that cobra asks for the words that may follow. args
// are the arguments that stand on the line already.
type completion = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

// completeBy completes with what find returns for the arguments on the line, if
// it does so in time. A cluster that is slow, cannot be reached or refuses has no
// words: the person has asked for a word and not for an explanation.
func (a *app) completeBy(find func(args []string) candidates) completion {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		// A credential plugin must not ask the person who is typing a command.
		a.cluster.unattended.Store(true)
		var words []string
		for _, word := range inTime(cmd.Context(), a.patience, find(args)) {
			// The shell takes a line break for the next word and a tab for the
			// beginning of a description.
			if strings.HasPrefix(word, toComplete) && word == safetext.Line(word) && !strings.Contains(word, "\t") {
				words = append(words, word)
			}
		}
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// inTime returns what find returns, or nothing once the time is over. It does not
// wait for find longer than that: a credential plugin is run by client-go without
// regard to the context. The process ends right after.
func inTime(ctx context.Context, patience time.Duration, find candidates) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := make(chan []string, 1)
	go guarded(func() {
		words, err := find(ctx)
		if err != nil {
			words = nil
		}
		found <- words
	})
	select {
	case words := <-found:
		return words
	case <-ctx.Done():
		return nil
	}
}

// completeDeployments completes the first argument with the names of the
// namespace's deployments.
func (a *app) completeDeployments(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeBy(func([]string) candidates { return a.deploymentNames })(cmd, args, toComplete)
}

// completeProfiles completes the names of the built-in profiles; a directory
// of the user's own is completed by the shell.
func (a *app) completeProfiles(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.profileNames(), cobra.ShellCompDirectiveDefault
}

// profileNames are the names of the built-in profiles, each with its title as the
// description that shells show.
func (a *app) profileNames() []string {
	var names []string
	for _, p := range a.profiles() {
		names = append(names, p.Name+"\t"+p.Title)
	}
	return names
}
