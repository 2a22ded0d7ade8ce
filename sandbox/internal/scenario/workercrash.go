package scenario

import "github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"

var _ = register(Scenario{
	Name:       "worker-crash",
	Summary:    "worker 1 of each group exits with code 1 half a minute after its slice is placed, each time; the group is recreated again and again",
	Provenance: "LeaderWorkerSet's restart policy RecreateGroupOnPodRestart for the consequence; the crash itself is made up and prints nothing",
	Faults: world.Faults{
		Crash: func(m world.Milestone) (exitCode int, lines []string) {
			if m.Name == "executing" && m.Labels["leaderworkerset.sigs.k8s.io/worker-index"] == "1" {
				return 1, nil
			}
			return 0, nil
		},
	},
})
