package scenario

import (
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

var _ = register(Scenario{
	Name:       "image-pull-denied",
	Summary:    "the project is not on the Pathways images' allow list; their containers stay in ImagePullBackOff",
	Provenance: "the guide's prerequisite of an allow-listed project; the refusal is worded as containerd words a 403 from a registry's token endpoint",
	Faults: world.Faults{
		Pull: func(image string) error {
			if strings.HasPrefix(image, "us-docker.pkg.dev/cloud-tpu-v2-images/pathways/") {
				return world.PullDenied(image)
			}
			return nil
		},
	},
})
