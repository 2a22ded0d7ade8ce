package controlplane

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// These fit a store of one member that holds a few thousand objects for an hour.
const (
	// walSegment is how much disk the log takes at once, in bytes; etcd's own 64 MB
	// would make two such files for a sandbox that writes less than one.
	walSegment = 2 << 20
	// tick and election are in milliseconds. A single member elects itself after a
	// random one to two election times, which is the larger part of etcd's start;
	// shorter ticks than these cost more when idle than they save.
	tick, election = 50, 250
	// snapshotEntries bounds the entries that raft keeps in memory.
	snapshotEntries, catchUpEntries = 2000, 200
)

const (
	clientSocket = "etcd-client.sock"
	peerSocket   = "etcd-peer.sock"
)

type etcd struct {
	server *embed.Etcd
}

// startEtcd returns once the store takes writes.
func startEtcd(ctx context.Context, cfg Config) (*etcd, error) {
	wal.SegmentSizeBytes = walSegment
	c := embed.NewConfig()
	c.Name = "sandbox"
	c.Dir = filepath.Join(cfg.Dir, "etcd")
	for _, name := range []string{clientSocket, peerSocket} {
		// etcd replaces a socket file itself, but only where it may listen at all.
		if err := os.Remove(filepath.Join(cfg.SocketDir, name)); err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("removing a stale socket: %w", err)
		}
	}
	c.ListenClientUrls = []url.URL{{Scheme: "unix", Path: filepath.Join(cfg.SocketDir, clientSocket)}}
	c.ListenPeerUrls = []url.URL{{Scheme: "unix", Path: filepath.Join(cfg.SocketDir, peerSocket)}}
	// Advertised addresses must be host:port, even where nobody will dial them.
	c.AdvertiseClientUrls = []url.URL{{Scheme: "http", Host: "localhost:2379"}}
	c.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "localhost:2380"}}
	c.InitialCluster = c.InitialClusterFromName(c.Name)
	// The page cache outlives the process, and what a crash of the machine may lose
	// is simulated.
	c.UnsafeNoFsync = true
	c.TickMs, c.ElectionMs = tick, election
	c.SnapshotCount, c.SnapshotCatchUpEntries = snapshotEntries, catchUpEntries
	// Zero, the default of embedded servers, logs every request as slow.
	c.WarningUnaryRequestDuration = 300 * time.Millisecond
	c.LogLevel = "error"
	c.LogOutputs = []string{filepath.Join(cfg.LogDir, "etcd.log")}

	server, err := embed.StartEtcd(c)
	if err != nil {
		return nil, fmt.Errorf("starting etcd in %s: %w", c.Dir, err)
	}
	e := &etcd{server: server}
	select {
	case <-server.Server.ReadyNotify():
		return e, nil
	case err = <-server.Err():
	case <-ctx.Done():
		err = ctx.Err()
	}
	server.Close()
	return nil, fmt.Errorf("waiting for etcd: %w", err)
}

// wait returns an error if the store fails before ctx ends.
func (e *etcd) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-e.server.Err():
		return fmt.Errorf("etcd ended: %w", err)
	}
}

// close ends the store, at the latest when ctx ends. HardStop forgoes the hand-over
// of leadership, which has nobody to go to.
func (e *etcd) close(ctx context.Context) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		e.server.Server.HardStop()
		e.server.Close()
	}()
	select {
	case <-closed:
	case <-ctx.Done():
	}
}
