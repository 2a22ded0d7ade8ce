package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/watch"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// problem is an error as a person reads it: what did not work, why, and
// what to do about it.
type problem struct {
	what   string
	cause  string
	remedy []string // one line each; a line that starts with two spaces is a command
	lines  bool     // what is a list of lines that this program wrote itself
}

// safe makes a problem fit for a terminal. Pods, nodes and the model have a
// say in most of its words, and must not move the cursor or write lines that
// look like this program's own.
func (p problem) safe() problem {
	line := safetext.Line
	if p.lines {
		line = safeLines
	}
	out := problem{what: line(p.what), cause: safetext.Line(p.cause)}
	for _, remedy := range p.remedy {
		out.remedy = append(out.remedy, strings.Split(safeLines(remedy), "\n")...)
	}
	return out
}

// safeLines makes each line of a text fit for a terminal.
func safeLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = safetext.Line(lines[i])
	}
	return strings.Join(lines, "\n")
}

// printError writes err to standard error, once, in the one form that all
// commands share.
func (a *app) printError(ctx context.Context, err error) {
	p := a.explain(ctx, err).safe()
	if p.what == "" && p.cause == "" && len(p.remedy) == 0 {
		return
	}
	var b strings.Builder
	indent := "  "
	switch {
	case p.what == "" && p.cause == "":
		indent = ""
	case p.what != "" && p.cause != "":
		fmt.Fprintf(&b, "error: %s: %s\n", p.what, p.cause)
	case p.what != "":
		fmt.Fprintf(&b, "error: %s\n", p.what)
	case p.cause != "":
		fmt.Fprintf(&b, "error: %s\n", p.cause)
	}
	for _, line := range p.remedy {
		fmt.Fprintf(&b, "%s%s\n", indent, line)
	}
	fmt.Fprint(a.ErrOut, b.String())
}

// explain finds the words for an error. The order matters: a cause that is
// known precisely comes before the general one that contains it.
func (a *app) explain(ctx context.Context, err error) problem {
	var (
		stopped  *stoppedError
		usage    *usageError
		notReady *notReadyError
		fatal    *fatalError
		timeout  *timeoutError
		over     *overError
	)
	switch {
	case errors.As(err, &stopped):
		return problem{remedy: stopped.goOn}
	case quiet(ctx, err):
		return problem{}
	case errors.As(err, &usage):
		p := problem{what: usage.Error(), lines: true}
		if usage.command != "" {
			p.remedy = []string{fmt.Sprintf("See '%s --help'.", usage.command)}
		}
		return p
	case errors.As(err, &notReady) && notReady.silent:
		return problem{}
	case errors.As(err, &notReady):
		return problem{what: notReady.meaning, remedy: notReady.remedy}
	case errors.As(err, &fatal):
		return problem{what: fatal.summary, remedy: fatal.remedy}
	case errors.As(err, &over):
		return problem{what: over.summary, remedy: over.remedy}
	case errors.As(err, &timeout):
		return problem{what: timeout.Error(), remedy: timeout.goOn}
	}
	var invalid *deploy.ValidationError
	if errors.As(err, &invalid) {
		return explainValues(invalid)
	}
	if p, ok := a.explainConfig(err); ok {
		return p
	}
	if p, ok := a.explainConnection(err); ok {
		return p
	}
	if p, ok := a.explainAPI(err); ok {
		return p
	}
	// Errors that were joined stand on a line each.
	var joined interface{ Unwrap() []error }
	return problem{what: err.Error(), lines: errors.As(err, &joined)}
}

// explainValues lists all that is wrong with the values given, each with
// what to write instead.
func explainValues(err *deploy.ValidationError) problem {
	p := problem{what: "one value cannot be deployed:"}
	if n := len(err.Problems); n > 1 {
		p.what = fmt.Sprintf("%d values cannot be deployed:", n)
	}
	for _, wrong := range err.Problems {
		line := wrong.Flag
		if wrong.Value != "" {
			line += fmt.Sprintf(" %q", wrong.Value)
		}
		p.remedy = append(p.remedy, line+": "+wrong.Message)
		if wrong.Remedy != "" {
			p.remedy = append(p.remedy, "    "+wrong.Remedy)
		}
	}
	return p
}

