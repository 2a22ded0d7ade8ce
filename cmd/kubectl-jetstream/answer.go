package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/tui/safetext"
)

// answerPrinter writes an answer while it comes.
type answerPrinter interface {
	piece(text string) error
	// end finishes the answer, complete or cut off.
	end(stats chat.Stats, failure error) error
}

// printer prints the answer of a sample, counted from 1; 0 is the only one.
func (o *generateOptions) printer(sample int) answerPrinter {
	switch o.output {
	case "json":
		return &jsonAnswer{w: o.Out, sample: sample}
	case "jsonl":
		return &jsonlAnswer{w: o.Out, sample: sample}
	}
	return &textAnswer{w: o.Out, clean: o.outTTY && !o.raw, exact: o.raw}
}

// textAnswer writes the text itself, made safe for a terminal, and ends it
// with a newline unless every byte is to be the model's.
type textAnswer struct {
	w            io.Writer
	clean, exact bool
	tail         string // the last text written
}

func (p *textAnswer) piece(text string) error {
	if p.clean {
		text = safetext.Text(text)
	}
	if text == "" {
		return nil
	}
	p.tail = text
	_, err := io.WriteString(p.w, text)
	return err
}

func (p *textAnswer) end(chat.Stats, error) error {
	if p.exact || p.tail == "" || strings.HasSuffix(p.tail, "\n") {
		return nil
	}
	_, err := io.WriteString(p.w, "\n")
	return err
}

// answerEnd is the object of -o json and the last one of -o jsonl.
type answerEnd struct {
	Sample   int     `json:"sample,omitempty"`
	Text     *string `json:"text,omitempty"`
	Complete bool    `json:"complete"`
	Error    string  `json:"error,omitempty"`

	Chunks           int     `json:"chunks"`
	FirstTextSeconds float64 `json:"firstTextSeconds,omitempty"`
	TotalSeconds     float64 `json:"totalSeconds"`
	ChunksPerSecond  float64 `json:"chunksPerSecond,omitempty"`
	// TunnelSeconds is what the way there and back takes of it.
	TunnelSeconds float64 `json:"tunnelSeconds,omitempty"`
	Pod           string  `json:"pod,omitempty"`
}

func endOf(sample int, stats chat.Stats, failure error) answerEnd {
	e := answerEnd{
		Sample: sample, TunnelSeconds: seconds(stats.RoundTrip), Pod: stats.Pod,
		Complete: failure == nil, Chunks: stats.Chunks,
		FirstTextSeconds: seconds(stats.FirstText), TotalSeconds: seconds(stats.Total), ChunksPerSecond: stats.ChunksPerSecond(),
	}
	if failure != nil {
		e.Error = failure.Error()
	}
	return e
}

// jsonAnswer writes one object when the answer has ended.
type jsonAnswer struct {
	w      io.Writer
	sample int
	text   strings.Builder
}

func (p *jsonAnswer) piece(text string) error {
	p.text.WriteString(text)
	return nil
}

func (p *jsonAnswer) end(stats chat.Stats, failure error) error {
	if failure != nil && stats.Chunks == 0 {
		return nil // there is no answer to print
	}
	e, text := endOf(p.sample, stats, failure), p.text.String()
	e.Text = &text
	return printData(p.w, "json", e)
}

// jsonlAnswer writes one object a piece, and one for the end.
type jsonlAnswer struct {
	w      io.Writer
	sample int
}

func (p *jsonlAnswer) piece(text string) error {
	return writeLine(p.w, struct {
		Sample int    `json:"sample,omitempty"`
		Text   string `json:"text"`
	}{p.sample, text})
}

func (p *jsonlAnswer) end(stats chat.Stats, failure error) error {
	if failure != nil && stats.Chunks == 0 {
		return nil
	}
	return writeLine(p.w, endOf(p.sample, stats, failure))
}

func writeLine(w io.Writer, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encoding the output: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// wholeAnswer keeps an answer back until it is complete and prints it between before
// and after, which keep it apart from others.
type wholeAnswer struct {
	before, after func()
	to            answerPrinter
	text          strings.Builder
}

func (p *wholeAnswer) piece(text string) error {
	p.text.WriteString(text)
	return nil
}

func (p *wholeAnswer) end(stats chat.Stats, failure error) error {
	if p.text.Len() == 0 {
		return p.to.end(stats, failure)
	}
	p.before()
	defer p.after()
	if err := p.to.piece(p.text.String()); err != nil {
		return err
	}
	return p.to.end(stats, failure)
}

// statsText is one line of measures. The server reports no number of
// tokens; it sends about one piece for each.
func statsText(s chat.Stats) string {
	text := fmt.Sprintf("%.2f s to the first text, %.1f s in all, %d pieces", s.FirstText.Seconds(), s.Total.Seconds(), s.Chunks)
	if rate := s.ChunksPerSecond(); rate > 0 {
		text += fmt.Sprintf(", %.0f a second", rate)
	}
	if s.RoundTrip > 0 {
		text += fmt.Sprintf(", tunnel %.1f ms", s.RoundTrip.Seconds()*1000)
	}
	if s.Pod != "" {
		text += ", from " + s.Pod
	}
	return text
}
