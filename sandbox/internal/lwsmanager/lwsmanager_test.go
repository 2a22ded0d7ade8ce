package lwsmanager_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/lwsmanager"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

// The test binary is the child, too: it does what its container's arguments say.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == lwsmanager.ChildCommand {
		os.Exit(child(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func child(args []string) int {
	setup, args, err := lwsmanager.ReadSetup(args, os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		switch name {
		case "setup":
			fmt.Printf("%s %s %s %s\n", setup.Server, setup.Namespace, setup.Identity, setup.Path("/config/file.yaml"))
		case "env":
			fmt.Println(os.Environ())
		case "serve":
			if err := serve(setup.SocketDir, value); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		case "term":
			term := make(chan os.Signal, 1)
			signal.Notify(term, syscall.SIGTERM)
			fmt.Println("waiting")
			<-term
			return 5
		case "die":
			_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		case "input":
			fmt.Println("waiting")
			_, _ = io.Copy(io.Discard, os.Stdin)
			return 6
		}
	}
	return 3
}

// serve sends back what comes to a port, in capitals.
func serve(dir, port string) error {
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "unix", filepath.Join(dir, port))
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.NewFile(lwsmanager.AnnounceFD, "ports"), port); err != nil {
		return err
	}
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	_, err = io.WriteString(conn, strings.ToUpper(line))
	return err
}

// podNet is a pod's network namespace.
type podNet struct {
	network *simnet.Network
	ip      netip.Addr
}

func (n podNet) Listen(port uint16) (net.Listener, error) {
	return n.network.Listen(netip.AddrPortFrom(n.ip, port))
}

func (n podNet) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return n.network.Dial(ctx, n.ip, address)
}

// start runs the program with arguments for the child.
func start(t *testing.T, p *container.Process, args ...string) (output *log, end func() int) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "lws") // the path of t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	output = newLog()
	p.Namespace, p.Pod, p.Args = "lws-system", "manager-0", args
	p.Stdout, p.Stderr = output, output
	program := lwsmanager.Program{Executable: executable, Server: "https://127.0.0.1:6443", SocketDir: sockets}
	ctx, kill := context.WithCancel(context.Background())
	if p.Term == nil {
		p.Term = make(chan struct{})
	}
	ended := make(chan int, 1)
	go func() { ended <- program.Run(ctx, p) }()
	t.Cleanup(func() {
		kill()
		left, err := os.ReadDir(sockets)
		if err != nil || len(left) > 0 {
			t.Errorf("sockets are left behind: %v, %v", left, err)
		}
		_ = os.RemoveAll(sockets)
	})
	output.kill = kill
	return output, func() int {
		t.Helper()
		select {
		case code := <-ended:
			return code
		case <-time.After(20 * time.Second):
			t.Fatalf("the child does not end; it wrote %q", output)
			return 0
		}
	}
}

// log is a container's log that can be waited for.
type log struct {
	kill context.CancelFunc

	mu    sync.Mutex
	text  bytes.Buffer
	lines chan string
	line  []byte
}

func newLog() *log { return &log{lines: make(chan string, 1024)} }

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	for _, b := range p {
		if b != '\n' {
			l.line = append(l.line, b)
			continue
		}
		l.lines <- string(l.line)
		l.line = nil
	}
	return len(p), nil
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *log) wait(t *testing.T, line string) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		select {
		case got := <-l.lines:
			if got == line {
				return
			}
		case <-timeout:
			t.Fatalf("the log has no line %q:\n%s", line, l)
		}
	}
}

func TestTheChildIsToldWhereItIs(t *testing.T) {
	t.Parallel()
	output, end := start(t, &container.Process{
		Mounts: map[string]string{"/config": "/host/dir"},
		Env:    map[string]string{"A": "b"},
	}, "setup", "env")
	if code := end(); code != 3 {
		t.Errorf("exit code %d, want the child's 3", code)
	}
	want := "https://127.0.0.1:6443 lws-system manager-0 /host/dir/file.yaml\n[A=b]\n"
	if got := output.String(); got != want {
		t.Errorf("the child wrote %q, want %q", got, want)
	}
}

func TestThePortsOfTheChildAreThePods(t *testing.T) {
	t.Parallel()
	network, ip := simnet.New(), netip.MustParseAddr("10.244.0.9")
	network.Attach(ip)
	_, end := start(t, &container.Process{Net: podNet{network, ip}}, "serve=9443")
	conn := dial(t, network, "10.244.0.9:9443")
	if _, err := io.WriteString(conn, "hello\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(conn); err != nil || string(got) != "HELLO\n" {
		t.Errorf("the port answered %q, %v; want %q", got, err, "HELLO\n")
	}
	end()
	if _, err := network.Dial(t.Context(), ip, "10.244.0.9:9443"); err == nil {
		t.Error("the port is still open though the child has ended")
	}
}

// dial connects as soon as the port is open.
func dial(t *testing.T, network *simnet.Network, address string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		conn, err := network.Dial(ctx, netip.MustParseAddr("10.128.0.2"), address)
		if err == nil {
			return conn
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

func TestTheEndOfAContainerIsTheChilds(t *testing.T) {
	t.Parallel()
	t.Run("SIGTERM is passed on, and the exit code back", func(t *testing.T) {
		t.Parallel()
		term := make(chan struct{})
		output, end := start(t, &container.Process{Term: term}, "term")
		output.wait(t, "waiting")
		close(term)
		if code := end(); code != 5 {
			t.Errorf("exit code %d, want 5", code)
		}
	})
	t.Run("SIGKILL ends a child that would wait for ever", func(t *testing.T) {
		t.Parallel()
		output, end := start(t, &container.Process{}, "input")
		output.wait(t, "waiting")
		output.kill()
		if code := end(); code != 137 {
			t.Errorf("exit code %d, want 137", code)
		}
	})
	t.Run("a child that a signal ends has the exit code of that", func(t *testing.T) {
		t.Parallel()
		_, end := start(t, &container.Process{}, "die", "input")
		if code := end(); code != 128+int(syscall.SIGTERM) {
			t.Errorf("exit code %d, want %d", code, 128+int(syscall.SIGTERM))
		}
	})
	t.Run("a command that the image does not have is not found", func(t *testing.T) {
		t.Parallel()
		output, end := start(t, &container.Process{Command: []string{"sh"}}, "-c", "true")
		if code := end(); code != 127 || !strings.Contains(output.String(), `no command "sh"`) {
			t.Errorf("exit code %d, want 127, and the log is %q", code, output)
		}
	})
}
