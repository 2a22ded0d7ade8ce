// Package tunnel connects to ports of pods through the API server, in process:
// no local port, no child process.
//
// All connections to one pod share one streaming connection (SPDY, tunnelled
// through a WebSocket where the server can). Each has a pair of streams of its
// own in it, so that a refused port, a reset or a cancelled request ends that
// connection and no other. A shared connection that breaks fails the
// connections in it with a *LostError; the next dial opens a new one. Nothing
// is sent twice.
//
// A shared connection that has gone silent, after sleep or a change of network,
// breaks in the same way: its pings tell.
//
// A Route is a dialer for one deployment instead of one pod: it picks the leader at
// each dial, and tries again what may pass.
//
// A pod is known by its UID: after its replacement the old shared connection
// is not used for the new pod.
//
// A Tunnel may be used by many goroutines at once. Close ends its connections
// and waits for what it started.
package tunnel
