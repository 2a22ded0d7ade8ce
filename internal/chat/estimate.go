package chat

// EstimateTokens estimates how many tokens a text has, and errs upwards.
func EstimateTokens(text string) int {
	return (len(text) + 2) / 3
}
