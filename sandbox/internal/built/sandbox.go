// Package built runs the binaries that the Makefile builds, as people do: a sandbox in
// a directory of its own, and commands against it.
package built

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/measure"
)

// Sandbox is one that runs.
type Sandbox struct {
	// Dir is the sandbox's own directory, Begin when its process was started.
	Dir   string
	Begin time.Time

	Client  kubernetes.Interface
	Objects dynamic.Interface

	bin     string
	root    string // holds all of it; what else appears in it is a leftover
	process *exec.Cmd
	output  *output
	ended   chan struct{}
}

// A state is asked for every interval, which bounds the precision of wall times. Where
// an answer takes long, the pause is as many times as long as that, so that asking does
// not become what is measured.
const (
	interval = 10 * time.Millisecond
	pauses   = 9
)

// timeout bounds every single wait.
const timeout = 2 * time.Minute

// Start starts a sandbox of the binaries in a folder and returns as soon as its API
// server can be spoken to.
func Start(ctx context.Context, bin string, options ...string) (*Sandbox, error) {
	root, err := os.MkdirTemp("", "built")
	if err != nil {
		return nil, err
	}
	s := &Sandbox{bin: bin, root: root, Dir: filepath.Join(root, "sandbox"), output: newOutput(), ended: make(chan struct{})}
	temporary := filepath.Join(root, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return nil, err
	}
	// It outlives ctx so that it can be stopped in order.
	s.process = exec.Command(filepath.Join(bin, "jetstream-sandbox"), append([]string{"up", "--dir", s.Dir}, options...)...) //nolint:noctx // see above
	s.process.Env = append(os.Environ(), "TMPDIR="+temporary, "XDG_RUNTIME_DIR="+temporary, "HOME="+temporary)
	s.process.Stdout, s.process.Stderr = s.output, s.output
	s.Begin = time.Now()
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.process.Wait()
		close(s.ended)
	}()
	err = s.Until(ctx, "the API server to answer", func() error {
		config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig())
		if err != nil {
			return err
		}
		return s.connect(config)
	})
	if err != nil {
		return nil, errors.Join(err, s.Kill())
	}
	return s, nil
}

func (s *Sandbox) connect(config *rest.Config) error {
	config.QPS = -1
	var err error
	if s.Client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	s.Objects, err = dynamic.NewForConfig(config)
	return err
}

// With runs something on a sandbox of its own, which ends with it.
func With(ctx context.Context, bin string, options []string, do func(*Sandbox) error) error {
	s, err := Start(ctx, bin, options...)
	if err != nil {
		return err
	}
	err = do(s)
	select {
	case <-s.ended:
	default:
		_, stopErr := s.Stop(context.WithoutCancel(ctx))
		err = errors.Join(err, stopErr)
	}
	return errors.Join(err, s.Remove())
}

// Until repeats check until it returns nil.
func (s *Sandbox) Until(ctx context.Context, what string, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		begin := time.Now()
		err := check()
		if err == nil {
			return nil
		}
		timer.Reset(max(interval, pauses*time.Since(begin)))
		select {
		case <-timer.C:
		case <-s.ended:
			return fmt.Errorf("waiting for %s: the sandbox has ended:\n%s", what, s.output)
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s (last: %w): %w", what, err, ctx.Err())
		}
	}
}

// Up waits until the sandbox says that it is up.
func (s *Sandbox) Up(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case <-s.output.invited:
		return nil
	case <-s.ended:
		return fmt.Errorf("the sandbox has ended:\n%s", s.output)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// PID is the sandbox's main process.
func (s *Sandbox) PID() int { return s.process.Process.Pid }

// NodesReady waits until so many nodes are registered and Ready.
func (s *Sandbox) NodesReady(ctx context.Context, want int) error {
	return s.Until(ctx, "the nodes", func() error {
		list, err := s.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return err
		}
		ready := 0
		for _, node := range list.Items {
			for _, c := range node.Status.Conditions {
				if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
					ready++
				}
			}
		}
		if ready < want {
			return fmt.Errorf("%d of %d nodes are Ready", ready, want)
		}
		return nil
	})
}

// Kubeconfig is the path of its kubeconfig.
func (s *Sandbox) Kubeconfig() string { return filepath.Join(s.Dir, "kubeconfig") }

// State is where commands keep what they remember.
func (s *Sandbox) State() string { return filepath.Join(s.root, "state") }

// Command prepares one of the binaries with the sandbox's kubeconfig, and a home of
// its own.
func (s *Sandbox) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...)
	cmd.Env = s.Environ()
	return cmd
}

// Environ is an environment in which the binaries are found and speak to the sandbox.
func (s *Sandbox) Environ() []string {
	return append(os.Environ(),
		"KUBECONFIG="+s.Kubeconfig(), "HOME="+s.root, "XDG_STATE_HOME="+s.State(),
		"PATH="+s.bin+string(os.PathListSeparator)+os.Getenv("PATH"),
	)
}

// Do runs one of the binaries to its end, which must be a good one.
func (s *Sandbox) Do(ctx context.Context, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if output, err := s.Command(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, output)
	}
	return nil
}

// InstallLWS installs LeaderWorkerSet from a manifest and waits until its webhook
// answers.
func (s *Sandbox) InstallLWS(ctx context.Context, manifest string) error {
	if err := s.Do(ctx, "kubectl", "apply", "--server-side", "-f", manifest); err != nil {
		return err
	}
	return s.Until(ctx, "the webhook of LeaderWorkerSet", func() error {
		_, err := s.Objects.Resource(LWSResource).Namespace(corev1.NamespaceDefault).
			Create(ctx, Group("probe", "4x4", 2), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err
	})
}

// Stop ends the sandbox as Ctrl-C does and returns how long that took.
func (s *Sandbox) Stop(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case <-s.ended:
	case <-ctx.Done():
		return 0, errors.Join(ctx.Err(), s.Kill())
	}
	if code := s.process.ProcessState.ExitCode(); code != 0 {
		return 0, fmt.Errorf("the sandbox ended with exit code %d:\n%s", code, s.output)
	}
	return time.Since(begin), nil
}

// Kill ends the sandbox without a chance to clean up, and waits for it.
func (s *Sandbox) Kill() error {
	err := s.process.Process.Kill()
	<-s.ended
	return err
}

// Leftovers are the processes and the files outside of its directory that a sandbox
// has left.
func (s *Sandbox) Leftovers() ([]string, error) {
	var left []string
	pids, err := measure.Processes(s.root)
	if err != nil {
		return nil, err
	}
	for _, pid := range pids {
		left = append(left, fmt.Sprintf("process %d", pid))
	}
	files, err := os.ReadDir(filepath.Join(s.root, "tmp"))
	for _, file := range files {
		left = append(left, "file "+file.Name())
	}
	return left, err
}

// Remove deletes all that it has written.
func (s *Sandbox) Remove() error { return os.RemoveAll(s.root) }
