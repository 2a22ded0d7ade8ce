package deploy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// placeholders are texts that stand for a value in the guide's manifests and
// commands, and shell variables and angle brackets, which stand for one
// anywhere. $(NAME) is none: Kubernetes replaces it in arguments.
var placeholders = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(
		`\b(CHECKPOINT_PATH|PATHWAYS_BUCKET|OUTPUT_BUCKET_DIRECTORY|BUCKET_NAME|CLUSTER_NAME|PROJECT_ID|META_URL)\b` +
			`|\$\{[A-Za-z_][A-Za-z0-9_]*\}|\$[A-Za-z_][A-Za-z0-9_]*|<[^<>]*>`)
})

// placeholder returns the first placeholder in a text, or nothing.
func placeholder(text string) string { return placeholders().FindString(text) }

// checkPlaceholders looks through all of a rendered workload, so that none
// gets through by any flag or by a profile of the user's own. Fields of a
// parameter that has a problem already are left out.
func checkPlaceholders(p *Profile, params map[string]string, w workload, ps *problems) {
	reported := map[string]bool{}
	for _, problem := range *ps {
		reported[problem.Flag] = true
	}
	for _, object := range w.objects() {
		visitTexts(Path{Kind: object.GetKind()}, object.Object, func(path Path, text string) {
			name := placeholder(text)
			if name == "" {
				return
			}
			param := p.parameterAt(path)
			if param == nil {
				ps.add("--set", path.String(), fmt.Sprintf("the field still holds the placeholder %s", name),
					"set it to the value it stands for")
			} else if !reported[param.Flag()] {
				reported[param.Flag()] = true
				ps.add(param.Flag(), params[param.Name], "the placeholder "+name+" is still in it",
					"write the value it stands for")
			}
		})
	}
}

// parameterAt returns the parameter that sets a field, or nil.
func (p *Profile) parameterAt(path Path) *Parameter {
	i := slices.IndexFunc(p.Parameters, func(param Parameter) bool { return param.sets(path.String()) })
	if i < 0 {
		return nil
	}
	return &p.Parameters[i]
}

// sets reports whether the parameter can give a field its value.
func (p *Parameter) sets(field string) bool {
	return slices.ContainsFunc(p.Targets, func(target string) bool {
		parsed, err := ParsePath(target)
		if err != nil {
			return false
		}
		inside, ok := strings.CutPrefix(field, parsed.String())
		switch p.Type {
		case TypeImages:
			return ok && strings.HasSuffix(inside, ".image")
		case TypeLabels, TypeTolerations:
			return ok && strings.HasPrefix(inside, "[")
		default:
			return ok && inside == ""
		}
	})
}

// visitTexts calls visit for every text in a value, with its path; the text
// of an argument is all of it.
func visitTexts(path Path, value any, visit func(Path, string)) {
	switch value := value.(type) {
	case string:
		visit(path, value)
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			visitTexts(path.child(fieldStep(key)), value[key], visit)
		}
	case []any:
		name := listKey(path, value)
		for i, element := range value {
			s := step{how: selectByIndex, index: i}
			if name != nil {
				s = name(element)
			}
			visitTexts(path.child(s), element, visit)
		}
	}
}
