package python

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
)

func TestStdoutHoldsBackWhatIsNotFlushed(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	s := NewStdout(&b, nil)
	s.Print("held")
	if b.String() != "" {
		t.Fatalf("wrote %q at once", b.String())
	}
	s.PrintFlush("flushed")
	if b.String() != "held\nflushed\n" {
		t.Fatalf("wrote %q", b.String())
	}
	s.Print(strings.Repeat("x", bufferSize))
	if b.Len() < bufferSize {
		t.Error("a full buffer was not written")
	}
	unbuffered := NewStdout(&b, map[string]string{"PYTHONUNBUFFERED": "1"})
	unbuffered.Print("at once")
	if !strings.HasSuffix(b.String(), "at once\n") {
		t.Error("PYTHONUNBUFFERED has no effect")
	}
}

func TestLoggerFollowsItsLevel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for level, want := range map[string]string{
			"":         "2000-01-01 00:00:00,000 - JetstreamLogger - WARNING - two\n",
			"warning":  "2000-01-01 00:00:00,000 - JetstreamLogger - WARNING - two\n",
			"INFO":     "2000-01-01 00:00:00,000 - JetstreamLogger - INFO - one\n2000-01-01 00:00:00,000 - JetstreamLogger - WARNING - two\n",
			"error":    "",
			"nonsense": "2000-01-01 00:00:00,000 - JetstreamLogger - WARNING - two\n",
		} {
			var b strings.Builder
			l := &Logger{Name: "JetstreamLogger", Level: ParseLevel(level), Stdout: NewStdout(&b, nil)}
			l.Logf(Info, "%s", "one")
			l.Logf(Warning, "two")
			if b.String() != want {
				t.Errorf("LOG_LEVEL=%q writes %q, want %q", level, b.String(), want)
			}
		}
	})
}

func TestCloudRootWritesOneObjectALine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	c := CloudRoot{Stderr: &b}
	c.Logf(Debug, "root", Source{}, "not shown")
	c.Logf(Warning, "absl", Source{File: "/a.py", Line: 3, Function: "f"}, "quote \" and\nline")
	const want = `{"message": "quote \" and\nline","severity": "WARNING", "logging.googleapis.com/labels": {"python_logger": "absl"}, "logging.googleapis.com/trace": "", "logging.googleapis.com/spanId": "", "logging.googleapis.com/trace_sampled": false, "logging.googleapis.com/sourceLocation": {"line": 3, "file": "/a.py", "function": "f"}, "httpRequest": {} }` + "\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
	if !json.Valid([]byte(b.String())) {
		t.Error("the line is no JSON")
	}
}

func TestTraceback(t *testing.T) {
	t.Parallel()
	e := (&Exception{
		Type: "RuntimeError", Message: "outer", Frames: []Frame{At("/b.py", 2, "g", "h()")},
		Cause: &Exception{Type: "ValueError", Frames: []Frame{At("/c.py", 3, "h", "raise ValueError")}},
	}).Within(At("/a.py", 1, "<module>", "g()"))
	const want = `Traceback (most recent call last):
  File "/c.py", line 3, in h
    raise ValueError
ValueError

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/a.py", line 1, in <module>
    g()
  File "/b.py", line 2, in g
    h()
RuntimeError: outer
`
	if got := e.Traceback(); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestRepr(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a": "'a'", "it's": `"it's"`, `both ' and "`: `'both \' and "'`, "a\\b\n\x01": `'a\\b\n\x01'`} {
		if got := Repr(in); got != want {
			t.Errorf("Repr(%q) = %s, want %s", in, got, want)
		}
	}
}
