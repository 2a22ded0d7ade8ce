// Package maxtext reads the command line of MaxText's programs as MaxText's pyconfig
// does at aa5fa06 (2025-03-31): a yml file first, then KEY=VALUE overrides, then what
// the model's own yml sets; with the lines it prints meanwhile and the exceptions it
// raises.
package maxtext

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

// Config is a configuration that has been read.
type Config struct {
	names  []string // in the order of the yml
	values map[string]Value
}

// envPrefix is what makes an environment variable an override.
const envPrefix = "M_"

// The frames of every traceback from here.
var frames = []python.Frame{
	python.At("/maxtext/MaxText/maxengine_server.py", 68, "<module>", "cfg = pyconfig.initialize(sys.argv)"),
	python.At(pyconfig, 920, "initialize", "_config = _HyperParameters(argv, **kwargs)"),
}

const pyconfig = "/maxtext/MaxText/pyconfig.py"

func raise(kind, message string, inner ...python.Frame) *python.Exception {
	return (&python.Exception{Type: kind, Message: message, Frames: inner}).Within(frames...)
}

// Read reads the arguments after the program's name. log is called for each line that
// is printed, with a flush after each.
func Read(args []string, env map[string]string, log func(line string)) (*Config, *python.Exception) {
	if len(args) == 0 {
		return nil, raise("IndexError", "list index out of range", python.At(pyconfig, 375, "__init__", "config_name: str = argv[1]"))
	}
	c, e := load(args[0])
	if e != nil {
		return nil, e
	}
	given, e := c.override(args[1:], env)
	if e != nil {
		return nil, e
	}
	log("Updating keys from env and command line: " + python.ReprList(given))
	fromModel, e := c.applyModel(log)
	if e != nil {
		return nil, e
	}
	log("Updating keys from model: " + python.ReprList(fromModel))
	if twice := slices.DeleteFunc(slices.Clone(given), func(k string) bool { return !slices.Contains(fromModel, k) }); len(twice) > 0 {
		return nil, raise("ValueError", fmt.Sprintf("Keys %s are overwritten from both the model and the environment/command line. This isn't allowed.", python.ReprList(twice)),
			python.At(pyconfig, 385, "__init__", "validate_no_keys_overwritten_twice(keys_from_env_and_command_line, keys_from_model)"),
			python.At(pyconfig, 246, "validate_no_keys_overwritten_twice", "raise ValueError("))
	}
	return c, nil
}

// load reads the yml, a path relative to the image's /maxtext.
func load(file string) (*Config, *python.Exception) {
	absolute := path.Clean(file)
	if !strings.HasPrefix(absolute, "/") {
		absolute = path.Join("/maxtext", absolute)
	}
	overrides, ok := parseData(configData)[strings.TrimPrefix(absolute, "/maxtext/")]
	if !ok {
		return nil, raise("FileNotFoundError", fmt.Sprintf("[Errno 2] No such file or directory: %s", python.Repr(absolute)),
			python.At(pyconfig, 376, "__init__", "raw_data_from_yaml = self._load_config(config_name)"),
			python.At(pyconfig, 352, "_load_config", "base_cfg = OmegaConf.load(config_name)"),
			python.At("/usr/local/lib/python3.10/dist-packages/omegaconf/omegaconf.py", 189, "load", `with io.open(os.path.abspath(file_), "r", encoding="utf-8") as f:`))
	}
	c := &Config{values: make(map[string]Value)}
	for _, o := range append(parseData(baseData)[""], overrides...) {
		c.set(o.Name, o.Value)
	}
	return c, nil
}

func (c *Config) set(name string, v Value) {
	if _, known := c.values[name]; !known {
		c.names = append(c.names, name)
	}
	c.values[name] = v
}

