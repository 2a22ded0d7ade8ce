package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/tunnel"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/health"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const forwardLong = `Offer the model on a port of this machine, until interrupted.

The URL goes to standard output, on a line of its own; what happens goes to
standard error. Each connection goes to a leader that answers at that time, so the
port outlives pods: after a restart, an update or a lost connection to the cluster
the next connection finds the way again. While no leader answers, a connection
waits for up to 30 seconds and is closed then.

A connection that breaks is reset, so that half an answer is not taken for a whole
one. Nothing is sent twice.`

const forwardExample = `  # On a free port
  %[1]s forward

  # For a script
  %[1]s forward > url &
  until test -s url; do sleep 1; done
  curl --json '{"prompt": "Hello", "max_tokens": 50}' "$(cat url)/generate"`

func newForwardCommand(a *app) *cobra.Command {
	o := &forwardOptions{app: a}
	cmd := &cobra.Command{
		Use:     "forward [NAME]",
		Short:   "Offer the model on a local port that outlives pods",
		Long:    forwardLong,
		Example: fmt.Sprintf(forwardExample, a.name),
		Args:    atMostOneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("group") {
				o.group = nil
			}
			if err := o.complete(args); err != nil {
				return forCommand(cmd, err)
			}
			return o.run(cmd.Context())
		},
	}
	cmd.ValidArgsFunction = a.completeDeployments
	o.group = new(int)
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&o.port, "port", 0, "local port (0 means a free one)")
	flags.StringVar(&o.address, "address", "127.0.0.1", "address of this machine to listen on; beyond this machine, anyone who reaches it can use the model")
	flags.IntVar(o.group, "group", 0, "only the group with this `index` (default whichever answers)")
	return cmd
}

type forwardOptions struct {
	*app

	deployment deploymentRef
	port       int
	address    string
	group      *int // nil: any
}

func (o *forwardOptions) complete(args []string) error {
	switch {
	case o.port < 0 || o.port > 65535:
		return usagef("--port %d is not between 0 and 65535", o.port)
	case o.group != nil && *o.group < 0:
		return usagef("--group %d is negative", *o.group)
	case o.address == "":
		return usagef("--address is empty; leave it out for 127.0.0.1")
	}
	var err error
	o.deployment, err = o.deploymentNamed(args)
	return err
}

func (o *forwardOptions) run(ctx context.Context) error {
	listener, err := o.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	sight, err := o.sight(o.deployment)
	if err != nil {
		return err
	}
	defer sight.close()
	return sight.observe(ctx, func(snapshots <-chan status.Snapshot) error {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s, ok := <-snapshots:
			if !ok {
				return lostSight(ctx)
			}
			if s.Phase == status.NotFound {
				return o.noDeployment()
			}
			return o.forward(ctx, sight.tunnel, listener, s, snapshots)
		}
	})
}

// listen takes the port. It happens first, since nothing else can be helped so fast.
func (o *forwardOptions) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	address := net.JoinHostPort(o.address, strconv.Itoa(o.port))
	listener, err := config.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listening on %s: the port is in use; choose another with --port, or leave --port out for a free one", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listening on %s: the system keeps this port to privileged users; choose one from 1024 on with --port", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, new(*net.DNSError)), errors.As(err, new(*net.AddrError)):
		return nil, fmt.Errorf("listening on %s: this machine has no such address; leave --address out for 127.0.0.1", address)
	case err != nil:
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return listener, nil
}

// forward prints the URL and serves it until ctx ends or nothing can be forwarded.
func (o *forwardOptions) forward(ctx context.Context, t *tunnel.Tunnel, listener net.Listener, first status.Snapshot, snapshots <-chan status.Snapshot) error {
	local, open := urlOf(listener.Addr())
	news := newForwardNews(o.ErrOut, o.errTTY)
	if open {
		news.line(fmt.Sprintf("Warning: %s can be reached from other machines, and anyone who reaches it can use the model.", listener.Addr()))
	}
	if _, err := fmt.Fprintln(o.Out, local); err != nil {
		return fmt.Errorf("printing the URL: %w", err)
	}
	seen := newLeaders(first)
	route := &tunnel.Route{Tunnel: t, Port: health.DefaultPort, Candidates: seen.candidates, Group: o.group, Patience: leaderPatience}
	f := &forwarder{leaders: seen, dial: route.DialContext, group: o.group, news: news, now: o.now}
	return f.run(ctx, listener, snapshots)
}

// urlOf is how a program of this machine reaches a listener, and whether others can.
func urlOf(address net.Addr) (url string, open bool) {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return "http://" + address.String(), true
	}
	ip := net.ParseIP(host)
	switch {
	case ip == nil, ip.IsLoopback():
	case ip.IsUnspecified() && ip.To4() != nil:
		host, open = "127.0.0.1", true
	case ip.IsUnspecified():
		host, open = "::1", true
	default:
		open = true
	}
	return "http://" + net.JoinHostPort(host, port), open
}

func (o *forwardOptions) noDeployment() error {
	return &notReadyError{
		meaning: fmt.Sprintf("there is no deployment %s in namespace %s", o.deployment.name, o.deployment.namespace),
		remedy:  []string{"Deploy one with:", "  " + o.again("up", o.deployment, "--profile", "…")},
	}
}
