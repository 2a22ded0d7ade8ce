package scenario

import "github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"

var _ = register(Scenario{
	Name:       "model-runs-on",
	Summary:    "the model does not stop after its answer: it invents the next turn of the user in the prompt's own layout, answers it, and so on up to max_tokens",
	Provenance: "JetStream's tokenizers, which take the markup of a prompt as text, so that nothing tells the model that its turn is over; the turns are made up",
	Faults: world.Faults{
		Answer: func(a *world.Answer) { a.RunsOn = true },
	},
})
