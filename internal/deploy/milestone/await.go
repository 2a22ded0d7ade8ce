package milestone

// await marks what is waited for: what has not begun although all that comes
// before it is there. Where logs cannot be read their silence means nothing,
// and the health check is all that is left to wait for.
func (c *composer) await() {
	if !c.facts.Blind {
		for _, id := range []ID{ResourceManager, Workers, Proxy} {
			c.expect(c.get(id))
		}
		if rm, slices := c.get(ResourceManager), c.get(Slices); rm.State == Done && !rm.Implied && slices.State == Pending {
			// The line of the one begins the other.
			c.expect(slices)
			slices.Awaited = false
		}
		c.expect(c.nextInChain())
	}
	serving, ready := c.get(Serving), c.get(Ready)
	switch {
	case serving.State == Pending && (c.get(Server).State == Done || c.get(Images).State == Done && !c.loading() && !c.serverEnded()):
		serving.settle(latest(c.before(Serving), c.facts.LeaderUnready), serving.Finished, false)
	case serving.State == Done && ready.State == Pending:
		ready.settle(latest(c.before(Ready), c.facts.Unready), ready.Finished, false)
	}
}

// expect marks a milestone as waited for if its container runs.
func (c *composer) expect(m *Milestone) {
	if _, runs := c.facts.Containers[m.Container]; runs && m.State == Pending {
		m.settle(c.before(m.ID), m.Finished, false)
	}
}

// nextInChain is the milestone after the furthest that the model server has
// reached; one that is under way leaves nothing to wait for but itself.
func (c *composer) nextInChain() *Milestone {
	var next *Milestone
	for _, id := range chain() {
		m := c.get(id)
		switch {
		case m.Title == "": // not part of this start-up
		case m.State == Pending && next == nil:
			next = m
		case m.State == Active:
			next = m
		case m.State == Done:
			next = nil
		}
	}
	if next == nil {
		next = &Milestone{}
	}
	return next
}

// serverEnded reports whether the model server is known not to run: nothing would
// answer until it does.
func (c *composer) serverEnded() bool {
	process := c.get(Process)
	_, runs := c.facts.Containers[process.Container]
	return process.Container != "" && !runs
}

// loading reports whether a log tells of something under way.
func (c *composer) loading() bool {
	for _, m := range c.list {
		if m.Container != "" && m.State == Active {
			return true
		}
	}
	return false
}
