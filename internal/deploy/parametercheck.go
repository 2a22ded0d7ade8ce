package deploy

// Check returns a *ValidationError that says what is wrong with a value of the
// parameter, as far as the value alone can tell.
func (p *Parameter) Check(value string) error {
	var ps problems
	p.edits(value, &ps)
	return ps.err()
}
