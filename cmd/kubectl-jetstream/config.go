package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

const configLong = `Show what is configured, and where.

Settings come from flags, else from environment variables, else from the file that
'config path' names, else they are built in. The file is YAML, a line for each
setting; below contexts stands what differs for a context of the kubeconfig:

  theme: dark
  pathways-bucket: gs://scratch
  contexts:
    gke_project_us-east5_tpu:
      profile: llama-3.1-405b-v6e-4x4
      checkpoint: gs://models/llama-3.1-405b/int8

The values of a deployment hold for new deployments. One that exists keeps those
that it was made with, whatever is configured, until flags change them. A value that
belongs to a model, such as its checkpoint or its chat template, counts only with the
profile that it stands beside.`

const configExample = `  # What holds, and where it comes from
  %[1]s config view`

func newConfigCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Show what is configured, and where",
		Long:    configLong,
		Example: fmt.Sprintf(configExample, a.name),
		Args:    knownCommand,
		RunE:    showHelp,
	}
	cmd.AddCommand(newConfigViewCommand(a), newConfigPathCommand(a))
	return cmd
}

const configPathLong = `Print where the configuration file is, or would be.

That is kubectl-jetstream/config.yaml in $XDG_CONFIG_HOME, or else in ~/.config, on every
system. Neither the file nor its directory is made. See 'config' for what it may hold.`

const configPathExample = `  # Write the first setting
  mkdir -p "$(dirname "$(%[1]s config path)")"
  echo 'theme: dark' >> "$(%[1]s config path)"`

func newConfigPathCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "path",
		Short:   "Print where the configuration file is, or would be",
		Long:    configPathLong,
		Example: fmt.Sprintf(configPathExample, a.name),
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			path, err := configPath(os.Getenv)
			if err == nil {
				fmt.Fprintln(a.Out, path)
			}
			return err
		},
		ValidArgsFunction: words(),
	}
}

const configViewLong = `Print every setting with its value and where that comes from.

A value from the file is shown with its line. What is wrong or unknown does not count: it
is told after the list, and the exit code is 2. The context is that of the kubeconfig, or
of --context; no cluster is asked.`

const configViewExample = `  # What holds, and where it comes from
  %[1]s config view

  # For another context of the kubeconfig
  %[1]s config view --context gke_project_us-east5_tpu`

func newConfigViewCommand(a *app) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "view",
		Short:   "Print every setting with its value and where that comes from",
		Long:    configViewLong,
		Example: fmt.Sprintf(configViewExample, a.name),
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			return a.viewConfig(output)
		},
		ValidArgsFunction: words(),
	}
	addDataOutputFlag(cmd.Flags(), &output)
	return cmd
}

// configView is what -o prints.
type configView struct {
	Path     string        `json:"path"`
	Context  string        `json:"context,omitempty"`
	Settings []settingView `json:"settings"`
}

// settingView is a setting with what holds for it.
type settingView struct {
	Name string `json:"name"`
	// Value is a text or a boolean; absent if nothing holds.
	Value any `json:"value,omitempty"`
	// From is the line of the file, the variable, or "built-in"; empty without a
	// value.
	From     string `json:"from,omitempty"`
	Variable string `json:"variable"`
}

// viewConfig prints what holds. What is wrong does not count; it is the error at
// the end.
func (a *app) viewConfig(output string) error {
	c := a.configuration()
	view := c.view()
	if output != "" {
		if err := printData(a.Out, output, view); err != nil {
			return err
		}
	} else if err := a.printConfig(view); err != nil {
		return err
	}
	for _, remark := range unknownVariables(c.settings, os.Environ()) {
		fmt.Fprintln(a.ErrOut, safetext.Line(remark))
	}
	_, err := a.configured()
	return err
}

// view is what holds for a new deployment and for this program.
func (c *configuration) view() configView {
	out := configView{Path: c.path, Context: c.context}
	values, from := c.values(deploy.Values{})
	for i := range c.settings {
		s := &c.settings[i]
		v := settingView{Name: s.name, Variable: s.variable()}
		switch {
		case s.name == settingProfile && values.Profile != "":
			v.Value, v.From = values.Profile, from[s.name].String()
		case s.value && values.Params[s.name] != "":
			v.Value, v.From = values.Params[s.name], from[s.name].String()
		case s.value:
		case s.ofModel:
			if e, ok := c.valueFor(s, values.Profile); ok && e.text != "" {
				v.Value, v.From = e.text, e.from.String()
			}
		case s.boolean():
			e, _ := c.find(s.name)
			v.Value, v.From = c.on(s.name), e.from.String()
		default:
			e, _ := c.find(s.name)
			v.Value, v.From = c.text(s.name), e.from.String()
		}
		out.Settings = append(out.Settings, v)
	}
	return out
}

func (a *app) printConfig(view configView) error {
	if view.Context != "" {
		fmt.Fprintf(a.Out, "For context %s:\n\n", safetext.Line(view.Context))
	}
	t := table(a.Out)
	fmt.Fprintln(t, "SETTING\tVALUE\tFROM")
	for _, s := range view.Settings {
		value := "-"
		switch v := s.Value.(type) {
		case string:
			value = safetext.Line(v)
		case bool:
			value = strconv.FormatBool(v)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.Name, value, safetext.Line(s.From))
	}
	return t.Flush()
}

// unknownVariables remarks on variables that look as if they configured something.
func unknownVariables(settings []setting, environ []string) []string {
	var known, remarks []string
	for i := range settings {
		known = append(known, strings.TrimPrefix(settings[i].variable(), variablePrefix))
	}
	for _, line := range environ {
		variable, _, _ := strings.Cut(line, "=")
		name, ours := strings.CutPrefix(variable, variablePrefix)
		if !ours || slices.Contains(known, name) {
			continue
		}
		remark := fmt.Sprintf("The variable %s means nothing", variable)
		if near := nearest(name, known); near != "" {
			remark += "; did you mean " + variablePrefix + near + "?"
		}
		remarks = append(remarks, remark)
	}
	return remarks
}
