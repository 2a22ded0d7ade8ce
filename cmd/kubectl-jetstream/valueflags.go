package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// valueFlags are the flags that choose a profile and its values. The
// parameters of the built-in profiles are flags of their own, made from the
// profiles' data; a profile that the user brings may have others, which
// --param reaches.
type valueFlags struct {
	profile string
	params  map[string]pflag.Value // by parameter name
	flags   *pflag.FlagSet
	extra   []string
	set     []string
}

// newValueFlags adds the flags of the profiles' parameters to flags.
func newValueFlags(flags *pflag.FlagSet, profiles []*deploy.Profile) *valueFlags {
	f := &valueFlags{params: map[string]pflag.Value{}, flags: flags}
	flags.SortFlags = false
	flags.StringVar(&f.profile, "profile", "", "profile to deploy: a name listed by 'profiles', or a directory of your own")
	for _, p := range profiles {
		for i := range p.Parameters {
			f.add(&p.Parameters[i])
		}
	}
	flags.StringArrayVar(&f.extra, "param", nil, "parameter of the profile that has no flag here, as `NAME=VALUE` (repeatable)")
	flags.StringArrayVar(&f.set, "set", nil, "any other field, as `PATH=VALUE`, such as leader.spec.priorityClassName=high (repeatable)")
	flags.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "warmup" {
			name = "warm-up"
		}
		return pflag.NormalizedName(name)
	})
	return f
}

// add registers one parameter's flag. Profiles that share a parameter share
// the flag, with what they all say of it.
func (f *valueFlags) add(p *deploy.Parameter) {
	if f.params[p.Name] != nil {
		flag := f.flags.Lookup(p.Name)
		flag.Usage = commonHelp(flag.Usage, p.Help)
		return
	}
	value := &paramValue{kind: string(p.Type)}
	switch p.Type {
	case deploy.TypeLabels, deploy.TypeTolerations, deploy.TypeImages:
		value.list = true
	default:
	}
	flag := f.flags.VarPF(value, p.Name, "", p.Help)
	if p.Type == deploy.TypeBoolean {
		flag.NoOptDefVal = "true"
	}
	f.params[p.Name] = value
}

// values returns what was chosen on the command line and nothing else.
func (f *valueFlags) values() (deploy.Values, error) {
	v := deploy.Values{Profile: f.profile, Set: slices.Clone(f.set)}
	give := func(name, value string) {
		if v.Params == nil {
			v.Params = map[string]string{}
		}
		v.Params[name] = value
	}
	for name, value := range f.params {
		if f.flags.Changed(name) {
			give(name, value.String())
		}
	}
	for _, text := range f.extra {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return deploy.Values{}, usagef("--param %q is not NAME=VALUE", text)
		}
		if old, given := v.Params[name]; given && old != value {
			return deploy.Values{}, usagef("parameter %s is given twice, as %q and %q", name, old, value)
		}
		give(name, value)
	}
	return v, nil
}

// paramValue is the text of a parameter's flag, or of several that form a
// list. The profile checks it, so that all mistakes are named together.
type paramValue struct {
	kind string
	text string
	list bool
	set  bool
}

var _ pflag.Value = (*paramValue)(nil)

func (v *paramValue) String() string { return v.text }
func (v *paramValue) Type() string   { return v.kind }

// Set takes the value; a list grows, anything else is replaced.
func (v *paramValue) Set(s string) error {
	if v.list && v.set && v.text != "" && s != "" {
		s = fmt.Sprintf("%s,%s", v.text, s)
	}
	v.text, v.set = s, true
	return nil
}
