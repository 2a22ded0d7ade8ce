package deploy

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// splitList splits a comma-separated value; spaces around the parts do not
// count, and empty parts are none.
func splitList(value string) []string {
	var parts []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// addLabels reads KEY=VALUE,... and adds the entries to the target maps.
func (p *Parameter) addLabels(value string, ps *problems) []fieldEdit {
	labels := map[string]string{}
	for _, part := range splitList(value) {
		key, text, ok := strings.Cut(part, "=")
		if problem := labelProblem(key, text); !ok || problem != "" {
			ps.add(p.Flag(), part, "not a node label KEY=VALUE"+problem, "write it like topology.kubernetes.io/zone=us-east5-b")
			continue
		}
		labels[key] = text
	}
	return p.atTargets(func(path Path, object map[string]any) error {
		for key, text := range labels {
			if err := path.child(step{how: selectByKey, key: key}).Set(object, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// addTolerations reads KEY[=VALUE][:EFFECT],... as kubectl writes taints and
// adds the tolerations to the target lists, each once.
func (p *Parameter) addTolerations(value string, ps *problems) []fieldEdit {
	var tolerations []any
	for _, part := range splitList(value) {
		toleration, problem := parseToleration(part)
		if problem != "" {
			ps.add(p.Flag(), part, problem, "write it like dedicated=serving:NoSchedule")
			continue
		}
		tolerations = append(tolerations, toleration)
	}
	return p.atTargets(func(path Path, object map[string]any) error {
		present, _ := path.Get(object)
		list, ok := present.([]any)
		if present != nil && !ok {
			return fmt.Errorf("%s is not a list", path)
		}
		for _, toleration := range tolerations {
			known := func(element any) bool {
				return len(Diff("", map[string]any{"t": element}, map[string]any{"t": toleration})) == 0
			}
			if !slices.ContainsFunc(list, known) {
				list = append(list, copyValue(toleration))
			}
		}
		return path.Set(object, list)
	})
}

// labelProblem says what is wrong with a label, as an addition to a sentence.
func labelProblem(key, value string) string {
	for _, wrong := range validation.IsQualifiedName(key) {
		return ": the key is wrong, " + wrong
	}
	for _, wrong := range validation.IsValidLabelValue(value) {
		return ": the value is wrong, " + wrong
	}
	return ""
}

func parseToleration(text string) (toleration map[string]any, problem string) {
	rest, effect, hasEffect := strings.Cut(text, ":")
	key, value, hasValue := strings.Cut(rest, "=")
	if problem := labelProblem(key, value); problem != "" {
		return nil, "not a taint KEY[=VALUE][:EFFECT]" + problem
	}
	toleration = map[string]any{"key": key, "operator": string(corev1.TolerationOpExists)}
	if hasValue {
		toleration["operator"], toleration["value"] = string(corev1.TolerationOpEqual), value
	}
	if hasEffect {
		switch corev1.TaintEffect(effect) {
		case corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute:
			toleration["effect"] = effect
		default:
			return nil, "not a taint: the effect is NoSchedule, PreferNoSchedule or NoExecute"
		}
	}
	return toleration, ""
}

// setImages reads CONTAINER=IMAGE,... and sets the image of each container
// wherever the target lists have it.
func (p *Parameter) setImages(value string, ps *problems) []fieldEdit {
	var edits []fieldEdit
	for _, part := range splitList(value) {
		container, image, ok := strings.Cut(part, "=")
		if !ok || container == "" || !plausibleImage(image) {
			ps.add(p.Flag(), part, "not CONTAINER=IMAGE", "write it like jax-tpu=example.com/jetstream-pathways:v0.2.0")
			continue
		}
		found := new(bool)
		set := p.atTargets(func(path Path, object map[string]any) error {
			element := path.child(step{how: selectByKey, key: container})
			if _, ok := element.Get(object); !ok {
				return nil
			}
			*found = true
			return element.child(step{how: selectField, key: "image"}).Set(object, image)
		})
		edits = append(edits, set...)
		edits = append(edits, fieldEdit{path: Path{Kind: kindLWS}, make: func(map[string]any) error {
			if !*found {
				return fmt.Errorf("there is no container %q", container)
			}
			return nil
		}})
	}
	return edits
}

// plausibleImage reports whether a text can be an image reference at all;
// which of them exist, only the registry knows.
func plausibleImage(image string) bool {
	return image != "" && !strings.ContainsFunc(image, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`"'<>$\{}()`, r)
	})
}

// copyValue copies a map of texts, so that no two lists share one.
func copyValue(value any) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	copied := make(map[string]any, len(object))
	for key, element := range object {
		copied[key] = element
	}
	return copied
}
