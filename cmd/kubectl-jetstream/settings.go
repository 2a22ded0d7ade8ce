package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy"
)

// setting is one thing that can be configured: in the file by its name, in the
// environment by its variable, and on the command line by the flag of the same
// name, where there is one.
type setting struct {
	name    string
	kind    string // how its text reads, for a person
	builtIn string // what holds if nothing is configured; empty: nothing does
	help    string
	// on are the commands that have the flag.
	on []string
	// unless are flags that leave the setting without a meaning.
	unless []string
	// value says that it is a value of a deployment, which holds for new ones only:
	// one that exists keeps the values that it was made with.
	value bool
	// ofModel says that it fits one profile, and counts with no other: that of the new
	// deployment, or of the one that is talked with.
	ofModel bool
	// required says that a deployment cannot do without it.
	required bool
	check    func(text string) error // what is wrong with a text
}

// variablePrefix begins the names of the variables that configure.
const variablePrefix = "KUBECTL_JETSTREAM_"

// variable is the environment variable of a setting.
func (s *setting) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// boolean says whether a setting is true or false.
func (s *setting) boolean() bool { return s.kind == kindBoolean }

const kindBoolean = "true|false"

// Settings that commands ask for by name.
const (
	settingProfile   = "profile"
	settingSkipLWS   = "skip-lws"
	settingNoTUI     = "no-tui"
	settingASCII     = "ascii"
	settingTheme     = "theme"
	settingKeepLogs  = "keep-logs"
	settingKeepChats = "keep-chats"
	settingTemplate  = "template"
)

// configurable are the parameters of profiles that can be configured; those of
// the model count only with the profile that they were configured with. How many
// groups a deployment has is left out: each takes a slice of its own, and what
// costs so much is said where it is done.
var configurable = [...]struct {
	name    string
	ofModel bool
}{
	{"checkpoint", true},
	{"pathways-bucket", false},
	{"weights", true},
	{"batch-size", true},
	{"max-prefill-length", true},
	{"max-target-length", true},
	{"image", true},
	{"warm-up", false},
	{"service-account", false},
	{"node-selector", false},
	{"toleration", false},
}

// settingsOf lists all settings, in the order in which they are shown.
func settingsOf(profiles []*deploy.Profile) []setting {
	deployments := []string{"up", "render"}
	all := []setting{{
		name: settingProfile, kind: "name|directory", on: deployments, value: true, required: true, check: profileCheck(profiles),
		help: "profile to deploy: a name listed by 'profiles', or the whole path of a directory of your own",
	}}
	for _, c := range configurable {
		var same []*deploy.Parameter
		for _, p := range profiles {
			if param := p.Parameter(c.name); param != nil {
				same = append(same, param)
			}
		}
		if len(same) > 0 {
			all = append(all, parameterSetting(same, c.ofModel, deployments))
		}
	}
	return append(all,
		flagSetting(settingSkipLWS, "neither look for LeaderWorkerSet nor install it", []string{"lws-version", "lws-manifest"}, "up"),
		flagSetting(settingNoTUI, "print one line an event, on a terminal too", nil, "up"),
		flagSetting(settingASCII, "draw the dashboard with ASCII characters only", nil, "up", "monitor", "chat"),
		setting{
			name: settingTheme, kind: "auto|dark|light|none", builtIn: "auto", check: oneOf("auto", "dark", "light", "none"),
			help: "colours of the dashboard: for a dark or a light background, as the terminal tells, or none",
		},
		setting{
			name: settingKeepLogs, kind: kindBoolean, builtIn: "true", check: trueOrFalse,
			help: "keep the logs that are read, which outlive their pods",
		},
		setting{
			name: settingKeepChats, kind: kindBoolean, builtIn: "false", check: trueOrFalse,
			help: "keep every conversation with a model",
		},
		setting{
			name: settingTemplate, kind: "name|file", on: []string{"chat", "generate"}, ofModel: true, check: templateCheck,
			help: "how a conversation becomes a prompt: " + strings.Join(chat.TemplateNames(), ", ") + ", or the whole path of a template file",
		},
	)
}

// parameterSetting is the setting of a parameter that some profiles have. A value
// is right if it is for one of them: which profile it goes with, an up decides,
// and checks it again.
func parameterSetting(same []*deploy.Parameter, ofModel bool, on []string) setting {
	first := same[0]
	s := setting{
		name: first.Name, kind: string(first.Type), help: first.Help, on: on,
		value: true, ofModel: ofModel, required: first.Required,
	}
	if len(first.Choices) > 0 {
		s.kind = strings.Join(sortedKeys(first.Choices), "|")
	}
	for _, p := range same[1:] {
		s.help = commonHelp(s.help, p.Help)
	}
	s.check = func(text string) error {
		var wrong error
		for _, p := range same {
			err := p.Check(text)
			if err == nil {
				return nil
			}
			wrong = err
		}
		return wrong
	}
	return s
}

// flagSetting is the setting of a flag that is off.
func flagSetting(name, help string, unless []string, on ...string) setting {
	return setting{name: name, kind: kindBoolean, builtIn: "false", help: help, on: on, unless: unless, check: trueOrFalse}
}

func profileCheck(profiles []*deploy.Profile) func(string) error {
	return func(text string) error {
		names := make([]string, len(profiles))
		for i, p := range profiles {
			names[i] = p.Name
		}
		if filepath.IsAbs(text) || slices.Contains(names, text) {
			return nil
		}
		return fmt.Errorf("is no profile; built in are %s, and a directory is given by its whole path", strings.Join(names, ", "))
	}
}

// templateCheck leaves a file to whoever uses it.
func templateCheck(text string) error {
	_, builtIn := chat.BuiltIn(text)
	if builtIn || text == "" || filepath.IsAbs(text) || strings.HasPrefix(text, "~/") {
		return nil
	}
	return fmt.Errorf("is no template; there are %s, and a file is given by its whole path", strings.Join(chat.TemplateNames(), ", "))
}

func trueOrFalse(text string) error {
	if _, err := strconv.ParseBool(text); err != nil {
		return fmt.Errorf("is neither true nor false")
	}
	return nil
}

func oneOf(words ...string) func(string) error {
	return func(text string) error {
		if !slices.Contains(words, text) {
			return fmt.Errorf("is none of %s", strings.Join(words, ", "))
		}
		return nil
	}
}
