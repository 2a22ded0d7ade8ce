package images

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/orchestrator"
)

// grpc returns a client of port 9000.
func (d *deployment) grpc() *orchestrator.Client {
	d.t.Helper()
	client, err := orchestrator.NewClient("localhost:9000", func(ctx context.Context, _, address string) (net.Conn, error) {
		return d.leader.Dial(ctx, address)
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return client
}

func text(prompt string, maxTokens int32) *orchestrator.DecodeRequest {
	return &orchestrator.DecodeRequest{Content: orchestrator.TextContent, Text: prompt, MaxTokens: maxTokens}
}

func collect(t *testing.T, c *orchestrator.Client, r *orchestrator.DecodeRequest) (messages []orchestrator.DecodeResponse) {
	t.Helper()
	err := c.Decode(t.Context(), r, func(m *orchestrator.DecodeResponse) error {
		messages = append(messages, *m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func TestDecode(t *testing.T) {
	t.Parallel()
	const eot, eos = 128009, 2
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec405B())
		d.ready()
		c := d.grpc()
		defer c.Close()
		if live, err := c.HealthCheck(t.Context()); err != nil || !live {
			t.Errorf("HealthCheck = %v, %v", live, err)
		}
		cut := collect(t, c, text("what is a TPU", 5))
		if last := cut[len(cut)-1]; len(cut) != 6 || last.Text != "" || len(last.TokenIDs) != 0 {
			t.Errorf("5 tokens at most gave %d messages, the last %+v; want an empty sixth", len(cut), last)
		}
		whole := collect(t, c, text("what is a TPU", 100000))
		if last := whole[len(whole)-1]; last.Text != "" || !slices.Equal(last.TokenIDs, []int32{eot}) {
			t.Errorf("the turn ends with %+v, want no text and the stop token", last)
		}
		for _, m := range whole[:len(whole)-1] {
			if m.Text == "" || len(m.TokenIDs) != 1 || m.TokenIDs[0] == eos {
				t.Fatalf("message %+v, want text and one id", m)
			}
		}
		for _, m := range collect(t, c, &orchestrator.DecodeRequest{Content: orchestrator.TokenContent, TokenIDs: []int32{1, 2, 3}, MaxTokens: 5}) {
			if m.Text != "" {
				t.Fatalf("a prompt of ids is answered with text: %+v", m)
			}
		}
		err := c.Decode(t.Context(), &orchestrator.DecodeRequest{MaxTokens: 5}, func(*orchestrator.DecodeResponse) error { return nil })
		if s := status.Convert(err); s.Code() != codes.Unknown || s.Message() != "Unexpected <class 'TypeError'>: getattr(): attribute name must be string" {
			t.Errorf("a request without content gives %v", err)
		}
	})
}

func TestBytesOfACharacterComeTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, spec70B())
		d.ready()
		c := d.grpc()
		defer c.Close()
		held := false
		for _, m := range collect(t, c, text("a long essay", 100000)) {
			if strings.Contains(m.Text, "<0x") || strings.Contains(m.Text, "�") {
				t.Fatalf("half a character in %+v", m)
			}
			if len(m.TokenIDs) > 1 {
				held = true
			}
		}
		if !held {
			t.Error("no message has the tokens of a whole character; the text has characters beyond the vocabulary")
		}
	})
}

func TestLongPromptLosesItsBeginning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, jax(spec405B(), "max_prefill_predict_length=16"))
		d.ready()
		c := d.grpc()
		defer c.Close()
		var answer strings.Builder
		for _, m := range collect(t, c, text("elephants "+strings.Repeat("and more ", 20)+"about giraffes", 40)) {
			answer.WriteString(m.Text)
		}
		if strings.Contains(answer.String(), "elephants") || !strings.Contains(answer.String(), "giraffes") {
			t.Errorf("the answer is not about the end of the prompt alone: %s", answer.String())
		}
		if !strings.Contains(d.jax.Stderr.String(), `{"message": "Provided sequence longer than available.","severity": "WARNING"`) {
			t.Errorf("log lacks the warning:\n%s", tail(d.jax.Stderr))
		}
	})
}

// twoSlots is a server that decodes two prompts at once.
func twoSlots() spec { return jax(spec405B(), "per_device_batch_size=0.125") }

func TestSlotsAreFilledInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, twoSlots())
		d.ready()
		var mu sync.Mutex
		var finished []int
		var clients sync.WaitGroup
		for i := range 8 {
			clients.Go(func() {
				c := d.grpc()
				defer c.Close()
				for range collect(t, c, text("hi", 20)) {
				}
				mu.Lock()
				defer mu.Unlock()
				finished = append(finished, i)
			})
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		clients.Wait()
		if !slices.IsSorted(finished) {
			t.Errorf("finished in order %v, want first come, first served", finished)
		}
	})
}

func TestBeyondTheSlotsOnlyTheFirstTokenComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, twoSlots())
		d.ready()
		ctx, stop := context.WithCancel(t.Context())
		var mu sync.Mutex
		tokens := make([]int, 8)
		var clients sync.WaitGroup
		for i := range tokens {
			clients.Go(func() {
				c := d.grpc()
				defer c.Close()
				_ = c.Decode(ctx, text("a long story", 100000), func(*orchestrator.DecodeResponse) error {
					mu.Lock()
					defer mu.Unlock()
					tokens[i]++
					return nil
				})
			})
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		mu.Lock()
		got := slices.Clone(tokens)
		mu.Unlock()
		// Two decode. Of the others, one waits for a slot, one each is held by the
		// transfer thread, its queue and the prefill thread, and two have nothing.
		if got[0] < 100 || got[1] < 100 || !slices.Equal(got[2:], []int{1, 1, 1, 1, 0, 0}) {
			t.Errorf("tokens after ten seconds: %v", got)
		}
		stop()
		clients.Wait()
	})
}

func TestCancellingFreesTheSlot(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		cancel func(d *deployment) (stop func())
	}{
		{"a gRPC call", func(d *deployment) func() {
			ctx, stop := context.WithCancel(d.t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				c := d.grpc()
				defer c.Close()
				_ = c.Decode(ctx, text("a long story", 100000), func(*orchestrator.DecodeResponse) error { return nil })
			}()
			return func() { stop(); <-done }
		}},
		{"a streamed HTTP answer", func(d *deployment) func() {
			ctx, stop := context.WithCancel(d.t.Context())
			body := d.stream(ctx, `{"prompt":"a long story","max_tokens":100000,"stream":true}`)
			return func() { stop(); _ = body.Close() }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := deploy(t, twoSlots())
				d.ready()
				var stops []func()
				for range 2 {
					stops = append(stops, tt.cancel(d))
					time.Sleep(time.Second)
				}
				for _, stop := range stops {
					stop()
				}
				synctest.Wait()
				start := time.Now()
				if status, _ := d.generate(`{"prompt":"hi","max_tokens":10}`); status != 200 {
					t.Errorf("status %d", status)
				}
				if took := time.Since(start); took > time.Second {
					t.Errorf("the next prompt took %v: the slots were not freed", took)
				}
			})
		})
	}
}

// The server says nothing of a client that leaves. What it logs of its slots tells, if
// it is told to.
func TestFreeSlotsAreLoggedForDebugging(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := twoSlots()
		s.env = map[string]string{"LOG_LEVEL": "DEBUG"}
		d := deploy(t, s)
		d.ready()
		newest := func() string {
			out := d.jax.Stdout.String()
			_, free, _ := strings.Cut(out[strings.LastIndex(out, "[Generate thread 0]")+1:], "slots free : ")
			free, _, _ = strings.Cut(free, ",")
			return free
		}
		var stops []func()
		for range 2 {
			ctx, stop := context.WithCancel(t.Context())
			body := d.stream(ctx, `{"prompt":"a long story","max_tokens":100000,"stream":true}`)
			stops = append(stops, func() { stop(); _ = body.Close() })
		}
		for left, want := range []string{"0 / 2", "1 / 2"} {
			time.Sleep(time.Second)
			if got := newest(); got != want {
				t.Errorf("after %d of two clients have left, the slots free are %q, want %q", left, got, want)
			}
			stops[left]()
		}
	})
}

func TestSlowFirstTokenTripsTheLogger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := deploy(t, twoSlots())
		d.ready()
		var clients sync.WaitGroup
		for i := range 8 {
			clients.Go(func() {
				c := d.grpc()
				defer c.Close()
				for range collect(t, c, text(fmt.Sprint("prompt ", i), 100)) {
				}
			})
		}
		clients.Wait()
		for _, want := range []string{"--- Logging error ---", "TypeError: not all arguments converted during string formatting", "Arguments: ('Slow TTFT: "} {
			if !strings.Contains(d.jax.Stderr.String(), want) {
				t.Errorf("log lacks %q", want)
			}
		}
	})
}
