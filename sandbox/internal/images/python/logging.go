package python

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/pyjson"
)

// Level is a logging level with Python's numbers.
type Level int

// The levels in use.
const (
	Debug   Level = 10
	Info    Level = 20
	Warning Level = 30
	Error   Level = 40
)

// String is Python's name of the level.
func (l Level) String() string {
	switch l {
	case Debug:
		return "DEBUG"
	case Info:
		return "INFO"
	case Warning:
		return "WARNING"
	default:
		return "ERROR"
	}
}

// ParseLevel reads a LOG_LEVEL as JetStream does: any case; what it does not know is
// a warning.
func ParseLevel(s string) Level {
	switch strings.ToUpper(s) {
	case "DEBUG":
		return Debug
	case "INFO":
		return Info
	case "ERROR", "CRITICAL", "FATAL":
		return Error
	default:
		return Warning
	}
}

// Logger is a logger with its own handler on standard output in the format
// "2025-03-02 02:15:07,682 - Name - LEVEL - message".
type Logger struct {
	Name   string
	Level  Level
	Stdout *Stdout
}

// Logf writes a message at or above the logger's level and flushes standard output.
func (l *Logger) Logf(level Level, format string, args ...any) {
	if level < l.Level {
		return
	}
	now := time.Now().UTC()
	l.Stdout.PrintFlush(fmt.Sprintf("%s,%03d - %s - %s - %s",
		now.Format("2006-01-02 15:04:05"), now.Nanosecond()/int(time.Millisecond), l.Name, level, fmt.Sprintf(format, args...)))
}

// Source is the place in the program that logged.
type Source struct {
	File     string
	Line     int
	Function string
}

// CloudRoot is the root logger as the Cloud Logging client sets it up on GKE: INFO
// and above, one JSON object a line, on standard error.
type CloudRoot struct{ Stderr io.Writer }

// Logf writes a message of the named logger; the root logger's name is "root".
func (c CloudRoot) Logf(level Level, logger string, at Source, format string, args ...any) {
	if level < Info {
		return
	}
	// The handler's format string is fixed: no space after the message's comma, one
	// before the closing brace.
	_, _ = fmt.Fprintf(c.Stderr, `{"message": %s,"severity": "%s", "logging.googleapis.com/labels": %s, "logging.googleapis.com/trace": "", "logging.googleapis.com/spanId": "", "logging.googleapis.com/trace_sampled": false, "logging.googleapis.com/sourceLocation": %s, "httpRequest": {} }`+"\n",
		pyjson.Line(fmt.Sprintf(format, args...)), level,
		pyjson.Line(pyjson.Object{{Name: "python_logger", Value: logger}}),
		pyjson.Line(pyjson.Object{{Name: "line", Value: at.Line}, {Name: "file", Value: at.File}, {Name: "function", Value: at.Function}}))
}
