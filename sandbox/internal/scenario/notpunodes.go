package scenario

import "context"

var _ = register(Scenario{
	Name:       "no-tpu-nodes",
	Summary:    "the TPU node pools have no nodes; the leader stays Pending and no worker is created",
	Provenance: "the scheduler's own FailedScheduling event, and LeaderWorkerSet's exclusive placement, which waits for the leader's node",
	Enter:      func(ctx context.Context, c Cluster) error { return c.RemoveTPUNodes(ctx) },
	Leave:      func(ctx context.Context, c Cluster) error { return c.RestoreTPUNodes(ctx) },
})
