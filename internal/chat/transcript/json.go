package transcript

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

const (
	// version is that of the form below. It changes when an older program would
	// misread what is written; a field more is no such change.
	version = 1
	// maxSize bounds what is read. The longest answers of a long conversation
	// are a few megabytes together.
	maxSize = 256 << 20
)

type file struct {
	Version    int       `json:"version"`
	Deployment string    `json:"deployment,omitempty"`
	Saved      time.Time `json:"saved,omitzero"`
	Template   string    `json:"template,omitempty"`
	System     string    `json:"system,omitempty"`
	Turns      []turn    `json:"turns"`
}

type turn struct {
	User    string     `json:"user"`
	Answer  string     `json:"answer"`
	State   string     `json:"state"`
	Error   string     `json:"error,omitempty"`
	Begun   time.Time  `json:"begun,omitzero"`
	Dropped int        `json:"dropped,omitempty"`
	Cut     bool       `json:"cut,omitempty"`
	Stats   chat.Stats `json:"stats"`
}

// Encode writes a conversation as JSON.
func Encode(w io.Writer, c Conversation) error {
	f := file{
		Version: version, Deployment: c.Deployment, Saved: c.Saved, Template: c.Template, System: c.System,
		Turns: make([]turn, len(c.Turns)),
	}
	for i, t := range c.Turns {
		f.Turns[i] = turn{
			User: t.User, Answer: t.Answer, State: t.State.String(), Begun: t.Begun,
			Dropped: t.Dropped, Cut: t.Cut, Stats: t.Stats,
		}
		if t.Err != nil {
			f.Turns[i].Error = t.Err.Error()
		}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(f); err != nil {
		return fmt.Errorf("writing the transcript: %w", err)
	}
	return nil
}

// Decode reads what Encode wrote. Of an error only its text is left.
func Decode(r io.Reader) (Conversation, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	switch {
	case err != nil:
		return Conversation{}, fmt.Errorf("reading the transcript: %w", err)
	case len(content) > maxSize:
		return Conversation{}, fmt.Errorf("the transcript is larger than %d bytes, so it is none", maxSize)
	}
	// The version comes first: the rest may have another form.
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return Conversation{}, fmt.Errorf("this is no transcript of kubectl jetstream: %w", err)
	}
	switch {
	case head.Version == nil:
		return Conversation{}, errors.New("this is no transcript of kubectl jetstream: it has no version")
	case *head.Version > version:
		return Conversation{}, fmt.Errorf("the transcript has version %d and this program reads version %d; use the newer kubectl jetstream that wrote it", *head.Version, version)
	case *head.Version < version:
		return Conversation{}, fmt.Errorf("the transcript has version %d, which there never was; this program reads version %d", *head.Version, version)
	}
	var f file
	if err := json.Unmarshal(content, &f); err != nil {
		return Conversation{}, fmt.Errorf("reading the transcript: %w", err)
	}
	c := Conversation{Deployment: f.Deployment, Saved: f.Saved, Template: f.Template, System: f.System}
	for i, kept := range f.Turns {
		t, err := kept.turn(i + 1)
		if err != nil {
			return Conversation{}, err
		}
		c.Turns = append(c.Turns, t)
	}
	return c, nil
}

func (kept turn) turn(number int) (chat.Turn, error) {
	t := chat.Turn{
		Number: number, User: kept.User, Answer: kept.Answer, Begun: kept.Begun,
		Dropped: kept.Dropped, Cut: kept.Cut, Stats: kept.Stats,
	}
	if kept.Error != "" {
		t.Err = errors.New(kept.Error)
	}
	for _, state := range []chat.State{chat.Waiting, chat.Answering, chat.Done, chat.Stopped, chat.Failed} {
		if state.String() == kept.State {
			t.State = state
			return t, nil
		}
	}
	return chat.Turn{}, fmt.Errorf("turn %d of the transcript has the unknown state %q", number, kept.State)
}
