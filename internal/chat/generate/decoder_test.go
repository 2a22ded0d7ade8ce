package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

// chunk is one object of a stream as the server writes it: json.dumps with an
// indent of 4, escaped to ASCII, nothing after it.
func chunk(escaped string) string {
	return "{\n    \"id\": \"generate-00ff\",\n    \"time_created\": 1740000000.123456,\n    \"text\": \"" + escaped + "\"\n}"
}

func single(escaped string) string {
	return "{\n    \"response\": \"" + escaped + "\"\n}"
}

// outcome is all that an answer amounts to.
type outcome struct {
	Text    string
	Framing chat.Framing
	Err     string
}

func decode(r io.Reader) outcome {
	d := NewDecoder(r)
	var text strings.Builder
	for {
		piece, err := d.Next()
		text.WriteString(piece)
		if err != nil {
			o := outcome{Text: text.String(), Framing: d.Framing()}
			if !errors.Is(err, io.EOF) {
				o.Err = kind(err)
			}
			return o
		}
	}
}

// kind names the type of an error and what a caller reads of it.
func kind(err error) string {
	var truncated *TruncatedError
	var format *FormatError
	var server *ServerError
	switch {
	case errors.As(err, &truncated):
		return "truncated"
	case errors.As(err, &format):
		return "format"
	case errors.As(err, &server):
		return fmt.Sprintf("server %s %s", server.Code, server.Detail)
	}
	return err.Error()
}

var conformance = []struct {
	name, body string
	want       outcome
}{
	{"a stream", chunk(" Go") + chunk(" is") + chunk(" fine."), outcome{" Go is fine.", chat.Streamed, ""}},
	{"a stream with newlines between its objects", chunk("a") + "\n" + chunk("b") + "\n\n", outcome{"ab", chat.Streamed, ""}},
	{"a stream that ends with the empty text of a stop token", chunk("a") + chunk(""), outcome{"a", chat.Streamed, ""}},
	{"a single answer", single(" all of it"), outcome{" all of it", chat.Single, ""}},
	{"a single answer without text", single(""), outcome{"", chat.Single, ""}},
	{"escapes", chunk(`\u00e9 \ud83d\ude00 \n\t\"\\`), outcome{"é 😀 \n\t\"\\", chat.Streamed, ""}},
	{"text that was not escaped", chunk("é 😀 日本"), outcome{"é 😀 日本", chat.Streamed, ""}},
	{"half a surrogate pair", chunk(`\ud83d`), outcome{"\uFFFD", chat.Streamed, ""}},
	{"bytes that are no UTF-8", chunk("a\xffb"), outcome{"a\uFFFDb", chat.Streamed, ""}},
	{"braces in the text", chunk(`}{ \"text\": }`), outcome{`}{ "text": }`, chat.Streamed, ""}},
	{"an unknown field", `{"text": "a", "usage": {"n": [1, 2]}}`, outcome{"a", chat.Streamed, ""}},
	{"an object without text", `{"id": "generate-1", "time_created": 1}`, outcome{"", chat.Streamed, ""}},
	{"nothing", "", outcome{"", "", ""}},
	{"blanks only", " \n", outcome{"", "", ""}},
	{"an end inside the first object", chunk("a")[:20], outcome{"", "", "truncated"}},
	{"an end inside a later object", chunk("a") + chunk("b")[:40], outcome{"a", chat.Streamed, "truncated"}},
	{"an end inside a rune", chunk("a") + chunk("é")[:len(chunk("é"))-4], outcome{"a", chat.Streamed, "truncated"}},
	{"an error inside a stream", chunk("a") + `{"detail": "boom"}`, outcome{"a", chat.Streamed, "server  boom"}},
	{"a page of something else", "<html>502</html>", outcome{"", "", "format"}},
	{"an array", `[1]`, outcome{"", "", "format"}},
	{"a foreign object", `{"choices": []}`, outcome{"", "", "format"}},
	{"text of another type", `{"text": 7}`, outcome{"", "", "format"}},
	{"a null", `null`, outcome{"", "", "format"}},
	{"an object that ends as an array", `{"text": "a"]`, outcome{"", "", "format"}},
	{"a line end inside of a text", "{\"text\": \"a\nb\"}", outcome{"", "", "format"}},
	{"an escape that there is not", `{"text": "a\x"}`, outcome{"", "", "format"}},
	{"a number that is none", `{"time_created": 01.5, "text": "a"}`, outcome{"", "", "format"}},
	{"a number with an exponent", `{"time_created": -1.5e+9, "text": "a"}`, outcome{"a", chat.Streamed, ""}},
	{"a comma too many", `{"text": "a",}`, outcome{"", "", "format"}},
	{"no comma", `{"id": "1" "text": "a"}`, outcome{"", "", "format"}},
	{"a text that is there twice", `{"text": "a", "text": "b"}`, outcome{"b", chat.Streamed, ""}},
	{"a text and a response", `{"text": "a", "response": "b"}{"response": "b", "text": "a"}`, outcome{"aa", chat.Streamed, ""}},
	{"a text that is null", `{"text": null, "id": "1"}`, outcome{"", chat.Streamed, ""}},
	{"names in capitals", `{"TEXT": "a"}`, outcome{"a", chat.Streamed, ""}},
	{"a name with an escape", `{"te\u0078t": "a"}`, outcome{"a", chat.Streamed, ""}},
	{"no spaces", `{"id":"1","time_created":1,"text":"a"}{"text":"b"}`, outcome{"ab", chat.Streamed, ""}},
	{"an end inside something else", `{<html>`, outcome{"", "", "format"}},
	{"a stray byte between objects", chunk("a") + "," + chunk("b"), outcome{"a", chat.Streamed, "format"}},
}

