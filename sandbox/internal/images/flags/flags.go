// Package flags reads command lines in the form that the Pathways binaries take:
// --name=value, --name value, --name and --noname for booleans, with one dash or two.
// Any name is accepted, since the binaries know hundreds; callers ask for those that
// matter to them.
package flags

import "strings"

// Set is a parsed command line. The zero value has no flags.
type Set struct{ values map[string]string }

// Parse reads args. Arguments that are no flags are left out; the last of several
// values wins.
func Parse(args []string) Set {
	s := Set{values: make(map[string]string)}
	for i := 0; i < len(args); i++ {
		name, ok := strings.CutPrefix(args[i], "-")
		if !ok {
			continue
		}
		name = strings.TrimPrefix(name, "-")
		if name == "" { // "--" ends the flags
			break
		}
		if name, value, ok := strings.Cut(name, "="); ok {
			s.values[name] = value
			continue
		}
		if i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			s.values[name] = args[i+1]
			i++
			continue
		}
		if positive, ok := strings.CutPrefix(name, "no"); ok && positive != "" {
			s.values[positive] = "false"
		}
		s.values[name] = "true"
	}
	return s
}

// Get returns the value of a flag, or "" if it was not given.
func (s Set) Get(name string) string { return s.values[name] }
