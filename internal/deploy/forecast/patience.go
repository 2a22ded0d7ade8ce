package forecast

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
)

// patience is how long a milestone may be under way before that is worth a
// warning, and what to check then.
type patience struct {
	// limit holds where nothing is expected of the milestone; zero never warns.
	limit time.Duration
	hint  string
}

const (
	// tolerance is how many times the longest expected duration a milestone may
	// take. Documented durations are round, and measured ones few.
	tolerance = 2
	// grace is what a milestone of a few seconds may take longer in any case.
	grace = time.Minute
)

// exceeds reports whether a milestone has been under way for longer than is
// plausible.
func (p patience) exceeds(elapsed time.Duration, expected Range) bool {
	limit := p.limit
	if expected.Known() {
		limit = max(tolerance*expected.Max, expected.Max+grace)
	}
	return limit > 0 && elapsed > limit
}

// loadPatience is for a load of which only the end can be seen: pulling, restore
// and warm-up of the largest model are documented with less than half of it.
func loadPatience() patience {
	return patience{45 * time.Minute, "check the log of jax-tpu: how far it came, and whether it still prints; without permission to read logs only its owner can see that"}
}

// patienceWith returns the line of the table for a milestone. The limits are
// several times what is documented or was measured, as a warning that is wrong
// is worse than a late one.
func patienceWith(id milestone.ID) patience {
	switch id {
	case milestone.Applied:
		// The controller creates a leader within a second.
		return patience{time.Minute, "check whether the LeaderWorkerSet controller runs (kubectl get pods -n lws-system), and the events of the LeaderWorkerSet and its StatefulSet: they say who refuses the leader pod"}
	case milestone.Scheduled:
		// GKE takes minutes to create a node pool.
		return patience{10 * time.Minute, "check the scheduling reason of the pod without a node; a node pool of the accelerator and topology has to exist and be free"}
	case milestone.Images:
		// Images of some GB take one to five minutes to pull.
		return patience{5 * time.Minute, "check the pod whose containers do not run and its events: the Pathways images need a project that was given access, and the node a way to the registry"}
	case milestone.ResourceManager:
		// The Pathways servers need seconds.
		return patience{3 * time.Minute, "check the log of pathways-rm: the scratch bucket, and the node's service account that has to be able to write to it"}
	case milestone.Workers:
		return patience{3 * time.Minute, "check the worker whose log lacks \"Pathways Server serving on\", its node, and the chips of that node"}
	case milestone.Slices:
		// Twenty seconds after the resource manager in the documented sample.
		return patience{3 * time.Minute, "check whether every worker reaches the resource manager, and whether --instance_type and --instance_count of pathways-rm fit the node pools"}
	case milestone.Proxy:
		return patience{3 * time.Minute, "check the arguments and the log of pathways-proxy: it needs --resource_manager_address and --server_port"}
	case milestone.Process:
		// Importing JAX and MaxText takes some ten seconds.
		return patience{3 * time.Minute, "check the log of jax-tpu: its first lines name an argument that it does not know"}
	case milestone.Backend:
		// The client gives up after about a minute, and is tried again.
		return patience{3 * time.Minute, "check pathways-proxy: jax-tpu connects to it, and both images have to be of one version"}
	case milestone.Mesh:
		return patience{3 * time.Minute, "check the log of jax-tpu, and whether the slices have as many chips as the server expects"}
	case milestone.Restore:
		// The guide states up to twenty minutes for the largest model.
		return patience{30 * time.Minute, "check whether the checkpoint's bucket is in the region of the slice, how fast it is read (the bucket's metrics), and lines of orbax in the log of jax-tpu"}
	case milestone.Weights, milestone.WarmUp:
		// Compiling is not documented for the largest model, and images that log
		// little leave it to the milestone before.
		return patience{15 * time.Minute, "check the log of jax-tpu for the last prompt length that was compiled; programs that do not fit in memory are tried for long"}
	case milestone.Driver, milestone.Server:
		return patience{3 * time.Minute, "check the end of jax-tpu's log: a thread that failed says why"}
	case milestone.Serving:
		// The server's banner comes when it can answer already.
		return patience{2 * time.Minute, "check what /healthcheck answers, and the log of jetstream-http, which asks the model on port 9000"}
	case milestone.Ready:
		// The guide's probe first looks after ten minutes, and then once a minute.
		return patience{15 * time.Minute, "check the pod that is not ready, and the probes of its containers"}
	}
	return patience{}
}
