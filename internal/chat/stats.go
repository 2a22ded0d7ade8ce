package chat

import "time"

// Framing is how a server sent its answer.
type Framing string

// The framings.
const (
	// Streamed: one object for each group of tokens.
	Streamed Framing = "streamed"
	// Single: one object with the whole answer.
	Single Framing = "single"
)

// Stats are the measures of one request. They are filled as far as the request
// came, also when it failed.
type Stats struct {
	// Framing is empty when no object was received.
	Framing Framing `json:"framing,omitempty"`
	// Chunks counts the objects with text in them. The server sends about one
	// for each token, and reports no number of tokens.
	Chunks int `json:"chunks"`
	// Bytes is the length of the text.
	Bytes int `json:"bytes"`
	// FirstText is the time from the request to the first text; zero when none
	// came.
	FirstText time.Duration `json:"firstText,omitzero"`
	// Total is the time from the request to its end.
	Total time.Duration `json:"total"`
	// RoundTrip is the time of the tunnel alone, from here to the pod and back,
	// apart from the model's; zero when it was not measured.
	RoundTrip time.Duration `json:"roundTrip,omitzero"`
	// Pod is who answered; empty when that is not known.
	Pod string `json:"pod,omitempty"`
}

// ChunksPerSecond is the rate after the first text, which stands for tokens
// per second. It is 0 when too little was received to tell.
func (s Stats) ChunksPerSecond() float64 {
	span := (s.Total - s.FirstText).Seconds()
	if s.Chunks < 2 || span <= 0 {
		return 0
	}
	return float64(s.Chunks-1) / span
}
