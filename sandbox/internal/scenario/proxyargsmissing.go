package scenario

import (
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

var _ = register(Scenario{
	Name:       "proxy-args-missing",
	Summary:    "pathways-proxy starts without arguments, as in the guide's 405B manifest; jax-tpu gives up after a minute: Unable to initialize backend 'proxy'",
	Provenance: "the guide's manifest jetstream-pathways-llama-3-1-405b-4x4.yaml, whose proxy has \"args:\" and nothing below; the message is that of \"Troubleshoot Pathways on Cloud\", section \"Not able to connect to the IFRT proxy server\"",
	Faults: world.Faults{
		Start: func(s *world.Start) {
			if strings.Contains(s.Image, "/pathways/proxy_server") {
				s.Args = nil
			}
		},
	},
})
