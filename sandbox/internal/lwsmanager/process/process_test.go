package process_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager/process"
)

// The test binary is the process under test, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == lwsmanager.ChildCommand {
		os.Exit(process.Main(os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestTheCommandLineIsThatOfTheImage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		arg      string
		wantCode int
		want     string
	}{
		{"the version is told", "--version", 0, "Version: "},
		{"an unknown flag is refused", "--no-such-flag", 2, "flag provided but not defined: -no-such-flag"},
		{"a missing configuration is named", "--config=/missing.yaml", 1, "/missing.yaml"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], lwsmanager.ChildCommand, t.TempDir(), tc.arg)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var output bytes.Buffer
			cmd.Stdout, cmd.Stderr = &output, &output
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if err := json.NewEncoder(stdin).Encode(lwsmanager.Setup{}); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != tc.wantCode || !strings.Contains(output.String(), tc.want) {
				t.Errorf("exit code %d, want %d; the output should have %q:\n%s", code, tc.wantCode, tc.want, &output)
			}
		})
	}
}

// The input is all that ties a child to its parent where the kernel cannot.
func TestTheProcessEndsWithItsInput(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 64)
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case asked <- struct{}{}:
		default:
		}
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	ca, token := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "token")
	for path, content := range map[string][]byte{
		ca:    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
		token: []byte("secret"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], lwsmanager.ChildCommand, dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	if err := json.NewEncoder(stdin).Encode(lwsmanager.Setup{Server: server.URL, CAFile: ca, TokenFile: token, Namespace: "lws-system", Identity: "manager-0"}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-asked: // it is at work
	case <-ended:
		t.Fatalf("the process ended by itself:\n%s", &output)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the process lives on without a parent")
	}
}
