package tunnel

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// NotPermittedError says that the user may not port-forward to a pod. Asking
// again does not help.
type NotPermittedError struct {
	Pod Pod
	// Verb is the missing verb on pods/portforward, where the server named it.
	// A forward needs get over a WebSocket, and create in any case with
	// servers that check it.
	Verb string
	// Err is the API server's answer.
	Err error
}

func (e *NotPermittedError) Error() string {
	return fmt.Sprintf("forwarding a port of pod %s: not permitted to %s pods/portforward in namespace %s: %v",
		e.Pod.Name, orElse(e.Verb, "get and create"), e.Pod.Namespace, e.Err)
}

func (e *NotPermittedError) Unwrap() error { return e.Err }

// Forbidden marks the error for consumers that do not know this package.
func (e *NotPermittedError) Forbidden() bool { return true }

// PodNotRunningError says that the pod does not exist, has no node yet or has
// ended.
type PodNotRunningError struct {
	Pod Pod
	Err error
}

func (e *PodNotRunningError) Error() string {
	return fmt.Sprintf("forwarding a port of pod %s: the pod is not running: %v", e.Pod.Name, e.Err)
}

func (e *PodNotRunningError) Unwrap() error { return e.Err }

// PortRefusedError says that nothing listens on the port. It comes from Read,
// as the answer arrives after the connection stands.
type PortRefusedError struct {
	Pod  Pod
	Port int
	Err  error
}

func (e *PortRefusedError) Error() string {
	return fmt.Sprintf("port %d of pod %s refused the connection", e.Port, e.Pod.Name)
}

func (e *PortRefusedError) Unwrap() error { return e.Err }

// Refused marks the error for consumers that do not know this package.
func (e *PortRefusedError) Refused() bool { return true }

// LostError says that the shared connection to the pod broke, or could not be
// opened for a reason that may pass.
type LostError struct {
	Pod Pod
	Err error
}

func (e *LostError) Error() string {
	return fmt.Sprintf("the tunnel to pod %s was lost: %v", e.Pod.Name, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// ForwardError is an error that the node reported for one connection, and
// that is none of the above.
type ForwardError struct {
	Pod  Pod
	Port int
	Err  error
}

func (e *ForwardError) Error() string {
	return fmt.Sprintf("forwarding port %d of pod %s: %v", e.Port, e.Pod.Name, e.Err)
}

func (e *ForwardError) Unwrap() error { return e.Err }

var errConnectionLost = errors.New("the streaming connection ended")

// missingVerb finds the verb in the API server's standard sentence.
var missingVerb = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`cannot (\w+) resource "pods/portforward"`)
})

// openError types an error met while opening the shared connection.
func openError(pod Pod, err error) error {
	switch {
	case apierrors.IsForbidden(err):
		e := &NotPermittedError{Pod: pod, Err: err}
		if m := missingVerb().FindStringSubmatch(err.Error()); m != nil {
			e.Verb = m[1]
		}
		return e
	case apierrors.IsNotFound(err), statusCode(err) == http.StatusBadRequest:
		// A pod without a node is a bad request ("does not have a host
		// assigned").
		return &PodNotRunningError{Pod: pod, Err: err}
	}
	return &LostError{Pod: pod, Err: err}
}

func statusCode(err error) int {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return int(status.Status().Code)
	}
	return 0
}

// The node reports the failure of one connection as text, in the words of its
// container runtime.
var (
	refusedText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)connection refused`)
	})
	notRunningText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)not running|no sandbox|(?:sandbox|pod|container)\b.*(?:not found|does not exist)|network namespace.*closed`)
	})
)

// streamError types the text that came on a connection's error stream.
func streamError(pod Pod, port int, text string) error {
	err := errors.New(strings.Join(strings.Fields(text), " "))
	switch {
	case refusedText().MatchString(text):
		return &PortRefusedError{Pod: pod, Port: port, Err: err}
	case notRunningText().MatchString(text):
		return &PodNotRunningError{Pod: pod, Err: err}
	}
	return &ForwardError{Pod: pod, Port: port, Err: err}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