// explainConfig explains what is wrong on this side of the connection.
func (a *app) explainConfig(err error) (problem, bool) {
	var (
		config  *kubeconfigError
		unknown *contextError
		plugin  *credentialPluginError
	)
	switch {
	case errors.As(err, &unknown):
		p := problem{what: unknown.Error(), remedy: []string{"It has these contexts; choose one with --context NAME:"}}
		for _, name := range unknown.have {
			p.remedy = append(p.remedy, "  "+name)
		}
		return p, true
	case errors.As(err, &plugin):
		p := problem{what: plugin.Error(), cause: "the kubeconfig asks it for credentials"}
		switch {
		case plugin.isGKE():
			p.remedy = []string{
				"Install it, then try again:",
				"  gcloud components install gke-gcloud-auth-plugin",
				"or, where gcloud came from a package manager:",
				"  apt-get install google-cloud-cli-gke-gcloud-auth-plugin",
			}
		case plugin.hint != "":
			p.remedy = strings.Split(strings.TrimSpace(plugin.hint), "\n")
		default:
			p.remedy = []string{"Install it or put it on the PATH."}
		}
		return p, true
	case errors.As(err, &config):
		return explainKubeconfig(config), true
	case strings.Contains(err.Error(), "getting credentials: exec:"):
		// client-go has no type for a credential plugin that failed.
		said := "stands above"
		if a.holdsErrors() {
			said = "is printed when you leave"
		}
		return problem{
			what: "no credentials for " + a.serverName(), cause: rootCause(err),
			remedy: []string{"The program that the kubeconfig names failed; what it said " + said + ". For GKE, log in again:", "  gcloud auth login"},
		}, true
	}
	return problem{}, false
}

// explainKubeconfig explains a kubeconfig that is missing or unusable.
func explainKubeconfig(err *kubeconfigError) problem {
	remedy := []string{
		"Point to one with --kubeconfig FILE or the KUBECONFIG variable; for a GKE cluster, write one with",
		"  gcloud container clusters get-credentials CLUSTER --location LOCATION --project PROJECT",
	}
	switch {
	case clientcmd.IsEmptyConfig(err.err):
		return problem{what: "no kubeconfig found", remedy: remedy}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return problem{what: err.Error(), remedy: remedy}
	default:
		return problem{what: err.Error()}
	}
}

// explainAPI explains an answer of the API server.
func (a *app) explainAPI(err error) (problem, bool) {
	if f, ok := deploy.ExplainForbidden(err); ok {
		return problem{
			what:   fmt.Sprintf("not permitted to %s %s", f.What(), f.Where()),
			cause:  fmt.Sprintf("the server refuses it to user %q", f.User),
			remedy: []string{f.WhoCanGrant() + "."},
		}, true
	}
	switch {
	case errors.Is(err, watch.ErrNotInstalled):
		return problem{
			what:   err.Error(),
			remedy: []string{"up installs it with the first deployment."},
		}, true
	case apierrors.IsUnauthorized(err):
		return problem{
			what: "the server at " + a.serverName() + " does not accept the credentials", cause: "they are missing, expired or revoked",
			remedy: []string{
				"Log in again, then write the kubeconfig entry again:",
				"  gcloud auth login",
				"  gcloud container clusters get-credentials CLUSTER --location LOCATION",
			},
		}, true
	case isNamespaceMissing(err):
		return problem{
			what:   err.Error(),
			remedy: []string{"Create it with the deployment: up --create-namespace. Or choose another with -n NAMESPACE."},
		}, true
	}
	return problem{}, false
}

// isNamespaceMissing says whether the thing not found is the namespace.
func isNamespaceMissing(err error) bool {
	var status apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &status) {
		return false
	}
	d := status.Status().Details
	return d != nil && d.Kind == "namespaces"
}
