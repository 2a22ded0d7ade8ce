package transcript

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
)

var update = flag.Bool("update", false, "write the golden files")

var begin = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func conversation() Conversation {
	return Conversation{
		Deployment: "default/jetstream-pathways", Saved: begin.Add(time.Hour), Template: "plain", System: "Be brief.",
		Turns: []chat.Turn{
			{
				Number: 1, User: "Show me a loop in Go.\n<b>Now</b>", State: chat.Done, Begun: begin,
				Answer: "Here:\n\n```go\nfor {\n\tprintln(\"hi\") // \x1b[31mred\n}\n```\n\n# That was it",
				Stats:  chat.Stats{Framing: chat.Streamed, Chunks: 22, Bytes: 60, FirstText: 420 * time.Millisecond, Total: 1420 * time.Millisecond, RoundTrip: 30 * time.Millisecond, Pod: "jetstream-pathways-0"},
			},
			{
				Number: 2, User: "And in C?", State: chat.Stopped, Begun: begin.Add(time.Minute), Dropped: 3, Cut: true,
				Answer: "```c\nfor (;;) {\r\n  <!-- never closed",
				Stats:  chat.Stats{Framing: chat.Streamed, Chunks: 9, FirstText: time.Second, Total: 3 * time.Second},
			},
			{Number: 3, User: "Hello?", State: chat.Failed, Err: errors.New("the model server answered UNAVAILABLE"), Begun: begin.Add(time.Hour)},
		},
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func encode(t *testing.T, c Conversation) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// byText compares errors by what they say, which is all that is kept.
var byText = cmp.Comparer(func(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Error() == b.Error()
})

func TestJSONCanBeReadAgain(t *testing.T) {
	t.Parallel()
	content := encode(t, conversation())
	golden(t, "conversation.json", string(content))
	got, err := Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(conversation(), got, byText); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestJSONThatIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, content, want string }{
		{"a newer version", `{"version": 2, "turns": "in another form"}`, "the transcript has version 2 and this program reads version 1; use the newer kubectl jetstream that wrote it"},
		{"a version that there never was", `{"version": 0, "turns": []}`, "the transcript has version 0, which there never was; this program reads version 1"},
		{"no version", `{"turns": []}`, "this is no transcript of kubectl jetstream: it has no version"},
		{"no JSON", `# Conversation`, "this is no transcript of kubectl jetstream: invalid character '#' looking for beginning of value"},
		{"half a transcript", `{"version": 1, "turns": [{"user"`, "this is no transcript of kubectl jetstream: unexpected end of JSON input"},
		{"something behind it", `{"version": 1, "turns": []} x`, "this is no transcript of kubectl jetstream: invalid character 'x' after top-level value"},
		{"an unknown state", `{"version": 1, "turns": [{"user": "a", "state": "asleep"}]}`, `turn 1 of the transcript has the unknown state "asleep"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Decode(strings.NewReader(tt.content)); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestAFieldMoreIsNoOtherVersion(t *testing.T) {
	t.Parallel()
	c, err := Decode(strings.NewReader(`{"version": 1, "colour": "red", "turns": [{"user": "a", "answer": "b", "state": "done", "mood": 1}]}`))
	want := []chat.Turn{{Number: 1, User: "a", Answer: "b", State: chat.Done}}
	if diff := cmp.Diff(want, c.Turns, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func FuzzDecode(f *testing.F) {
	var seed bytes.Buffer
	if err := Encode(&seed, conversation()); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Add([]byte(`{"version": 1}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := Decode(bytes.NewReader(content))
		if err != nil {
			return
		}
		again, err := Decode(bytes.NewReader(encode(t, c)))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if diff := cmp.Diff(c, again, byText, cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
		// A conversation from a file goes through the same hands as one of today.
		chat.New(chat.Settings{}).Resume(c.Turns)
	})
}
