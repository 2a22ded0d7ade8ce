package recording

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestARecordingIsWrittenAsAnAsciicast(t *testing.T) {
	t.Parallel()
	cast := Cast{
		Header: Header{
			Width: 80, Height: 24, Begin: time.Unix(1_700_000_000, 0).UTC(), Duration: 2500 * time.Millisecond,
			Title: "a demo <of it>", Env: map[string]string{"TERM": "xterm-256color"},
		},
		Events: []Event{
			{0, Output, "$ "},
			{1234567 * time.Microsecond, Output, "\x1b[31mé\"\r\n"},
			{2 * time.Second, Marker, "ready"},
		},
	}
	want := `{"version":2,"width":80,"height":24,"timestamp":1700000000,"duration":2.5,"title":"a demo <of it>","env":{"TERM":"xterm-256color"}}
[0.000000,"o","$ "]
[1.234567,"o","\u001b[31mé\"\r\n"]
[2.000000,"m","ready"]
`
	var file bytes.Buffer
	n, err := cast.WriteTo(&file)
	if err != nil || n != int64(file.Len()) {
		t.Fatalf("%d bytes and %v, want %d", n, err, file.Len())
	}
	if diff := cmp.Diff(want, file.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again, err := Parse(&file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(cast, again); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}

func TestWhatNoPlayerCouldPlayIsRefused(t *testing.T) {
	t.Parallel()
	const header = `{"version":2,"width":80,"height":24,"duration":9}` + "\n"
	for _, test := range []struct{ name, file, want string }{
		{"nothing", "", "reading a recording: it is empty"},
		{"another version", `{"version":3}`, "line 1 of a recording: it is of version 3, only 2 is known"},
		{"no terminal", `{"version":2,"width":80}`, "line 1 of a recording: there is no terminal of 80×0 cells"},
		{"a negative length", `{"version":2,"width":80,"height":24,"duration":-1}`, "line 1 of a recording: -1 s is no time of a recording"},
		{"an event that lacks something", header + `[1,"o"]`, "line 2 of a recording: an event has 3 fields, not 2"},
		{"an event with a text for its time", header + `["1","o","x"]`, "line 2 of a recording: field 1 of the event: "},
		{"an event of a kind that is not recorded", header + `[1,"r","80x24"]`, `line 2 of a recording: there is no event "r" in a recording`},
		{"an event before the one before", header + `[2,"o","x"]` + "\n" + `[1,"o","y"]`, "line 3 of a recording: 1s comes after 2s"},
		{"an event after the end", header + `[9.1,"o","x"]`, "line 2 of a recording: 9.1s is after the end at 9s"},
		{"a line that is cut", header + `[1,"o","`, "line 2 of a recording: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(strings.NewReader(test.file))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func FuzzWhatIsReadCanBeWrittenAndReadAgain(f *testing.F) {
	f.Add([]byte(`{"version":2,"width":80,"height":24,"timestamp":1,"duration":9,"env":{"A":"b"}}` + "\n" + `[1.5,"o","x"]` + "\n" + `[2,"m",""]`))
	f.Add([]byte(`{"version":2,"width":1,"height":1}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		cast, err := Parse(bytes.NewReader(file))
		if err != nil {
			return
		}
		var written bytes.Buffer
		if _, err := cast.WriteTo(&written); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(&written)
		if err != nil {
			t.Fatalf("%v of what was written", err)
		}
		if len(cast.Header.Env) == 0 {
			cast.Header.Env = nil
		}
		if diff := cmp.Diff(cast, again); diff != "" {
			t.Errorf("(-read +written and read):\n%s", diff)
		}
	})
}
