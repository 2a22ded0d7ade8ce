// Package echo simulates a small image for tests of the sandbox itself. It does what
// its arguments say, in their order:
//
//	--env=NAME          print NAME=value
//	--args              print the remaining arguments, one a line, and end
//	--lines=N           print "line 1" to "line N" on standard output
//	--stderr=TEXT       print TEXT on standard error
//	--long=BYTES        print one line of that many bytes
//	--partial=TEXT      print TEXT without a newline
//	--every=DURATION    from here on, wait so long after each of --lines
//	--sleep=DURATION    wait; ends early on SIGTERM
//	--listen=PORT       answer HTTP on PORT with 200 and the request's path
//	--refuse=PORT       answer HTTP on PORT with 503
//	--echo=PORT         send back every byte that comes to PORT
//	--reset=PORT        reset every connection to PORT once it has sent something
//	--hang=PORT         accept connections to PORT and never answer
//	--ignore-term       from here on, do not end on SIGTERM
//	--wait              wait for SIGTERM
//	--exit=N            end with exit code N
//
// Without --exit it ends with 0 after the last argument, and with 143 when SIGTERM
// ended a wait. Durations are real time, not scaled by the sandbox's speed.
package echo

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

// Program is the image's entry point.
type Program struct{}

var _ container.Program = Program{}

const exitTerminated = 128 + 15

// Run follows the arguments; see the package's comment. An argument that it does not
// know ends it with 2.
func (Program) Run(ctx context.Context, p *container.Process) int {
	ctx, cancel := context.WithCancel(ctx)
	var servers sync.WaitGroup
	defer servers.Wait()
	defer cancel()
	r := &run{Process: p, term: p.Term, servers: &servers}
	for i, arg := range p.Args {
		name, value, _ := strings.Cut(arg, "=")
		if name == "--args" {
			for _, rest := range p.Args[i+1:] {
				fmt.Fprintln(p.Stdout, rest)
			}
			return 0
		}
		code, done, err := r.do(ctx, name, value)
		if err != nil {
			fmt.Fprintf(p.Stderr, "echo: %s: %v\n", arg, err)
			return 2
		}
		if done {
			return code
		}
	}
	return 0
}

// run is one execution of the arguments.
type run struct {
	*container.Process
	term    <-chan struct{} // nil once SIGTERM is ignored
	every   time.Duration
	servers *sync.WaitGroup
}

func (r *run) do(ctx context.Context, name, value string) (exitCode int, done bool, err error) {
	switch name {
	case "--env":
		fmt.Fprintf(r.Stdout, "%s=%s\n", value, r.Env[value])
	case "--lines":
		return r.lines(ctx, value)
	case "--stderr":
		fmt.Fprintln(r.Stderr, value)
	case "--long":
		n, err := strconv.Atoi(value)
		if err != nil {
			return 0, false, err
		}
		fmt.Fprintln(r.Stdout, strings.Repeat("x", max(0, n)))
	case "--partial":
		fmt.Fprint(r.Stdout, value)
	case "--every":
		r.every, err = time.ParseDuration(value)
		return 0, false, err
	case "--sleep":
		d, err := time.ParseDuration(value)
		if err != nil {
			return 0, false, err
		}
		code, done := r.sleep(ctx, d)
		return code, done, nil
	case "--listen", "--refuse", "--echo", "--reset", "--hang":
		return 0, false, r.serve(ctx, name, value)
	case "--ignore-term":
		r.term = nil
	case "--wait":
		select {
		case <-r.term:
		case <-ctx.Done():
		}
		return exitTerminated, true, nil
	case "--exit":
		code, err := strconv.Atoi(value)
		return code, true, err
	default:
		return 0, false, fmt.Errorf("unknown argument")
	}
	return 0, false, nil
}

func (r *run) lines(ctx context.Context, value string) (exitCode int, done bool, err error) {
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, false, err
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		fmt.Fprintf(r.Stdout, "line %d\n", i+1)
		if r.every > 0 {
			if code, done := r.sleep(ctx, r.every); done {
				return code, true, nil
			}
		}
	}
	return exitTerminated, ctx.Err() != nil, nil
}

func (r *run) sleep(ctx context.Context, d time.Duration) (exitCode int, done bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return 0, false
	case <-r.term:
	case <-ctx.Done():
	}
	return exitTerminated, true
}

func (r *run) serve(ctx context.Context, how, value string) error {
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return err
	}
	l, err := r.Net.Listen(uint16(port))
	if err != nil {
		return err
	}
	if how == "--listen" || how == "--refuse" {
		status := http.StatusOK
		if how == "--refuse" {
			status = http.StatusServiceUnavailable
		}
		r.serveHTTP(ctx, l, status)
		return nil
	}
	r.servers.Go(func() {
		stop := context.AfterFunc(ctx, func() { _ = l.Close() })
		defer stop()
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.servers.Go(func() { handle(ctx, how, conn) })
		}
	})
	return nil
}

func (r *run) serveHTTP(ctx context.Context, l net.Listener, status int) {
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(status)
			fmt.Fprintln(w, req.URL.Path)
		}),
	}
	r.servers.Go(func() { _ = server.Serve(l) })
	r.servers.Go(func() {
		<-ctx.Done()
		_ = server.Close()
	})
}

// resetter is what a connection of the simulated network offers beyond net.Conn.
type resetter interface{ Reset() }

func handle(ctx context.Context, how string, conn net.Conn) {
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	switch how {
	case "--echo":
		_, _ = io.Copy(conn, conn)
	case "--reset":
		_, _ = conn.Read(make([]byte, 1))
		if c, ok := conn.(resetter); ok {
			c.Reset()
		}
	case "--hang":
		<-ctx.Done()
	}
}
