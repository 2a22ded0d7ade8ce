package deploy

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// conflictManager finds the manager in the message of a conflict, which is
// the only place that has it: conflict with "kubectl" using v1.
var conflictManager = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`conflict with "([^"]*)"`)
})

// applyError gives an error of the API server its typed form, if it has one.
func applyError(ref ObjectRef, err error) error {
	if conflict := asConflict(ref, err); conflict != nil {
		return conflict
	}
	return fmt.Errorf("applying %s: %w", ref, err)
}

func asConflict(ref ObjectRef, err error) *ConflictError {
	status, ok := apiStatus(err)
	if !ok || !apierrors.IsConflict(err) || status.Details == nil {
		return nil
	}
	conflict := &ConflictError{Ref: ref, err: err}
	for _, cause := range status.Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		manager := "somebody else"
		if match := conflictManager().FindStringSubmatch(cause.Message); match != nil {
			manager = match[1]
		}
		conflict.Conflicts = append(conflict.Conflicts, Conflict{Manager: manager, Field: cause.Field})
	}
	if len(conflict.Conflicts) == 0 {
		return nil
	}
	return conflict
}

// isWebhookDown reports whether a request failed because an admission
// webhook did not answer. The API server reports it as an internal error like
// any other and tells it apart by its words alone.
func isWebhookDown(err error) bool {
	return apierrors.IsInternalError(err) && strings.Contains(err.Error(), "failed calling webhook")
}

// apiStatus returns the status that an API server answered with.
func apiStatus(err error) (metav1.Status, bool) {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return metav1.Status{}, false
	}
	return status.Status(), true
}
