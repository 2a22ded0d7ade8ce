// Package chat holds a conversation with a model whose server takes plain text
// and knows nothing of turns.
//
// A Session turns what was said into the text of one prompt by a Template,
// leaves out the oldest turns that do not fit, and ends an answer where the
// model begins to write the next user's turn itself. It sends nothing: an
// Answerer does, which Ask calls directly and Start calls on a goroutine of
// its own.
//
// A Session belongs to one goroutine. A Stream may be filled by one goroutine
// and read by another: it loses no text, keeps its order, and holds no more
// than what was not taken.
//
// Lengths in tokens are estimates. The model's tokenizer is not here, so they
// are meant to err upwards; see EstimateTokens for how far that goes.
package chat
