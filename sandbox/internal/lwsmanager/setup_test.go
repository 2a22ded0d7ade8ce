package lwsmanager_test

import (
	"strings"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
)

func TestASetupThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, input string
		args        []string
	}{
		{"nothing at all", "", []string{"/tmp"}},
		{"half an object", `{"Server":`, []string{"/tmp"}},
		{"no directory", "{}", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if s, _, err := lwsmanager.ReadSetup(tc.args, strings.NewReader(tc.input)); err == nil {
				t.Errorf("read %+v", s)
			}
		})
	}
}

func TestPathsInTheContainerAreFoundOnVolumes(t *testing.T) {
	t.Parallel()
	setup := lwsmanager.Setup{Mounts: map[string]string{
		"/var/run/secrets/token": "/host/token",
		"/config.yaml":           "/host/file",
		"/var":                   "/host/var",
	}}
	for name, want := range map[string]string{
		"/var/run/secrets/token/ca.crt": "/host/token/ca.crt",
		"/var/run/secrets/other":        "/host/var/run/secrets/other",
		"/config.yaml":                  "/host/file",
		"/var/../config.yaml":           "/host/file",
		"/etc/passwd":                   "/etc/passwd",
		"/variety":                      "/variety",
		"/":                             "/",
	} {
		if got := setup.Path(name); got != want {
			t.Errorf("%s is at %s, want %s", name, got, want)
		}
	}
}
