package deploy

import (
	"k8s.io/apimachinery/pkg/util/version"
)

// lwsProblem is a problem that LeaderWorkerSet releases before one have.
type lwsProblem struct {
	before string
	text   string
}

// lwsProblems lists what a user of this plugin can notice, the most important
// first.
func lwsProblems() []lwsProblem {
	return []lwsProblem{
		{"v0.9.0", "its Available condition counts workers that were created, not workers that are ready; this plugin looks at the pods instead"},
		{"v0.9.0", "a group may be recreated twice after one failure"},
		{"v0.7.0", "the size of a group cannot be changed; another topology needs a new deployment"},
		{"v0.7.0", "a rolling update stops for good if the old pods are not ready"},
		{"v0.8.0", "v0.8.0 and later cannot be applied over it: delete its Deployment first, which running groups survive"},
	}
}

// KnownLWSProblems returns the known problems of a LeaderWorkerSet release,
// none for a version that is not written as one.
func KnownLWSProblems(release string) []string {
	parsed, err := version.ParseSemantic(release)
	if err != nil {
		return nil
	}
	var known []string
	for _, problem := range lwsProblems() {
		if parsed.LessThan(version.MustParseSemantic(problem.before)) {
			known = append(known, problem.text)
		}
	}
	return known
}
