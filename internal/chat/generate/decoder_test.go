package generate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
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
	Framing Framing
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
	{"a stream", chunk(" Go") + chunk(" is") + chunk(" fine."), outcome{" Go is fine.", Streamed, ""}},
	{"a stream with newlines between its objects", chunk("a") + "\n" + chunk("b") + "\n\n", outcome{"ab", Streamed, ""}},
	{"a stream that ends with the empty text of a stop token", chunk("a") + chunk(""), outcome{"a", Streamed, ""}},
	{"a single answer", single(" all of it"), outcome{" all of it", Single, ""}},
	{"a single answer without text", single(""), outcome{"", Single, ""}},
	{"escapes", chunk(`\u00e9 \ud83d\ude00 \n\t\"\\`), outcome{"é 😀 \n\t\"\\", Streamed, ""}},
	{"text that was not escaped", chunk("é 😀 日本"), outcome{"é 😀 日本", Streamed, ""}},
	{"half a surrogate pair", chunk(`\ud83d`), outcome{"\uFFFD", Streamed, ""}},
	{"bytes that are no UTF-8", chunk("a\xffb"), outcome{"a\uFFFDb", Streamed, ""}},
	{"braces in the text", chunk(`}{ \"text\": }`), outcome{`}{ "text": }`, Streamed, ""}},
	{"an unknown field", `{"text": "a", "usage": {"n": [1, 2]}}`, outcome{"a", Streamed, ""}},
	{"an object without text", `{"id": "generate-1", "time_created": 1}`, outcome{"", Streamed, ""}},
	{"nothing", "", outcome{"", "", ""}},
	{"blanks only", " \n", outcome{"", "", ""}},
	{"an end inside the first object", chunk("a")[:20], outcome{"", "", "truncated"}},
	{"an end inside a later object", chunk("a") + chunk("b")[:40], outcome{"a", Streamed, "truncated"}},
	{"an end inside a rune", chunk("a") + chunk("é")[:len(chunk("é"))-4], outcome{"a", Streamed, "truncated"}},
	{"an error inside a stream", chunk("a") + `{"detail": "boom"}`, outcome{"a", Streamed, "server  boom"}},
	{"a page of something else", "<html>502</html>", outcome{"", "", "format"}},
	{"an array", `[1]`, outcome{"", "", "format"}},
	{"a foreign object", `{"choices": []}`, outcome{"", "", "format"}},
	{"text of another type", `{"text": 7}`, outcome{"", "", "format"}},
	{"a null", `null`, outcome{"", "", "format"}},
	{"a stray byte between objects", chunk("a") + "," + chunk("b"), outcome{"a", Streamed, "format"}},
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

func FuzzDecode(f *testing.F) {
	for _, tt := range conformance {
		f.Add([]byte(tt.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		whole := decode(bytes.NewReader(body))
		if pieces := decode(iotest.OneByteReader(bytes.NewReader(body))); pieces != whole {
			t.Errorf("in one piece %+v, byte by byte %+v", whole, pieces)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	const chunks = 1000
	body := []byte(strings.Repeat(chunk(" token"), chunks))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if got := decode(bytes.NewReader(body)); len(got.Text) != chunks*len(" token") {
			b.Fatalf("%d bytes of text", len(got.Text))
		}
	}
	b.ReportMetric(float64(b.N)*chunks/b.Elapsed().Seconds(), "chunks/s")
}
