package conversation

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/generate"
)

// endless is the body of an answer that does not end.
type endless struct {
	n    int
	rest bytes.Buffer
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest.Len() == 0 {
		e.n++
		text := "word "
		if e.n%20 == 0 {
			text = `end.\n\n`
		}
		fmt.Fprintf(&e.rest, "{\n    \"id\": \"generate-c99279dc226d4ff4baaba45137d3336d\",\n    \"time_created\": 1795635180.664099,\n    \"text\": \"%s\"\n}", text)
	}
	return e.rest.Read(p)
}

// BenchmarkLongAnswer takes one answer from the bytes of a server to a frame a token.
// held is what the heap holds more at the end than in the beginning, for each byte of
// the text, however long it has become.
func BenchmarkLongAnswer(b *testing.B) {
	raw, _ := chat.BuiltIn("raw")
	s := chat.New(chat.Settings{Template: raw})
	if _, err := s.Begin("q", now); err != nil {
		b.Fatal(err)
	}
	p, d := pane(118, 30, s), generate.NewDecoder(&endless{})
	before := heap()
	for b.Loop() {
		text, err := d.Next()
		if err != nil {
			b.Fatal(err)
		}
		s.Add(text)
		p.Changed()
		p.View()
	}
	held := float64(heap()) - float64(before)
	b.ReportMetric(held/(1<<20), "held-MB")
	b.ReportMetric(held/float64(len(s.Turns()[0].Answer)), "held-B/text-B")
	runtime.KeepAlive(p)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
