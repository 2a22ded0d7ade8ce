package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

const profilesLong = `List the profiles, or describe one.

A profile is a model with the slices it is served on, and the manifest for both. The
description says how memory is divided, how long starting takes, which values can be
given to 'up', and every difference from the guide's manifest with its reason. A
directory with profile.yaml and workload.yaml of your own can take a profile's place.
No cluster is asked.`

const profilesExample = `  # What can be deployed
  %[1]s profiles

  # One profile: its parameters, times, and where it differs from the guide
  %[1]s profiles llama-3.1-405b-v6e-4x4

  # The same for a program
  %[1]s profiles llama-3.1-405b-v6e-4x4 -o json`

func newProfilesCommand(a *app) *cobra.Command {
	o := &profilesOptions{app: a}
	cmd := &cobra.Command{
		Use:     "profiles [PROFILE]",
		Short:   "List the profiles, or describe one",
		Long:    profilesLong,
		Example: fmt.Sprintf(profilesExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.profile = args[0]
			}
			return forCommand(cmd, o.run())
		},
		ValidArgsFunction: a.completeProfiles,
	}
	addDataOutputFlag(cmd.Flags(), &o.output)
	return cmd
}

type profilesOptions struct {
	*app

	profile string // a name, a directory, or empty for all
	output  string
}

func (o *profilesOptions) run() error {
	if o.profile != "" {
		p, err := loadProfile(o.profile)
		if err != nil {
			return asChoice(err)
		}
		if o.output != "" {
			return printData(o.Out, o.output, describedProfile(p))
		}
		return o.describe(p)
	}
	all, err := deploy.Catalog()
	if err != nil {
		return err
	}
	if o.output != "" {
		described := make([]profileDescription, len(all))
		for i, p := range all {
			described[i] = describedProfile(p)
		}
		return printData(o.Out, o.output, described)
	}
	return listProfiles(o.Out, all)
}

// profileDescription is a profile with what its data leaves to be derived.
type profileDescription struct {
	Name string `json:"name"`
	*deploy.Profile

	Chips    int               `json:"chips"`
	Nodes    int               `json:"nodes"`
	Defaults map[string]string `json:"defaults"` // of parameters, by name
}

func describedProfile(p *deploy.Profile) profileDescription {
	d := profileDescription{Name: p.Name, Profile: p, Chips: p.Chips(), Nodes: p.Nodes(), Defaults: map[string]string{}}
	for _, param := range p.Parameters {
		if param.Default != "" {
			d.Defaults[param.Name] = param.Default
		}
	}
	return d
}

func listProfiles(w io.Writer, profiles []*deploy.Profile) error {
	t := table(w)
	fmt.Fprintln(t, "NAME\tMODEL\tSLICES\tCHIPS\tCONTEXT\tEXPECTED")
	for _, p := range profiles {
		fmt.Fprintf(t, "%s\t%s\t%d × %s %s\t%d\t%d + %d\t%s\n", p.Name, p.Model, p.Slices, p.Accelerator, p.Topology, p.Chips(),
			p.Context.MaxPrefill, p.Context.MaxTarget-p.Context.MaxPrefill, strings.Join(expectations(p), ", "))
	}
	return t.Flush()
}

// expectations are the documented durations, such as "restore 7–20m".
func expectations(p *deploy.Profile) []string {
	var out []string
	for _, name := range sortedKeys(p.Expected) {
		out = append(out, name+" "+rangeOf(p.Expected[name]).String())
	}
	return out
}