func TestDecoder(t *testing.T) {
	t.Parallel()
	for _, tt := range conformance {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, decode(strings.NewReader(tt.body))); diff != "" {
				t.Errorf("in one piece (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, decode(iotest.OneByteReader(strings.NewReader(tt.body)))); diff != "" {
				t.Errorf("byte by byte (-want +got):\n%s", diff)
			}
			for i := range tt.body {
				r := io.MultiReader(strings.NewReader(tt.body[:i]), strings.NewReader(tt.body[i:]))
				if diff := cmp.Diff(tt.want, decode(r)); diff != "" {
					t.Fatalf("split at byte %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

func TestDecoderDeliversAnObjectBeforeTheNextByte(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	go func() {
		_, _ = io.WriteString(w, chunk("a"))
		// Nothing more comes until the reader has had the first object.
	}()
	d := NewDecoder(r)
	text, err := d.Next()
	if text != "a" || err != nil {
		t.Errorf("first object %q, %v", text, err)
	}
	_ = w.Close()
}

func TestDecoderKeepsTheReasonOfABrokenConnection(t *testing.T) {
	t.Parallel()
	broken := errors.New("reset by peer")
	d := NewDecoder(io.MultiReader(strings.NewReader(chunk("a")+"{"), iotest.ErrReader(broken)))
	if text, err := d.Next(); text != "a" || err != nil {
		t.Fatalf("first object %q, %v", text, err)
	}
	_, err := d.Next()
	var truncated *TruncatedError
	if !errors.As(err, &truncated) || !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestDecoderBoundsAnObject(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(strings.NewReader(`{"text": "`), endlessReader{})
	_, err := NewDecoder(endless).Next()
	if !errors.Is(err, errTooLarge) {
		t.Errorf("an endless object ends with %v", err)
	}
	// Many objects may be larger together.
	many := bytes.Repeat([]byte(`{"text": "`+strings.Repeat("x", 1<<20)+`"}`), 20)
	if got := decode(bytes.NewReader(many)); got.Err != "" || len(got.Text) != 20<<20 {
		t.Errorf("%d bytes of text, error %q", len(got.Text), got.Err)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestDecoderKeepsItsError(t *testing.T) {
	t.Parallel()
	d := NewDecoder(strings.NewReader(chunk("a") + "," + chunk("b")))
	if text, err := d.Next(); text != "a" || err != nil {
		t.Fatalf("first object %q, %v", text, err)
	}
	_, first := d.Next()
	text, second := d.Next()
	if first == nil || text != "" || !errors.Is(second, first) {
		t.Errorf("after the error %v: %q, %v", first, text, second)
	}
}

// Text of a model can be one object of any size. Looking at it again with each
// piece that comes would take a time that grows with its square.
func TestDecoderLooksAtEachByteOnce(t *testing.T) {
	t.Parallel()
	body := []byte(chunk(strings.Repeat(`text \u00e9 \" { `, 1000)))
	var s scanner
	for n := 1; n < len(body); n++ {
		if end := s.object(body[:n]); end != 0 || s.pos != n {
			t.Fatalf("after %d bytes: end at %d, scanned to %d", n, end, s.pos)
		}
	}
	if end := s.object(body); end != len(body) {
		t.Errorf("end at %d of %d", end, len(body))
	}
}

func TestDecoderAllocatesInProportionToAnObject(t *testing.T) {
	// The measure is of the whole program, so this test runs alone.
	const size = 12 << 20
	body := single(strings.Repeat("0123456789abcdef", size/16))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := NewDecoder(iotest.HalfReader(strings.NewReader(body)))
	text, err := d.Next()
	runtime.ReadMemStats(&after)
	if err != nil || len(text) != size {
		t.Fatalf("%d bytes of text, error %v", len(text), err)
	}
	// Each byte is copied once a doubling, which makes two, into the last
	// buffer, and into the text; a copy for each piece would be thousands.
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8*size {
		t.Errorf("%d bytes were allocated for an object of %d", allocated, size)
	}
}

func TestDecoderNeedsNoNewBufferForEachPiece(t *testing.T) {
	// A server sends one object at a time.
	const chunks = 1000
	body := strings.NewReader(strings.Repeat(chunk("a"), chunks))
	d := NewDecoder(oneObjectReader{body, len(chunk("a"))})
	perChunk := testing.AllocsPerRun(chunks/2, func() {
		if _, err := d.Next(); err != nil {
			t.Fatal(err)
		}
	})
	if perChunk > 2 {
		t.Errorf("%v allocations for each chunk", perChunk)
	}
	if cap(d.buf) > readSize {
		t.Errorf("the buffer grew to %d bytes", cap(d.buf))
	}
}

type oneObjectReader struct {
	r    io.Reader
	size int
}

func (o oneObjectReader) Read(p []byte) (int, error) { return o.r.Read(p[:min(o.size, len(p))]) }

func TestDecoderLetsGoOfALargeBuffer(t *testing.T) {
	t.Parallel()
	d := NewDecoder(io.MultiReader(strings.NewReader(single(strings.Repeat("x", 1<<20))), iotest.OneByteReader(strings.NewReader(chunk("a")))))
	for range 2 {
		if _, err := d.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if cap(d.buf) > keptSize {
		t.Errorf("a buffer of %d bytes is kept for small objects", cap(d.buf))
	}
}

func FuzzDecode(f *testing.F) {
	for _, tt := range conformance {
		f.Add([]byte(tt.body))
	}
	for _, name := range []string{"stream", "unicode", "single", "unavailable"} {
		f.Add(recording(f, name))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		whole := decode(bytes.NewReader(body))
		if want := reference(body); whole != want {
			t.Errorf("got %+v, encoding/json reads %+v", whole, want)
		}
		if pieces := decode(iotest.OneByteReader(bytes.NewReader(body))); pieces != whole {
			t.Errorf("in one piece %+v, byte by byte %+v", whole, pieces)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	const chunks = 1000
	for name, text := range map[string]string{"letters": " token", "escapes": `\u65e5\u672c`} {
		b.Run(name, func(b *testing.B) {
			body := []byte(strings.Repeat(chunk(text), chunks))
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				d := NewDecoder(bytes.NewReader(body))
				n := 0
				for ; ; n++ {
					if _, err := d.Next(); err != nil {
						break
					}
				}
				if n != chunks {
					b.Fatalf("%d chunks", n)
				}
			}
			b.ReportMetric(float64(b.N)*chunks/b.Elapsed().Seconds(), "chunks/s")
		})
	}
}

// Two sizes side by side show whether the time of one object is in proportion
// to its size.
func BenchmarkOneObject(b *testing.B) {
	for _, size := range []int{1 << 20, 10 << 20} {
		b.Run(fmt.Sprintf("%dMiB", size>>20), func(b *testing.B) {
			body := []byte(single(strings.Repeat(`0123456789abcd\n`, size/16)))
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := NewDecoder(bytes.NewReader(body)).Next(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
