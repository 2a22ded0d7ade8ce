package jetstreamhttp

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/orchestrator"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/uvicorn"
)

// maxBody is more than any prompt needs; uvicorn itself has no limit.
const maxBody = 64 << 20

// generate returns the handler of /generate. lifetime is the process's: calls that a
// client's leaving does not cancel end with it.
func (f *frontend) generate(lifetime context.Context) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { f.answer(lifetime, w, r) }
}

func (f *frontend) answer(lifetime context.Context, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		uvicorn.Detail(w, http.StatusBadRequest, "There was an error parsing the body")
		return
	}
	request, refused := parseRequest(r.Header.Get("Content-Type"), body)
	switch {
	case refused == failed:
		http.Error(w, "Internal Server Error", http.StatusInternalServerError)
		return
	case refused != nil:
		uvicorn.Detail(w, refused.status, refused.detail)
		return
	}
	maxTokens, err := strconv.ParseInt(string(request.MaxTokens), 10, 32)
	if err != nil {
		f.fail(w, &python.Exception{
			Type: "ValueError", Message: "Value out of range: " + string(request.MaxTokens),
			Frames: []python.Frame{python.At(source, 88, "generate", "request = jetstream_pb2.DecodeRequest(")},
		})
		return
	}
	decode := &orchestrator.DecodeRequest{MaxTokens: int32(maxTokens), Content: orchestrator.TextContent, Text: request.Prompt}
	if request.Stream {
		f.stream(w, r, decode)
		return
	}
	f.whole(lifetime, w, r, decode)
}

// fail logs an exception in the handler and answers 500 with its text.
func (f *frontend) fail(w http.ResponseWriter, e *python.Exception) {
	fmt.Fprintf(f.process.Stderr, "ERROR:root:Exception in generate\n%s", e.Traceback())
	uvicorn.Detail(w, http.StatusInternalServerError, e.Message)
}

// whole answers with the complete text. The call to JetStream is not cancelled when
// the client leaves, but when lifetime ends.
func (f *frontend) whole(lifetime context.Context, w http.ResponseWriter, r *http.Request, decode *orchestrator.DecodeRequest) {
	type result struct {
		text string
		err  *python.Exception
	}
	results := make(chan result, 1)
	f.background.Go(func() {
		client, err := f.dial()
		if err != nil {
			results <- result{err: callError(err, nil, iterated)}
			return
		}
		defer client.Close()
		var text strings.Builder
		err = client.Decode(lifetime, decode, func(m *orchestrator.DecodeResponse) error {
			text.WriteString(m.Text)
			return nil
		})
		if err != nil {
			results <- result{err: callError(err, client, iterated)}
			return
		}
		results <- result{text: text.String()}
	})
	select {
	case got := <-results:
		if got.err != nil {
			f.fail(w, got.err.Within(
				python.At(source, 101, "generate", "response = await future.result()"),
				python.At(source, 122, "generate_prompt", "async for r in response:"),
			))
			return
		}
		uvicorn.JSON(w, http.StatusOK, pyjson.Indented(pyjson.Object{{Name: "response", Value: got.text}}))
	case <-r.Context().Done():
	}
}

// stream answers with one JSON object a message, glued together. The headers go out
// before the first message, so an error can only break the body off.
func (f *frontend) stream(w http.ResponseWriter, r *http.Request, decode *orchestrator.DecodeRequest) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(w)
	_ = out.Flush() // a client that is gone ends the request's context

	client, err := f.dial()
	if err == nil {
		defer client.Close()
		err = client.Decode(r.Context(), decode, func(m *orchestrator.DecodeResponse) error {
			if _, err := io.WriteString(w, pyjson.Indented(chunk(m.Text))); err != nil {
				return fmt.Errorf("writing to the client: %w", err)
			}
			return out.Flush()
		})
	}
	switch {
	case err == nil:
		return
	case r.Context().Err() != nil || errors.Is(err, context.Canceled):
		// The client left; the framework cancels the call without a word.
	default:
		e := callError(err, client, iterated).Within(python.At(source, 136, "generate_prompt_stream", "async for r in response:"))
		fmt.Fprint(f.process.Stderr, exceptionGroup(e))
	}
	panic(http.ErrAbortHandler) // net/http's way to break off a body that has begun
}

// chunk is one object of a streamed answer. Each has an id of its own.
func chunk(text string) pyjson.Object {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return pyjson.Object{
		{Name: "id", Value: "generate-" + hex.EncodeToString(id[:])},
		{Name: "time_created", Value: float64(time.Now().UnixMicro()) / 1e6},
		{Name: "text", Value: text},
	}
}
