package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// completionPatience bounds the question to the cluster behind a press of the
// tab key.
const completionPatience = 2 * time.Second

// completeDeployments completes the names of the namespace's deployments.
func (a *app) completeDeployments(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
	defer cancel()
	names, err := a.deploymentNames(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeProfiles completes the names of the built-in profiles; a directory
// of the user's own is completed by the shell.
func (a *app) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, p := range a.profiles() {
		names = append(names, p.Name+"\t"+p.Title)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// completeProfileFlag completes the value of --profile.
func (a *app) completeProfileFlag(cmd *cobra.Command) {
	// It fails only for a flag that is not there or completed already, which
	// the tests of completion would show.
	_ = cmd.RegisterFlagCompletionFunc("profile", a.completeProfiles)
}

// deploymentNames lists the deployments of the namespace: every
// LeaderWorkerSet, as one made by hand can be looked at too.
func (a *app) deploymentNames(ctx context.Context) ([]string, error) {
	c, err := a.cluster.clients()
	if err != nil {
		return nil, err
	}
	ns, err := a.cluster.namespace()
	if err != nil {
		return nil, err
	}
	list, err := c.dynamic.Resource(lwsGroupResource()).Namespace(ns).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(list.Items))
	for _, lws := range list.Items {
		names = append(names, lws.GetName())
	}
	return names, nil
}
