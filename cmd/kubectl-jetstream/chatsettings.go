package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// defaultTemplate is the one of a deployment that nothing is known of: every model
// that was tuned for conversations understands it.
const defaultTemplate = "plain"

// chatFlags are what a conversation and a single prompt have in common.
type chatFlags struct {
	template  string
	system    string
	maxTokens int
	trim      bool

	taken *chat.Template // by --template; nil leaves it to what is configured
	// configured is the template that is configured for a deployment of a profile; nil
	// leaves it to the deployment.
	configured func(profile string) *chat.Template
}

func (f *chatFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.template, "template", "", fmt.Sprintf("how a conversation becomes a prompt: %s, or the path of a `template` file (default: the profile's)",
		strings.Join(chat.TemplateNames(), ", ")))
	flags.StringVar(&f.system, "system", "", "what the model is told before anything else")
	flags.IntVar(&f.maxTokens, "max-tokens", 0, "longest answer, in tokens (default: what the deployment allows)")
	flags.BoolVar(&f.trim, "trim", false, "shorten a prompt that is too long by its beginning instead of refusing it")
	flags.Lookup("max-tokens").DefValue = ""
}

func (f *chatFlags) complete(flags *pflag.FlagSet, c *configuration) error {
	if flags.Changed("max-tokens") && f.maxTokens <= 0 {
		return usagef("--max-tokens %d is not a positive number", f.maxTokens)
	}
	if f.template == "" {
		var err error
		if f.configured, err = c.templates(); err != nil {
			return &usageError{err: err}
		}
		return nil
	}
	t, err := chatTemplate(f.template)
	if err != nil {
		return &usageError{err: fmt.Errorf("--template: %w", err)}
	}
	f.taken = &t
	return nil
}

// settings are those of a conversation with a deployment. How long prompts and
// answers may be comes from the running server.
func (f *chatFlags) settings(s status.Snapshot) chat.Settings {
	out := chat.Settings{
		System: f.system, MaxTokens: f.maxTokens, Trim: f.trim,
		Limits: chat.Limits{MaxPrefill: s.MaxPrefill, MaxTarget: s.MaxTarget},
	}
	t := f.taken
	if t == nil && f.configured != nil {
		t = f.configured(s.Profile)
	}
	if t == nil {
		of := templateOf(s)
		t = &of
	}
	out.Template = *t
	return out
}

// templateOf is the template of a deployment's profile, or the one that fits its
// model where the profile is not known here.
func templateOf(s status.Snapshot) chat.Template {
	name := ""
	if p, err := loadProfile(s.Profile); err == nil && s.Profile != "" {
		name = p.ChatTemplate
	} else if strings.HasPrefix(s.Model, "llama2") {
		name = "llama-2"
	}
	t, ok := chat.BuiltIn(cmp.Or(name, defaultTemplate))
	if !ok {
		t, _ = chat.BuiltIn(defaultTemplate)
	}
	return t
}

// maxTemplate bounds a template file, in bytes.
const maxTemplate = 1 << 20

// chatTemplate returns the template of a name, or the one in a file.
func chatTemplate(name string) (chat.Template, error) {
	if t, ok := chat.BuiltIn(name); ok {
		return t, nil
	}
	text, err := readTemplate(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return chat.Template{}, fmt.Errorf("%q is neither a template (%s) nor a file", name, strings.Join(chat.TemplateNames(), ", "))
	case err != nil:
		return chat.Template{}, err
	case len(text) > maxTemplate:
		return chat.Template{}, fmt.Errorf("%s is larger than %d bytes, which no template is", name, maxTemplate)
	}
	var layout chat.Layout
	if err := yaml.UnmarshalStrict(text, &layout); err != nil {
		return chat.Template{}, fmt.Errorf("reading the chat template %s: %w", name, err)
	}
	return layout.Template(name)
}

// readTemplate reads a file, and no more of a large one than it takes to see that it
// is.
func readTemplate(name string) ([]byte, error) {
	path, err := expandHome(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // It was only read.
	return io.ReadAll(io.LimitReader(f, maxTemplate+1))
}

// templateKept is how a template is found again, from any directory.
func templateKept(name string) string {
	if _, builtIn := chat.BuiltIn(name); builtIn || name == "" {
		return name
	}
	path, err := expandHome(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return name
	}
	return path
}
