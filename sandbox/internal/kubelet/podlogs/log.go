package podlogs

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Limits of a log, as the kubelet and containerd set them by default.
const (
	DefaultMaxBytes = 10 << 20
	DefaultMaxFiles = 5

	// pieceSize is the longest text of one record.
	pieceSize = 16 << 10
)

// recordTime is the layout of a record's time: fixed width, so that records of one
// file can be compared as text.
const recordTime = "2006-01-02T15:04:05.000000000Z07:00"

// Limits bounds the disk space of a log.
type Limits struct {
	// MaxBytes is the size at which the current file is rotated; zero means
	// DefaultMaxBytes.
	MaxBytes int64
	// MaxFiles is how many files there may be, the current one included; zero means
	// DefaultMaxFiles.
	MaxFiles int
	// EOFDelay is how long after the end of the container a follower still looks for
	// new records before it returns, as the kubelet's poll does.
	EOFDelay time.Duration
}

// Log is the log of one start of a container.
type Log struct {
	path   string
	limits Limits

	mu         sync.Mutex
	file       *os.File
	size       int64
	generation int // counts rotations
	rotated    []string
	partial    [2][]byte // text after the last newline, per stream
	changed    chan struct{}
	ended      bool
	endedAt    time.Time
	err        error // the first write error; writers never see it
}

// Create starts a log at path, whose folder is made if need be.
func Create(path string, limits Limits) (*Log, error) {
	if limits.MaxBytes <= 0 {
		limits.MaxBytes = DefaultMaxBytes
	}
	if limits.MaxFiles <= 0 {
		limits.MaxFiles = DefaultMaxFiles
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("creating the folder of a container log: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("creating a container log: %w", err)
	}
	return &Log{path: path, limits: limits, file: file, changed: make(chan struct{})}, nil
}

// Stdout returns the writer of the container's standard output. Writes take the whole
// input and report no error; after Close they are dropped.
func (l *Log) Stdout() io.Writer { return streamWriter{l, stdout} }

// Stderr is like Stdout for the standard error.
func (l *Log) Stderr() io.Writer { return streamWriter{l, stderr} }

// Close records what is left without a newline and ends the log: followers return
// once they have seen everything. Closing twice is harmless. The error is the first
// one met while writing.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return l.err
	}
	var records []byte
	for s := range l.partial {
		if len(l.partial[s]) > 0 {
			records = appendRecord(records, time.Now(), stream(s), tagFull, l.partial[s])
			l.partial[s] = nil
		}
	}
	l.storeLocked(records)
	l.ended, l.endedAt = true, time.Now()
	if err := l.file.Close(); err != nil && l.err == nil {
		l.err = err
	}
	l.announceLocked()
	return l.err
}

// Remove deletes the log's files. Readers that are open keep what they have.
func (l *Log) Remove() error {
	_ = l.Close() // a write error no longer matters
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, path := range append(slices.Clone(l.rotated), l.path) {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("removing a container log: %w", err)
		}
	}
	return nil
}

type stream int

const (
	stdout stream = iota
	stderr
)

func (s stream) String() string {
	if s == stderr {
		return "stderr"
	}
	return "stdout"
}

type streamWriter struct {
	log    *Log
	stream stream
}

func (w streamWriter) Write(p []byte) (int, error) {
	w.log.write(w.stream, p)
	return len(p), nil
}

func (l *Log) write(s stream, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	now := time.Now()
	text := p
	if len(l.partial[s]) > 0 {
		text = append(l.partial[s], p...)
		l.partial[s] = nil
	}
	var records []byte
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		switch {
		case end >= 0 && end <= pieceSize:
			records = appendRecord(records, now, s, tagFull, text[:end])
			text = text[end+1:]
		case len(text) > pieceSize:
			records = appendRecord(records, now, s, tagPartial, text[:pieceSize])
			text = text[pieceSize:]
		default:
			l.partial[s] = slices.Clone(text)
			text = nil
		}
		if l.size+int64(len(records)) >= l.limits.MaxBytes {
			l.storeLocked(records)
			l.rotateLocked()
			records = records[:0]
		}
	}
	if len(records) > 0 {
		l.storeLocked(records)
		l.announceLocked()
	}
}

const (
	tagFull    = 'F'
	tagPartial = 'P'
)

func appendRecord(to []byte, at time.Time, s stream, tag byte, text []byte) []byte {
	to = at.AppendFormat(to, recordTime)
	to = append(to, ' ')
	to = append(to, s.String()...)
	to = append(to, ' ', tag, ' ')
	to = append(to, text...)
	return append(to, '\n')
}

func (l *Log) storeLocked(records []byte) {
	n, err := l.file.Write(records)
	l.size += int64(n)
	if err != nil && l.err == nil {
		l.err = fmt.Errorf("writing a container log: %w", err)
	}
}

// rotateLocked puts the current file aside and starts a new one. Should that fail,
// the current file is cut to nothing instead, so that the bound always holds.
func (l *Log) rotateLocked() {
	aside := fmt.Sprintf("%s.%d", l.path, l.generation)
	file, err := func() (*os.File, error) {
		if err := os.Rename(l.path, aside); err != nil {
			return nil, err
		}
		return os.OpenFile(l.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	}()
	if err != nil {
		if l.err == nil {
			l.err = fmt.Errorf("rotating a container log: %w", err)
		}
		if err := l.file.Truncate(0); err == nil {
			l.size = 0
		}
		return
	}
	_ = l.file.Close() // everything is written; readers have handles of their own
	l.file, l.size = file, 0
	l.generation++
	l.rotated = append(l.rotated, aside)
	for len(l.rotated) > l.limits.MaxFiles-1 {
		_ = os.Remove(l.rotated[0]) // a file that stays costs space only
		l.rotated = l.rotated[1:]
	}
	l.announceLocked()
}

func (l *Log) announceLocked() {
	close(l.changed)
	l.changed = make(chan struct{})
}
