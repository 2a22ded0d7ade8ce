package jetstreampathways

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/driver"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/orchestrator"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/tokenizer"
)

// service is the gRPC service on port 9000.
type service struct {
	*process
	driver    *driver.Driver
	tokenizer tokenizer.Tokenizer
}

var _ orchestrator.Service = (*service)(nil)

// HealthCheck tells that the driver lives; when it does not, neither does the process.
func (s *service) HealthCheck(context.Context) (live bool, err error) { return true, nil }

// slowTTFT is the time to the first token from which on it is logged.
const slowTTFT = 2 * time.Second

// Decode answers a prompt of text with texts and token ids, and one of token ids with
// ids alone. A character that comes in several tokens is held back until it is whole.
func (s *service) Decode(ctx context.Context, request *orchestrator.DecodeRequest, send func(*orchestrator.DecodeResponse) error) error {
	start := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // frees the slot when sending fails
	tokens := len(request.TokenIDs)
	if request.Content == orchestrator.TextContent {
		tokens = len(s.tokenizer.Encode(request.Text))
	}
	r := s.driver.Submit(ctx, request.Text, tokens, int(request.MaxTokens))
	s.logger.Logf(python.Info, "Placed request on the prefill queue.")
	first := true
	var held []driver.Sample
	for {
		select {
		case sample, more := <-r.Samples():
			if !more {
				return ctx.Err()
			}
			if ttft := time.Since(start); first && ttft > slowTTFT {
				s.logSlow(ttft)
			}
			first = false
			held = append(held, sample)
			if request.Content == orchestrator.TextContent && tokenizer.IsByte(sample.Text) {
				continue
			}
			if err := send(response(held, request.Content)); err != nil {
				return err
			}
			held = nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func response(samples []driver.Sample, content orchestrator.Content) *orchestrator.DecodeResponse {
	r := new(orchestrator.DecodeResponse)
	var texts []string
	for _, s := range samples {
		texts = append(texts, s.Text)
		r.TokenIDs = append(r.TokenIDs, s.IDs...)
	}
	if content == orchestrator.TextContent {
		r.Text = tokenizer.Join(texts)
	}
	return r
}

// logSlow is a call of logging.info whose arguments do not fit its format: instead of
// the message, the logging module prints its own error.
func (s *service) logSlow(ttft time.Duration) {
	now := time.Now().UTC()
	fmt.Fprintf(s.Stderr, `--- Logging error ---
Traceback (most recent call last):
  File "/usr/lib/python3.10/logging/__init__.py", line 1100, in emit
    msg = self.format(record)
  File "/usr/lib/python3.10/logging/__init__.py", line 368, in getMessage
    msg = msg %% self.args
TypeError: not all arguments converted during string formatting
Call stack:
  File "/JetStream/jetstream/core/orchestrator.py", line 1312, in Decode
    logging.info(
Message: datetime.datetime(%d, %d, %d, %d, %d, %d, %d)
Arguments: ('Slow TTFT: %.2fs, stats=0.00;%.2f;0.05, prefill_qsize=%d',)
`, now.Year(), now.Month(), now.Day(), now.Hour(), now.Minute(), now.Second(), now.Nanosecond()/1000,
		ttft.Seconds(), ttft.Seconds(), s.driver.Waiting())
}

// tokenizer builds the tokenizer that the configuration names. The error is the
// exception that the prefill thread raises when it cannot.
func (p *process) tokenizer(e *engines) (tokenizer.Tokenizer, error) {
	path := e.config.String("tokenizer_path")
	found := slices.Contains(tokenizers, strings.TrimPrefix(path, "/maxtext/"))
	const file = "/JetStream/jetstream/engine/token_utils.py"
	build := python.At(orchestratorFile, 549, "_prefill_thread", "tokenizer = prefill_engine.build_tokenizer(metadata)")
	if e.config.String("tokenizer_type") == "tiktoken" {
		if !found {
			return tokenizer.Tokenizer{}, &python.Exception{Type: "AssertionError", Message: path, Frames: []python.Frame{
				build,
				python.At(file, 363, "__init__", "self.tokenizer = llama3_tokenizer.Tokenizer(metadata.path)"),
				python.At("/JetStream/jetstream/external_tokenizers/llama3/llama3_tokenizer.py", 59, "__init__", "assert os.path.isfile(model_path), model_path"),
			}}
		}
		return tokenizer.Llama3(), nil
	}
	if !found {
		return tokenizer.Tokenizer{}, &python.Exception{
			Type: "tensorflow.python.framework.errors_impl.NotFoundError", Message: path + "; No such file or directory",
			Frames: []python.Frame{
				build,
				python.At(file, 289, "__init__", "self.vocab = load_vocab(metadata.path, metadata.extra_ids)"),
				python.At(file, 258, "load_vocab", "sp_model = vocab.sp_model"),
			},
		}
	}
	return tokenizer.Llama2(), nil
}
