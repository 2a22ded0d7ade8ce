package world

// Faults are the places where a scenario may change what the world answers. Every
// field may be nil, which means: no fault. Functions must be safe for concurrent
// use and must not block.
type Faults struct {
	// Pull answers for the image registry. A non-nil error is the registry's refusal,
	// worded as the container runtime reports it.
	Pull func(image string) error
	// Start edits what a container is about to be started with, as a mistaken
	// manifest would have.
	Start func(*Start)
	// Checkpoint answers for a checkpoint path before object storage is asked.
	Checkpoint func(path string) error
	// ReadRate changes the rate, in bytes per second and per slice, at which a
	// checkpoint is read.
	ReadRate func(bytesPerSecond float64) float64
	// HBM changes the usable memory of one chip, in bytes.
	HBM func(bytes int64) int64
	// Crash may end a running container: it is asked with the container's identity
	// at each milestone of its program and returns an exit code above zero to crash
	// it there, with the lines to print before.
	Crash func(Milestone) (exitCode int, lines []string)
	// Answer changes what a model makes of a prompt.
	Answer func(*Answer)
}

// Answer is what a model makes of a prompt.
type Answer struct {
	// Text is all that it says, cut into tokens as any text is.
	Text string
	// Token is the text of one more token, after Text; empty for none.
	Token string
	// RunsOn tells a model that goes on where it should emit its stop token: with the
	// next turn of the user, an answer to that, and so on until its allowance ends.
	RunsOn bool
}

// Start is a container about to be started.
type Start struct {
	Namespace, Pod, Container, Image string
	Restarts                         int
	Args                             []string
	Env                              map[string]string
}

// Milestone is a point that a simulated program has reached.
type Milestone struct {
	Namespace, Pod, Container string
	// Name is the program's own name of the point, such as "serving" or "restored".
	Name string
	// Labels are those of the pod; group and worker index are among them.
	Labels map[string]string
}
