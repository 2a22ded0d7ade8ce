package main

import "regexp"

// released matches versions as krew and Go modules write them: v1.2.3, and
// v1.2.3-rc.1 before it.
var released = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)

// distVersion makes a version of what git describes. A checkout without tags
// is described by a commit alone, which no manifest may have as its version.
func distVersion(described string) string {
	switch {
	case released.MatchString(described):
		return described
	case described == "":
		return "v0.0.0-dev"
	}
	return "v0.0.0-g" + described
}