// override applies the command line and the environment, and returns the names that
// they set, in the order of the yml.
func (c *Config) override(args []string, env map[string]string) ([]string, *python.Exception) {
	at := python.At(pyconfig, 381, "__init__", "keys_from_env_and_command_line = self._update_from_env_and_command_line(raw_keys, raw_data_from_yaml, argv, **kwargs)")
	inside := func(line int, code string) []python.Frame {
		return []python.Frame{at, python.At(pyconfig, line, "_update_from_env_and_command_line", code)}
	}
	given := make(map[string]Value)
	var order []string
	for _, arg := range args {
		key, v := parseArgument(arg)
		if _, twice := given[key]; !twice {
			order = append(order, key)
		}
		given[key] = v
	}
	for _, key := range order {
		if _, known := c.values[key]; !known {
			return nil, raise("ValueError", fmt.Sprintf("Key %s was passed at the command line but isn't in config.", key),
				inside(312, `raise ValueError(f"Key {k} was passed at the command line but isn't in config.")`)...)
		}
	}
	var updated []string
	for _, name := range c.names {
		v, fromArgs := given[name]
		text, fromEnv := env[envPrefix+strings.ToUpper(name)]
		switch {
		case fromArgs && fromEnv:
			return nil, raise("ValueError", fmt.Sprintf("You are passing overrides by both CLI and ENV for `%s`. This isn't allowed.", name), inside(316, "raise ValueError(f\"You are passing overrides by both CLI and ENV for `{k}`. This isn't allowed.\")")...)
		case fromEnv:
			v = text
		case !fromArgs:
			continue
		}
		updated = append(updated, name)
		if v == nil {
			c.values[name] = nil
			continue
		}
		like := c.values[name]
		if typeName(like) == "list" || typeName(like) == "NoneType" {
			return nil, raise("ValueError", fmt.Sprintf("For key '%s', type <class '%s'> not in dict_keys([<class 'str'>, <class 'int'>, <class 'float'>, <class 'bool'>]), can't pass at the CLI or ENV", name, typeName(like)), inside(331, "raise ValueError(")...)
		}
		converted, ok := convert(v, like)
		if !ok {
			return nil, raise("ValueError", fmt.Sprintf("Couldn't parse value from CLI or ENV '%s' for key '%s'", Format(v), name), inside(346, `raise ValueError(f"Couldn't parse value from CLI or ENV '{new_proposal}' for key '{k}'") from e`)...)
		}
		c.values[name] = converted
	}
	return updated, nil
}

// applyModel applies the yml of the model and returns the names that it sets.
func (c *Config) applyModel(log func(string)) ([]string, *python.Exception) {
	name := c.String("model_name")
	if !slices.Contains(modelNames, name) {
		return nil, raise("ValueError", fmt.Sprintf("Invalid model name was passed. Got %s, Valid options %s", name, "("+strings.Trim(python.ReprList(modelNames), "[]")+")"),
			python.At(pyconfig, 383, "__init__", "keys_from_model = _HyperParameters.update_model_vars(argv[1], raw_keys, config_name)"),
			python.At(pyconfig, 522, "update_model_vars", `validate_model_name(raw_keys["model_name"])`),
			python.At(pyconfig, 240, "validate_model_name", `raise ValueError(f"Invalid model name was passed. Got {s}, Valid options {valid_model_names}")`))
	}
	log("Running Model: " + name)
	if name == "default" {
		return nil, nil
	}
	log("Updating following parameters in config\n")
	var names []string
	for _, o := range parseData(modelData)[name] {
		log(o.Name + ": " + Format(o.Value))
		names = append(names, o.Name)
		c.set(o.Name, o.Value)
	}
	return names, nil
}

// modelNames are the models that MaxText knows, in the order of its message.
var modelNames = []string{
	"default", "llama2-7b", "llama2-13b", "llama2-70b", "llama3-8b", "llama3-70b",
	"llama3.1-8b", "llama3.1-70b", "llama3.1-405b", "llama3.3-70b", "mistral-7b",
	"mixtral-8x7b", "mixtral-8x22b", "deepseek2-16b", "deepseek2-236b",
	"deepseek3-671b", "gemma-7b", "gemma-2b", "gemma2-2b", "gemma2-9b", "gemma2-27b",
	"gemma3-4b", "gemma3-12b", "gemma3-27b", "gpt3-175b", "gpt3-22b", "gpt3-6b",
	"gpt3-52k",
}

// String returns a text option; other types and None are "".
func (c *Config) String(name string) string {
	s, _ := c.values[name].(string)
	return s
}

// Int returns an integer option, truncating a float.
func (c *Config) Int(name string) int {
	switch v := c.values[name].(type) {
	case int64:
		return int(v)
	case float64:
		return int(v)
	}
	return 0
}

// Float returns a number option.
func (c *Config) Float(name string) float64 {
	switch v := c.values[name].(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

// Bool returns a yes-or-no option.
func (c *Config) Bool(name string) bool {
	b, _ := c.values[name].(bool)
	return b
}
