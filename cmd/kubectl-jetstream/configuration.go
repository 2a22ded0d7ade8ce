package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// configuration is what was configured for one context of the kubeconfig. What
// stands nearer to the person wins: the file for every context, the file for this
// one, the environment; the command line wins over all of them, which is up to
// who asks.
type configuration struct {
	path     string // of the file, whether or not there is one
	context  string
	settings []setting
	layers   []layer // the one that wins last
	wrong    []error // what was configured and does not count
}

// configPath is where the file is, by the XDG base directory specification: a path
// that is not absolute does not count.
func configPath(getenv func(string) string) (string, error) {
	const name = "kubectl-jetstream/config.yaml"
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, name), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("looking for the configuration: %w; name its place with XDG_CONFIG_HOME", err)
	}
	return filepath.Join(home, ".config", name), nil
}

// loadConfiguration reads the file, if there is one, and the environment. It
// always returns a configuration; what is wrong with it stands in it.
func loadConfiguration(settings []setting, context string, getenv func(string) string) *configuration {
	c := &configuration{context: context, settings: settings}
	var file configFile
	path, err := configPath(getenv)
	if err == nil {
		c.path = path
		var text []byte
		switch text, err = os.ReadFile(path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			c.wrong = append(c.wrong, fmt.Errorf("reading the configuration: %w", err))
		default:
			file, c.wrong = parseConfigFile(path, text, settings)
		}
	}
	here := file.contexts[context]
	below := maps.Clone(file.everywhere)
	if below == nil {
		below = layer{}
	}
	c.layers = append(c.layers, file.everywhere, here)
	maps.Copy(below, here)

	environment := layer{}
	for i := range settings {
		// A variable that is empty is one that is not set.
		if name := settings[i].variable(); getenv(name) != "" {
			environment[settings[i].name] = entry{text: getenv(name), from: origin{variable: name}}
		}
	}
	c.wrong = append(c.wrong, checkLayer(environment, below, settings)...)
	c.layers = append(c.layers, environment)
	return c
}

// loadConfiguration reads what is configured for the context in use. A kubeconfig
// that cannot be read has no context.
func (a *app) loadConfiguration() *configuration {
	context := ""
	if raw, err := a.cluster.raw(); err == nil {
		context = a.cluster.contextName(raw)
	}
	return loadConfiguration(settingsOf(a.profiles()), context, os.Getenv)
}

// configured is the configuration, for a command that depends on it: one with a
// mistake is an error.
func (a *app) configured() (*configuration, error) {
	c := a.configuration()
	if len(c.wrong) > 0 {
		return nil, &usageError{err: errors.Join(c.wrong...), command: a.name + " config"}
	}
	return c, nil
}

// forNew are the values for a new deployment that the command line leaves open, as
// far as its profile takes them, with where they were configured.
func (a *app) forNew(given deploy.Values) (deploy.Values, origins, error) {
	c, err := a.configured()
	if err != nil {
		return deploy.Values{}, nil, err
	}
	v, from := c.values(given)
	if v.Profile == "" {
		return v, from, nil
	}
	profile, err := loadProfile(v.Profile)
	switch where, configured := from[settingProfile]; {
	case err != nil && configured:
		return deploy.Values{}, nil, &usageError{err: fmt.Errorf("%s: %w", where, err), command: a.name + " config"}
	case err != nil:
		return v, from, nil //nolint:nilerr // whoever uses the profile that was given says what is wrong with it
	}
	for name := range v.Params {
		if profile.Parameter(name) == nil {
			delete(v.Params, name)
			delete(from, name)
		}
	}
	return v, from, nil
}

// find is the entry that counts for a setting.
func (c *configuration) find(name string) (entry, bool) {
	for _, l := range slices.Backward(c.layers) {
		if e, ok := l[name]; ok {
			return e, true
		}
	}
	return entry{}, false
}

// text is the value of a setting, or what holds without one.
func (c *configuration) text(name string) string {
	if e, ok := c.find(name); ok {
		return e.text
	}
	return settingNamed(c.settings, name).builtIn
}

// on says whether a setting is true.
func (c *configuration) on(name string) bool {
	on, err := strconv.ParseBool(c.text(name))
	return err == nil && on
}

