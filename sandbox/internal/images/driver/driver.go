// Package driver is JetStream's request pipeline: prefill, transfer, generate. A
// request waits in line for the one prefill thread, gets its first token there, then
// waits for a decode slot and gets one token at every step of the generate thread
// until its text or its allowance ends. The queues between the threads are as short
// as the real ones, so a full server shows the same picture: a few requests beyond
// the slots have their first token and wait for the second.
package driver

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/tokenizer"
)

// Config describes the engines that a Driver drives.
type Config struct {
	// Slots is how many requests decode at once.
	Slots int
	// Disaggregated tells engines of their own for prefill and generate from one
	// that interleaves both.
	Disaggregated bool
	// MaxPrefill is the longest prompt in tokens.
	MaxPrefill int
	// StepTime is the time between two tokens of one slot.
	StepTime  time.Duration
	Tokenizer tokenizer.Tokenizer
	// Prefill runs before a prompt of the bucket's length is answered: it takes the
	// time that the real one takes. An error is that of the compiler or the devices.
	Prefill func(ctx context.Context, bucket int) error
	// Generate runs once, before the first step after the driver's start.
	Generate func(ctx context.Context) error
	// Answer is the model: what it says to a prompt before its stop token. Nobody asks
	// for more tokens than most.
	Answer func(prompt string, most int) []tokenizer.Token
	// OnStep is told of each step: its number, how many slots were free, and how long
	// ago the step before it was.
	OnStep func(step, free int, took time.Duration)
	// OnLongPrompt is told of each prompt that was cut.
	OnLongPrompt func()
}

// buckets are the lengths that prompts are padded to.
var buckets = []int{16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768}

// Buckets are the lengths that the engines are warmed up for: the usual ones up to
// the longest prompt, and that one itself.
func Buckets(maxPrefill int) []int {
	var upTo []int
	for _, b := range buckets {
		if b <= maxPrefill {
			upTo = append(upTo, b)
		}
	}
	if !slices.Contains(upTo, maxPrefill) {
		upTo = append(upTo, maxPrefill)
	}
	return upTo
}

// Sample is one message of an answer: a token, or the end. A stop token ends it with
// its id and no text; the end of the allowance has neither.
type Sample struct {
	Text string
	IDs  []int32
}

// ThreadError is the error that ended one of the driver's threads, and with it the
// process.
type ThreadError struct {
	Thread string
	Err    error
}

func (e *ThreadError) Error() string { return fmt.Sprintf("thread %s: %v", e.Thread, e.Err) }
func (e *ThreadError) Unwrap() error { return e.Err }

// BucketError is a longest prompt that is none of the usual lengths: the real server
// warms up for it and then fails to pad the first prompt.
type BucketError struct{ MaxPrefill int }

func (e *BucketError) Error() string { return fmt.Sprintf("%d is not in list", e.MaxPrefill) }

// Request is one prompt under way.
type Request struct {
	// gone is closed when the caller has lost interest: such a request is dropped
	// where it is met, and its slot freed.
	gone      <-chan struct{}
	prompt    string
	tokens    int
	maxTokens int
	answer    []tokenizer.Token
	sent      int
	out       chan Sample
}

// Samples yields the messages of the answer and is closed after the last.
func (r *Request) Samples() <-chan Sample { return r.out }

// dropped reports whether nobody waits for the answer any more.
func (r *Request) dropped() bool {
	select {
	case <-r.gone:
		return true
	default:
		return false
	}
}

// Driver runs the pipeline. Submit may be called by many goroutines.
type Driver struct {
	config   Config
	backlog  *queue
	transfer chan *Request
	generate chan *Request
}

// New returns a driver whose Run is still to be called; requests submitted before
// wait.
func New(c Config) *Driver {
	transfer, generate := 1, 1
	if c.Disaggregated {
		transfer, generate = 4, max(1, c.Slots/3)
	}
	return &Driver{config: c, backlog: newQueue(), transfer: make(chan *Request, transfer), generate: make(chan *Request, generate)}
}

// Submit places a request on the prefill queue, which has no bound; it is dropped
// once ctx ends. prompt and tokens
// are the text, where there is one, and how many tokens it has.
func (d *Driver) Submit(ctx context.Context, prompt string, tokens, maxTokens int) *Request {
	r := &Request{gone: ctx.Done(), prompt: prompt, tokens: tokens, maxTokens: max(1, maxTokens)}
	r.answer = d.config.Answer(d.fit(r), r.maxTokens)
	// Room for the whole answer, as the real channel has no bound: a slow reader
	// must not hold up the slot's neighbours.
	r.out = make(chan Sample, min(r.maxTokens, len(r.answer))+1)
	d.backlog.put(r)
	return r
}

// fit returns what the model sees of a prompt: one that is too long, with the token
// that begins it, loses its beginning.
func (d *Driver) fit(r *Request) string {
	if r.tokens+1 <= d.config.MaxPrefill {
		return r.prompt
	}
	tokens := d.config.Tokenizer.Encode(r.prompt)
	var kept []string
	for _, t := range tokens[max(0, len(tokens)-d.config.MaxPrefill):] {
		kept = append(kept, t.Text)
	}
	return tokenizer.Join(kept)
}

// next sends the next message of the answer and reports whether it was the last.
func (d *Driver) next(r *Request) (last bool) {
	switch {
	case r.sent == r.maxTokens:
		r.out <- Sample{}
	case r.sent == len(r.answer):
		r.out <- Sample{IDs: []int32{d.config.Tokenizer.Stop}}
	default:
		token := r.answer[r.sent]
		r.sent++
		r.out <- Sample{Text: token.Text, IDs: []int32{token.ID}}
		return false
	}
	return true
}
