package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/manifests"
)

// completeFlags gives every flag of a command tree its completion: what the
// cluster or the kubeconfig has, the words that it takes, files where it takes
// one, and otherwise nothing, rather than the files that shells offer by default.
// A flag that a command has given a completion of its own keeps that.
func (a *app) completeFlags(cmd *cobra.Command) {
	complete := func(f *pflag.Flag) {
		if how := a.completionOf(cmd, f); how != nil {
			// An error says that the command has one already.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, how)
		}
	}
	cmd.Flags().VisitAll(complete)
	cmd.PersistentFlags().VisitAll(complete)
	for _, sub := range cmd.Commands() {
		a.completeFlags(sub)
	}
}

// completionOf is how a flag's value is completed; nil leaves it to the shell,
// which offers files.
func (a *app) completionOf(cmd *cobra.Command, f *pflag.Flag) completion {
	switch f.Name {
	case "context":
		return a.completeBy(a.inKubeconfig(contextNames))
	case "cluster":
		return a.completeBy(a.inKubeconfig(clusterNames))
	case "user":
		return a.completeBy(a.inKubeconfig(userNames))
	case "namespace":
		return a.completeBy(func([]string) candidates { return a.namespaceNames })
	case "name":
		return a.completeBy(func([]string) candidates { return a.deploymentNames })
	case "pod":
		return a.completeBy(a.ofPods(podName))
	case "group":
		return a.completeBy(a.ofGroupsFor(cmd))
	case "container":
		return a.completeBy(func(args []string) candidates {
			pod, err := cmd.Flags().GetString("pod")
			if err != nil {
				pod = "" // the command has no such flag
			}
			return a.ofPods(containersOf(pod))(args)
		})
	case "profile":
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return a.profileNames(), cobra.ShellCompDirectiveDefault
		}
	case "lws-version":
		return words(manifests.LWSVersions()...)
	case "kubeconfig", "cache-dir", "certificate-authority", "client-certificate", "client-key", "lws-manifest":
		return nil
	case "template":
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return chat.TemplateNames(), cobra.ShellCompDirectiveDefault // or a file
		}
	case "dir":
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	}
	if p := a.parameterNamed(f.Name); p != nil {
		switch p.Type {
		case deploy.TypeBoolean:
			return words("true", "false")
		case deploy.TypeChoice:
			return words(sortedKeys(p.Choices)...)
		default:
			return words()
		}
	}
	if kind := f.Value.Type(); strings.Contains(kind, "|") {
		return words(strings.Split(kind, "|")...)
	}
	return words()
}

// ofGroupsFor lists the groups of the deployment that a command is about, which
// one that takes a prompt as its arguments has in --name.
func (a *app) ofGroupsFor(cmd *cobra.Command) func(args []string) candidates {
	return func(args []string) candidates {
		if name, err := cmd.Flags().GetString("name"); err == nil {
			args = []string{name}
		}
		return a.ofPods(podGroup)(args)
	}
}

// parameterNamed is the parameter of a built-in profile with a name, or nil.
func (a *app) parameterNamed(name string) *deploy.Parameter {
	for _, profile := range a.profiles() {
		if p := profile.Parameter(name); p != nil {
			return p
		}
	}
	return nil
}

// words completes a few words, the same always. One that ends in … is to be
// continued by the person.
func words(all ...string) completion {
	return func(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		var fitting []string
		directive := cobra.ShellCompDirectiveNoFileComp
		for _, word := range all {
			begun, open := strings.CutSuffix(word, "…")
			if !strings.HasPrefix(begun, toComplete) {
				continue
			}
			fitting = append(fitting, begun)
			if open {
				directive |= cobra.ShellCompDirectiveNoSpace
			}
		}
		return fitting, directive
	}
}