func (o *profilesOptions) describe(p *deploy.Profile) error {
	w := o.Out
	t := table(w)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("Name", "%s", p.Name)
	row("Title", "%s", p.Title)
	row("Model", "%s", p.Model)
	row("Slices", "%d × %s, topology %s, for each group", p.Slices, p.Accelerator, p.Topology)
	row("Size", "%d hosts × %d chips = %d chips for each group", p.Nodes(), p.ChipsPerHost, p.Chips())
	if p.MachineType != "" {
		row("Machines", "%s", p.MachineType)
	}
	if p.Sizing != nil {
		for i, line := range sizingLines(p) {
			row([]string{"Memory", ""}[min(i, 1)], "%s", line)
		}
	}
	row("Context", "%d tokens of prompt, %d with the answer", p.Context.MaxPrefill, p.Context.MaxTarget)
	row("Chat", "template %s", p.ChatTemplate)
	for _, name := range sortedKeys(p.Expected) {
		r := p.Expected[name]
		text := rangeOf(r).String()
		if r.Source != "" {
			text += " (" + r.Source + ")"
		}
		row("Expected", "%s takes %s", name, text)
	}
	if p.Guide != nil {
		row("Guide", "%s", p.Guide.Title)
		row("", "%s", p.Guide.URL)
		row("", "%s", p.Guide.Manifest)
	}
	if err := t.Flush(); err != nil {
		return err
	}

	fmt.Fprintln(w, "\nParameters:")
	t = table(w)
	fmt.Fprintln(t, "  FLAG\tTYPE\tDEFAULT\tMEANING")
	for i := range p.Parameters {
		param := &p.Parameters[i]
		standard := param.Default
		if param.Required {
			standard = "(required)"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", o.parameterFlag(param), parameterType(param), standard, param.Help)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(p.Deviations) > 0 {
		fmt.Fprintln(w, "\nDifferences from the guide's manifest:")
		for i, d := range p.Deviations {
			describeDeviation(w, i+1, d)
		}
	}
	_, err := fmt.Fprintf(w, "\nDeploy it with:\n  %s up --profile %s%s\n", o.name, p.Name, o.requiredFlags(p))
	return err
}

// sizingLines says what there is of TPU memory and what the weights and the
// cached keys and values take of it, in either number format.
func sizingLines(p *deploy.Profile) []string {
	const gib, kib = 1 << 30, 1 << 10
	chips := p.Chips() / p.Engines
	there := fmt.Sprintf("%.0f GiB on %d chips", float64(chips)*p.Sizing.HBMPerChipGiB, chips)
	if p.Engines > 1 {
		there += fmt.Sprintf(", for each of %d engines", p.Engines)
	}
	weights, cache := float64(p.Sizing.Parameters), float64(p.Sizing.KVValuesPerToken)
	return []string{
		there,
		fmt.Sprintf("weights %.0f GiB as int8, %.0f GiB as bf16", weights/gib, 2*weights/gib),
		fmt.Sprintf("cache %.0f KiB for each token as int8, %.0f KiB as bf16", cache/kib, 2*cache/kib),
	}
}

// parameterFlag is how a parameter is given on the command line: by its own
// flag where a built-in profile has it too.
func (a *app) parameterFlag(p *deploy.Parameter) string {
	for _, builtIn := range a.profiles() {
		if builtIn.Parameter(p.Name) != nil {
			return p.Flag()
		}
	}
	return "--param " + p.Name + "="
}

// parameterType is a parameter's type with its bounds or choices.
func parameterType(p *deploy.Parameter) string {
	if len(p.Choices) > 0 {
		return strings.Join(sortedKeys(p.Choices), "|")
	}
	text := string(p.Type)
	switch {
	case p.Min != nil && p.Max != nil:
		text += fmt.Sprintf(" %v–%v", *p.Min, *p.Max)
	case p.Min != nil:
		text += fmt.Sprintf(" ≥ %v", *p.Min)
	case p.Max != nil:
		text += fmt.Sprintf(" ≤ %v", *p.Max)
	}
	return text
}

func describeDeviation(w io.Writer, number int, d deploy.Deviation) {
	for i, line := range wrap(d.Reason, 76) {
		if i == 0 {
			fmt.Fprintf(w, "%2d. %s\n", number, line)
		} else {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
	for _, c := range d.Changes {
		fmt.Fprintf(w, "      %s\n", c.Path)
		fmt.Fprintf(w, "        guide    %s\n", fieldText(c.Guide))
		fmt.Fprintf(w, "        profile  %s\n", fieldText(c.Profile))
	}
}

// requiredFlags are the flags that have to be given, with placeholders.
func (a *app) requiredFlags(p *deploy.Profile) string {
	var b strings.Builder
	for i := range p.Parameters {
		if param := &p.Parameters[i]; param.Required {
			fmt.Fprintf(&b, " %s %s", strings.TrimSuffix(a.parameterFlag(param), "="), placeholder(param))
		}
	}
	return b.String()
}

func placeholder(p *deploy.Parameter) string {
	switch p.Type {
	case deploy.TypeGCSPath:
		return "gs://BUCKET/PATH"
	case deploy.TypeGCSBucket:
		return "gs://BUCKET"
	default:
		return strings.ToUpper(p.Name)
	}
}