// configure gives the flags that the command line leaves open what is configured. What
// depends on a deployment is left to whoever knows it.
func (c *configuration) configure(flags *pflag.FlagSet) error {
	for i := range c.settings {
		s := &c.settings[i]
		flag := flags.Lookup(s.name)
		if s.value || s.ofModel || flag == nil || flag.Changed || slices.ContainsFunc(s.unless, flags.Changed) {
			continue
		}
		if e, ok := c.find(s.name); ok {
			if err := flag.Value.Set(e.text); err != nil {
				return fmt.Errorf("%s: %s: %w", e.from, s.name, err)
			}
		}
	}
	return nil
}

// origins tell of configured values where they stand, by the names of settings.
type origins map[string]origin

// values are the values for a new deployment that the command line leaves open,
// which holds for no deployment that exists. A value of the model counts only with
// the profile that it was configured with: a checkpoint of another model would be
// noticed after many minutes.
func (c *configuration) values(given deploy.Values) (deploy.Values, origins) {
	out, from := deploy.Values{Profile: given.Profile}, origins{}
	if given.Profile == "" {
		if e, ok := c.find(settingProfile); ok && e.text != "" {
			out.Profile, from[settingProfile] = e.text, e.from
		}
	}
	for i := range c.settings {
		s := &c.settings[i]
		if _, chosen := given.Params[s.name]; chosen || !s.value || s.name == settingProfile {
			continue
		}
		if e, ok := c.valueFor(s, out.Profile); ok && e.text != "" {
			if out.Params == nil {
				out.Params = map[string]string{}
			}
			out.Params[s.name], from[s.name] = e.text, e.from
		}
	}
	return out, from
}

// valueFor is the entry of a setting that counts with a profile.
func (c *configuration) valueFor(s *setting, profile string) (entry, bool) {
	for i, l := range slices.Backward(c.layers) {
		e, ok := l[s.name]
		if !ok {
			continue
		}
		if beside := c.profileBeside(i); !s.ofModel || beside == "" || beside == profile {
			return e, true
		}
	}
	return entry{}, false
}

// templates reads the chat templates that are configured. Each of them is read: which
// one counts is known with the profile of a deployment, which template asks for. It
// returns nil where that deployment's own is left.
func (c *configuration) templates() (template func(profile string) *chat.Template, err error) {
	read := map[origin]*chat.Template{}
	for _, l := range c.layers {
		e, ok := l[settingTemplate]
		if !ok || e.text == "" {
			continue
		}
		t, err := chatTemplate(e.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", e.from, settingTemplate, err)
		}
		read[e.from] = &t
	}
	return func(profile string) *chat.Template {
		e, _ := c.valueFor(settingNamed(c.settings, settingTemplate), profile)
		return read[e.from]
	}, nil
}

// profileBeside is the profile that was configured together with the values of a
// layer: in the environment by a variable, in the file for this context or for
// every one.
func (c *configuration) profileBeside(i int) string {
	if e, ok := c.layers[i][settingProfile]; ok || i == len(c.layers)-1 {
		return e.text
	}
	for _, l := range slices.Backward(c.layers[:i]) {
		if e, ok := l[settingProfile]; ok {
			return e.text
		}
	}
	return ""
}

// text tells which values were taken from where, for a person.
func (o origins) text(v deploy.Values, settings []setting) string {
	var parts []string
	for i := range settings {
		name := settings[i].name
		from, ok := o[name]
		if !ok {
			continue
		}
		value := v.Params[name]
		if name == settingProfile {
			value = v.Profile
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s)", name, value, from))
	}
	return strings.Join(parts, ", ")
}

// blame names, in an error about values, where those stand that the command line
// did not give.
func (o origins) blame(err error) error {
	var invalid *deploy.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	out := &deploy.ValidationError{Problems: slices.Clone(invalid.Problems)}
	for i := range out.Problems {
		p := &out.Problems[i]
		if from, ok := o[strings.TrimPrefix(p.Flag, "--")]; ok {
			p.Flag = strings.TrimPrefix(p.Flag, "--") + " of " + from.String()
		}
	}
	return out
}
