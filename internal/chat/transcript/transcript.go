// Package transcript writes conversations down: as JSON, from which they can
// be resumed, and as Markdown, to be read.
//
// A transcript holds what was said as it was said. Only the Markdown leaves out
// characters that control a terminal.
package transcript

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// Conversation is what is kept of a chat.
type Conversation struct {
	// Deployment is who answered, as NAMESPACE/NAME.
	Deployment string
	Saved      time.Time
	// Template is the name of the chat template, or the path of its file.
	Template string
	System   string
	Turns    []chat.Turn
}
