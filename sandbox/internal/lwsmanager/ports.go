package lwsmanager

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
)

// forwardPorts opens a port of the pod for each line of announced, which holds its
// number, and connects who dials it with the socket of that name. It returns when ctx
// has ended, announced is at its end and every connection is closed.
func forwardPorts(ctx context.Context, p *container.Process, sockets string, announced io.Reader) {
	var work sync.WaitGroup
	defer work.Wait()
	for lines := bufio.NewScanner(announced); lines.Scan(); {
		port, err := strconv.ParseUint(lines.Text(), 10, 16)
		if err != nil {
			fmt.Fprintf(p.Stderr, "jetstream-sandbox: opening port %q: %v\n", lines.Text(), err)
			continue
		}
		l, err := p.Net.Listen(uint16(port))
		if err != nil {
			fmt.Fprintf(p.Stderr, "jetstream-sandbox: opening port %d: %v\n", port, err)
			continue
		}
		socket := filepath.Join(sockets, lines.Text())
		work.Go(func() { forward(ctx, l, socket) })
	}
}

// forward serves one port until ctx ends or the listener is closed.
func forward(ctx context.Context, l net.Listener, socket string) {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var connections sync.WaitGroup
	defer connections.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		connections.Go(func() { connect(ctx, conn, socket) })
	}
}

// connect joins a connection of the pod's network with the child's socket.
func connect(ctx context.Context, pod net.Conn, socket string) {
	defer pod.Close()
	var dialer net.Dialer
	child, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return
	}
	defer child.Close()
	stop := context.AfterFunc(ctx, func() { _, _ = pod.Close(), child.Close() })
	defer stop()
	var directions sync.WaitGroup
	for _, way := range []struct{ to, from net.Conn }{{child, pod}, {pod, child}} {
		directions.Go(func() {
			if _, err := io.Copy(way.to, way.from); err == nil {
				if half, ok := way.to.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
					return
				}
			}
			_, _ = pod.Close(), child.Close()
		})
	}
	directions.Wait()
}
