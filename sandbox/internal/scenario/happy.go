package scenario

var _ = register(Scenario{
	Name:       "happy",
	Summary:    "nothing fails; the model is served after restore and warm-up",
	Provenance: "the guide's own walk-through",
})
