package inferencecheckpoint

import (
	"fmt"
	"strings"
)

// options are the script's arguments.
type options struct {
	values map[string]string
	help   bool
}

// longOptions are the options with a value; the script hands them to getopt.
var longOptions = []string{
	"bucket_name", "inference_server", "model_name", "model_path", "huggingface",
	"quantize_type", "quantize_weights", "version", "input_directory",
	"output_directory", "meta_url",
}

var shortOptions = map[byte]string{
	'b': "bucket_name", 's': "inference_server", 'm': "model_path", 'n': "model_name",
	'h': "huggingface", 't': "quantize_type", 'q': "quantize_weights", 'v': "version",
	'i': "input_directory", 'o': "output_directory", 'u': "meta_url",
}

// parse reads the arguments as getopt does: --name=value, --name value, unambiguous
// beginnings of a name, -n value, -nvalue. Other arguments are ignored, as the script
// ignores them. The errors are getopt's.
func parse(args []string) (options, error) {
	o := options{values: map[string]string{"inference_server": "jetstream-maxtext"}}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		var name, value, shown string
		var given bool
		switch {
		case arg == "--":
			return o, nil
		case strings.HasPrefix(arg, "--"):
			name, value, given = strings.Cut(arg[2:], "=")
			full, err := complete(name)
			if err != nil {
				return o, err
			}
			name, shown = full, "'--"+full+"'"
		case len(arg) > 1 && arg[0] == '-':
			if arg[1] == 'x' {
				o.help = true
				continue
			}
			known, ok := shortOptions[arg[1]]
			if !ok {
				return o, fmt.Errorf("invalid option -- '%c'", arg[1])
			}
			name, value, given, shown = known, arg[2:], len(arg) > 2, fmt.Sprintf("-- '%c'", arg[1])
		default:
			continue
		}
		switch {
		case name == "help":
			o.help = true
			continue
		case !given && len(args) == 0 && shown[0] == '-':
			return o, fmt.Errorf("option requires an argument %s", shown)
		case !given && len(args) == 0:
			return o, fmt.Errorf("option %s requires an argument", shown)
		case !given:
			value, args = args[0], args[1:]
		}
		o.values[name] = value
	}
	return o, nil
}

// complete finds the option that a name, perhaps cut short, stands for.
func complete(name string) (string, error) {
	var found []string
	for _, option := range append([]string{"help"}, longOptions...) {
		switch {
		case option == name:
			return option, nil
		case name != "" && strings.HasPrefix(option, name):
			found = append(found, option)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("unrecognized option '--%s'", name)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("option '--%s' is ambiguous; possibilities: '--%s'", name, strings.Join(found, "' '--"))
}
