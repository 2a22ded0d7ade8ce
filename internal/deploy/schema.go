package deploy

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// checkSchema decodes the workload strictly into its API types, so that a
// misspelt field or a text where a number belongs is found without a
// cluster. Flag is where such a mistake can have come from.
func checkSchema(w workload, flag string, ps *problems) {
	for _, target := range []struct {
		object map[string]any
		kind   string
		into   any
	}{
		{w.lws.Object, kindLWS, &lwsv1.LeaderWorkerSet{}},
		{w.service.Object, kindService, &corev1.Service{}},
	} {
		err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(target.object, target.into, true)
		if err == nil {
			continue
		}
		for _, message := range schemaErrors(err) {
			ps.add(flag, "", fmt.Sprintf("not a valid %s: %s", target.kind, message), "see kubectl explain for the fields and their types")
		}
	}
}

// schemaErrors returns the single complaints of a strict decoding error.
func schemaErrors(err error) []string {
	strict, ok := runtime.AsStrictDecodingError(err)
	if !ok {
		return []string{err.Error()}
	}
	messages := make([]string, len(strict.Errors()))
	for i, each := range strict.Errors() {
		messages[i] = strings.TrimPrefix(each.Error(), "strict decoding error: ")
	}
	return messages
}
