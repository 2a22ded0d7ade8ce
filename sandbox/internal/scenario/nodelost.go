package scenario

import "context"

var _ = register(Scenario{
	Name: "node-lost",
	Summary: "the machine of a TPU node with a worker stops; after 50 seconds the node is NotReady, five minutes later (by --speed) " +
		"its pods are Terminating, and so they stay, and the group with them, until the node is back or its object deleted",
	Provenance: "kube-controller-manager's node and taint-eviction controllers, which are real here; LeaderWorkerSet issue 508: the leader " +
		"is deleted in the foreground, which waits for the worker that nobody can end",
	Enter: func(ctx context.Context, c Cluster) error { return c.CrashTPUNode(ctx) },
	Leave: func(ctx context.Context, c Cluster) error { return c.ReviveTPUNode(ctx) },
})
