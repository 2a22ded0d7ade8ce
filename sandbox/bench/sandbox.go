package main

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
)

// sandbox is one that runs for measurements.
type sandbox struct {
	root    string // holds all of it; what else appears in it is a leftover
	dir     string
	begin   time.Time
	process *exec.Cmd
	output  *output
	ended   chan struct{}

	client  kubernetes.Interface
	objects dynamic.Interface
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

// start starts a sandbox and returns as soon as its API server can be spoken to.
func (b *bench) start(ctx context.Context, options ...string) (*sandbox, error) {
	root, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	s := &sandbox{root: root, dir: filepath.Join(root, "sandbox"), output: newOutput(), ended: make(chan struct{})}
	temporary := filepath.Join(root, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return nil, err
	}
	// It outlives ctx so that it can be stopped in order.
	s.process = exec.Command(filepath.Join(b.bin, "jetstream-sandbox"), append([]string{"up", "--dir", s.dir}, options...)...) //nolint:noctx // see above
	s.process.Env = append(os.Environ(), "TMPDIR="+temporary, "XDG_RUNTIME_DIR="+temporary, "HOME="+temporary)
	s.process.Stdout, s.process.Stderr = s.output, s.output
	s.begin = time.Now()
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = s.process.Wait()
		close(s.ended)
	}()
	err = s.until(ctx, "the API server to answer", func() error {
		config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(s.dir, "kubeconfig"))
		if err != nil {
			return err
		}
		return s.connect(config)
	})
	if err != nil {
		return nil, errors.Join(err, s.kill())
	}
	return s, nil
}

func (s *sandbox) connect(config *rest.Config) error {
	config.QPS = -1
	var err error
	if s.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	s.objects, err = dynamic.NewForConfig(config)
	return err
}

// until repeats check until it returns nil.
func (s *sandbox) until(ctx context.Context, what string, check func() error) error {
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

// up waits until the sandbox says that it is up.
func (s *sandbox) up(ctx context.Context) error {
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

func (s *sandbox) pid() int { return s.process.Process.Pid }

// nodesReady waits until so many nodes are registered and Ready.
func (s *sandbox) nodesReady(ctx context.Context, want int) error {
	return s.until(ctx, "the nodes", func() error {
		list, err := s.client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
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

// kubectl runs kubectl with the sandbox's kubeconfig.
func (b *bench) kubectl(ctx context.Context, s *sandbox, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(s.dir, "kubeconfig"), "HOME="+s.root)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kubectl %v: %w\n%s", args, err, output)
	}
	return nil
}

// stop ends the sandbox as Ctrl-C does and returns how long that took.
func (s *sandbox) stop(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	select {
	case <-s.ended:
	case <-ctx.Done():
		return 0, errors.Join(ctx.Err(), s.kill())
	}
	if code := s.process.ProcessState.ExitCode(); code != 0 {
		return 0, fmt.Errorf("the sandbox ended with exit code %d:\n%s", code, s.output)
	}
	return time.Since(begin), nil
}

// kill ends the sandbox without a chance to clean up, and waits for it.
func (s *sandbox) kill() error {
	err := s.process.Process.Kill()
	<-s.ended
	return err
}

// leftovers are the processes and the files outside of its directory that a sandbox
// has left.
func (s *sandbox) leftovers() ([]string, error) {
	var left []string
	pids, err := processes(s.root)
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

func (s *sandbox) remove() error { return os.RemoveAll(s.root) }
