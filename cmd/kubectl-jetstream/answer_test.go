package main

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

func TestAnswers(t *testing.T) {
	t.Parallel()
	stats := chat.Stats{Chunks: 2, FirstText: 420 * time.Millisecond, Total: 1420 * time.Millisecond}
	tests := []struct {
		name    string
		output  string
		tty     bool
		raw     bool
		pieces  []string
		stats   chat.Stats
		failure error
		want    string
	}{
		{"a pipe gets the model's bytes and a newline", "", false, false, []string{" Hello\x1b[31m", " you"}, stats, nil, " Hello\x1b[31m you\n"},
		{"a terminal is protected", "", true, false, []string{" Hello\x1b[31m", " you\a"}, stats, nil, " Hello you\n"},
		{"--raw protects nothing and adds nothing", "", true, true, []string{"a\x1b[31m"}, stats, nil, "a\x1b[31m"},
		{"an answer that ends with a newline gets no other", "", false, false, []string{"a\n"}, stats, nil, "a\n"},
		{"what came before a failure is kept", "", false, false, []string{"half"}, stats, errors.New("cut off"), "half\n"},
		{"no answer prints nothing", "", false, false, nil, chat.Stats{}, errors.New("refused"), ""},
		{
			"json is one object", "json", false, false,
			[]string{"a", "\"b"},
			stats, nil,
			"{\n  \"text\": \"a\\\"b\",\n  \"complete\": true,\n  \"chunks\": 2,\n  \"firstTextSeconds\": 0.42,\n  \"totalSeconds\": 1.42,\n  \"chunksPerSecond\": 1\n}\n",
		},
		{
			"jsonl is one object a piece and one for the end", "jsonl", false, false,
			[]string{"a", "b"},
			stats, errors.New("cut off"),
			`{"text":"a"}` + "\n" + `{"text":"b"}` + "\n" +
				`{"complete":false,"error":"cut off","chunks":2,"firstTextSeconds":0.42,"totalSeconds":1.42,"chunksPerSecond":1}` + "\n",
		},
		{"no answer is no object either", "json", false, false, nil, chat.Stats{}, errors.New("refused"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, _ := testApp(t)
			var out bytes.Buffer
			a.Out, a.outTTY = &out, tt.tty
			o := &generateOptions{app: a, output: tt.output, raw: tt.raw}
			p := o.printer(0)
			for _, piece := range tt.pieces {
				if err := p.piece(piece); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.end(tt.stats, tt.failure); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMeasuresOfAnAnswer(t *testing.T) {
	t.Parallel()
	got := statsText(chat.Stats{Chunks: 63, FirstText: 420 * time.Millisecond, Total: 2420 * time.Millisecond})
	if want := "0.42 s to the first text, 2.4 s in all, 63 pieces, 31 a second"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
