package tui

import (
	"context"
	"os/exec"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/milestone"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/form"
)

// Backend is what the dashboard needs of the outside world. Its methods are
// called beside the program, possibly several at a time, with a context that
// ends with it.
type Backend interface {
	// Deployments lists what runs in the namespace.
	Deployments(ctx context.Context) ([]Deployment, error)
	// Observe looks at one deployment until ctx ends.
	Observe(ctx context.Context, name string) (*Observation, error)
	// YAML returns an object of the deployment as the API server has it. An
	// empty pod means the LeaderWorkerSet.
	YAML(ctx context.Context, name, pod string) (string, error)
	// Earlier returns the kept log of a container from the incarnation of its
	// group before the present one, and when that began.
	Earlier(ctx context.Context, name string, stream logtail.Stream) ([]logtail.Line, time.Time, error)
	// Deploy applies a request. The channel tells what happens; it is closed
	// after an event that is Done.
	Deploy(ctx context.Context, r Request) <-chan DeployEvent

	Actions
	Talk
}

// Talk is what a conversation needs beside the model.
type Talk interface {
	// SaveChat writes a conversation with a deployment into a file, by the ending
	// of its name as Markdown or as JSON, or to the usual place if the path is
	// empty. It returns where.
	SaveChat(ctx context.Context, name, path string, s chat.Settings, turns []chat.Turn) (string, error)
	// ChatTemplate returns the template of a name or of a file.
	ChatTemplate(ctx context.Context, name string) (chat.Template, error)
	// Editor prepares the person's own editor for a text.
	Editor(text string) (Editing, error)
}

// Editing is a text in an editor outside of this program.
type Editing struct {
	// Command runs the editor on the terminal.
	Command *exec.Cmd
	// Written returns the text when Command has ended, and takes away what was
	// needed for it. It is called once.
	Written func() (string, error)
}

// Actions change something. They are never called with Config.ReadOnly.
type Actions interface {
	// DeleteGroup deletes the leader of a group, with which LeaderWorkerSet
	// recreates the whole group.
	DeleteGroup(ctx context.Context, name string, group int) error
	// Restart replaces all groups one after the other.
	Restart(ctx context.Context, name string) error
	// Scale sets the number of groups.
	Scale(ctx context.Context, name string, groups int) error
	// Delete deletes the deployment, and returns what still costs money, also
	// together with an error.
	Delete(ctx context.Context, name string) (string, error)
}

// Deployment is one of several to choose from.
type Deployment struct {
	Name    string
	State   string // in words: "2/2 groups ready"
	Created time.Time
}

// Observation is a deployment that is looked at.
type Observation struct {
	// Snapshots are latest-wins; the channel is closed when the observation
	// ends.
	Snapshots <-chan status.Snapshot
	Logs      *logtail.Book
	// Expect returns how long the steps of a start-up are expected to take. It
	// may read the disk, so it is called beside the program.
	Expect func(s status.Snapshot) (forecast.Expectations, Last)
	// Chat sends prompts to a leader that serves; nil if there is no way to.
	Chat chat.Answerer
}

// Last is how long the steps of the latest complete start-up took, for
// comparison; nil where none is kept.
type Last map[milestone.ID]time.Duration

// Request is what is to be deployed.
type Request struct {
	Name    string
	Profile string
	Values  map[string]string
}

// DeployEvent is something that happened while applying.
type DeployEvent struct {
	Time time.Time
	// Object is what it is about, as kubectl writes it; may be empty.
	Object  string
	Message string
	// Step names the milestone that this belongs to: one of the Step constants.
	Step milestone.ID
	// Question, if not nil, has to be answered before anything goes on.
	Question *Question
	// Done is true for the last event, with Err if it failed. Name is then the
	// deployment's.
	Done bool
	Err  error
	Name string
}

// Steps of a deployment before there is anything to observe.
const (
	// StepLWS: LeaderWorkerSet is looked for, and installed where it is absent.
	StepLWS milestone.ID = "leaderworkerset"
	// StepWebhook: its controller runs, and its webhook answers.
	StepWebhook milestone.ID = "webhook"
	// StepApply: the deployment's own objects are applied.
	StepApply milestone.ID = "apply"
)

// Question asks for consent.
type Question struct {
	// Lines say what would happen.
	Lines []string
	// Answer takes one value; it has room for it.
	Answer chan<- bool
}

// Config is what a dashboard is started with.
type Config struct {
	Backend Backend
	// Context and Namespace name where the deployment is.
	Context, Namespace string
	// Name is the deployment to show. If it is empty the one that exists is
	// shown, or one chosen of several, or one that is deployed by the form.
	Name string
	// Deploy, if not nil, is applied first.
	Deploy *Request
	// Form is what the form is made of; without profiles there is none.
	Form form.Options
	// ReadOnly leaves out everything that changes something.
	ReadOnly bool
	// Hopeless, if not nil, returns the finding that ends the program: a cause
	// that waiting cannot heal.
	Hopeless func(status.Snapshot) *status.Finding
	// Deadline ends the program, unless it is zero or the deployment has been
	// Ready by then.
	Deadline time.Time
	Chat     ChatConfig
	ASCII    bool
	Theme    Theme
	// Program is how a person calls this program, "kubectl jetstream", and
	// DefaultName the deployment that it means when none is named.
	Program, DefaultName string
	// Now is the clock.
	Now func() time.Time
}

// ChatConfig is what a conversation begins with.
type ChatConfig struct {
	// Settings returns those that fit a deployment: its template, and how long
	// prompts and answers may be. It is asked again when these change. The rest of
	// them holds from the beginning, and is the same for every snapshot.
	Settings func(status.Snapshot) chat.Settings
	// Turns are those of a conversation that goes on.
	Turns []chat.Turn
	// Front begins with the chat alone on the screen.
	Front bool
}

// Outcome is what a dashboard ended with.
type Outcome struct {
	// Name is the deployment that was shown last; empty if none was.
	Name string
	// Last is the last snapshot, Seen whether there was one.
	Last status.Snapshot
	Seen bool
	// Interrupted is true if the person left by Ctrl-C.
	Interrupted bool
	// Fatal is the finding that ended the program, by Config.Hopeless, and
	// TimedOut whether Config.Deadline did.
	Fatal    *status.Finding
	TimedOut bool
	// Turns are what was said, with the settings at the end.
	Turns    []chat.Turn
	Settings chat.Settings
	// Report is what actions had to say that must outlive the screen.
	Report string
	// Err is why nothing could be shown or deployed.
	Err error
}
