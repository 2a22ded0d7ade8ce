package podlogs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Selection is which part of a log is read and how it is shown.
type Selection struct {
	// Follow goes on until the container has ended.
	Follow bool
	// Tail shows that many records from the end; nil shows all.
	Tail *int64
	// Since leaves out records written before it.
	Since time.Time
	// Timestamps puts the record's time before each line.
	Timestamps bool
	// LimitBytes ends the output after that many bytes; nil does not.
	LimitBytes *int64
	// Stream is "Stdout", "Stderr", or "All", which is the same as empty.
	Stream string
}

// writeSize is how much of a log is written at once where there is that much.
const writeSize = 32 << 10

// errLimit ends a reading whose LimitBytes are used up.
var errLimit = errors.New("limit of bytes reached")

// Read writes the selected records to w. While following it returns nil when the
// container has ended, and ctx's error when ctx ends. An error of w is returned as it
// is.
func (l *Log) Read(ctx context.Context, sel Selection, w io.Writer) error {
	file, generation, err := l.open()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only

	out := &printer{sel: sel, w: bufio.NewWriterSize(w, writeSize), newLine: true, left: -1, records: -1}
	if sel.LimitBytes != nil {
		out.left = *sel.LimitBytes
	}
	if sel.Tail != nil {
		start, err := tailStart(file, *sel.Tail)
		if err != nil {
			return fmt.Errorf("looking for the last %d records of a container log: %w", *sel.Tail, err)
		}
		if _, err := file.Seek(start, io.SeekStart); err != nil {
			return fmt.Errorf("reading a container log: %w", err)
		}
		if !sel.Follow {
			out.records = *sel.Tail
		}
	}

	for {
		changed, current, ended := l.state()
		err := out.copyAll(file)
		if limited := errors.Is(err, errLimit); limited || err == nil {
			err = out.w.Flush()
			if limited {
				return err
			}
		}
		if err != nil {
			return err
		}
		if !sel.Follow {
			return nil
		}
		if current != generation {
			// The file was put aside after its last record, which has been read.
			next, reopened, err := l.open()
			if err != nil {
				return err
			}
			_ = file.Close() // read only
			file, generation = next, reopened
			continue
		}
		if ended {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
		if err := l.lingerAfterEnd(ctx); err != nil {
			return err
		}
	}
}

// open opens the current file and tells how many rotations preceded it.
func (l *Log) open() (*os.File, int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, err := os.Open(l.path)
	if err != nil {
		return nil, 0, fmt.Errorf("opening a container log: %w", err)
	}
	return file, l.generation, nil
}

// state returns what a reader must know before it reads to the end of its file, so
// that nothing written in between is missed.
func (l *Log) state() (changed <-chan struct{}, generation int, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed, l.generation, l.ended
}

// lingerAfterEnd holds a follower back for the rest of EOFDelay once the container
// has ended.
func (l *Log) lingerAfterEnd(ctx context.Context) error {
	l.mu.Lock()
	ended, at := l.ended, l.endedAt
	l.mu.Unlock()
	if !ended {
		return nil
	}
	timer := time.NewTimer(time.Until(at.Add(l.limits.EOFDelay)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// printer turns records into the output.
type printer struct {
	sel     Selection
	w       *bufio.Writer
	newLine bool  // the next record begins a line
	left    int64 // bytes that may still be written; negative means no bound
	records int64 // records that may still be read; negative means no bound
}

// copyAll prints records up to the end of the file. A record that is not complete yet
// is left for the next call.
func (p *printer) copyAll(file *os.File) error {
	at, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("reading a container log: %w", err)
	}
	in := bufio.NewReader(file)
	for {
		if p.records == 0 || p.left == 0 {
			return errLimit
		}
		record, err := in.ReadBytes('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				return fmt.Errorf("reading a container log: %w", err)
			}
			_, err = file.Seek(at, io.SeekStart)
			return err
		}
		at += int64(len(record))
		if err := p.print(record); err != nil {
			return err
		}
		if p.records > 0 {
			p.records--
		}
	}
}

func (p *printer) print(record []byte) error {
	stamp, rest, ok1 := bytes.Cut(record, []byte{' '})
	from, rest, ok2 := bytes.Cut(rest, []byte{' '})
	tag, text, ok3 := bytes.Cut(rest, []byte{' '})
	if !ok1 || !ok2 || !ok3 {
		return fmt.Errorf("reading a container log: record %q is malformed", record)
	}
	at, err := time.Parse(recordTime, string(stamp))
	if err != nil {
		return fmt.Errorf("reading a container log: %w", err)
	}
	if at.Before(p.sel.Since) {
		return nil
	}
	partial := len(tag) > 0 && tag[0] == tagPartial
	if partial {
		text = bytes.TrimSuffix(text, []byte{'\n'})
	}
	line := text
	if p.sel.Timestamps && p.newLine {
		line = append(append(bytes.Clone(stamp), ' '), text...)
	}
	p.newLine = !partial
	if p.sel.Stream == "Stdout" && string(from) != stdout.String() || p.sel.Stream == "Stderr" && string(from) != stderr.String() {
		return nil
	}
	if p.left >= 0 && int64(len(line)) > p.left {
		line = line[:p.left]
	}
	n, err := p.w.Write(line)
	if p.left >= 0 {
		p.left -= int64(n)
	}
	return err
}

// tailStart returns where the last n records of a file begin.
func tailStart(file *os.File, n int64) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	if n <= 0 {
		return size, nil
	}
	const block = 64 << 10
	buf := make([]byte, block)
	// The newline that ends the last record does not count, hence one more.
	found, end := int64(0), size
	for end > 0 {
		start := max(0, end-block)
		part := buf[:end-start]
		if _, err := file.ReadAt(part, start); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		for i := len(part) - 1; i >= 0; i-- {
			if part[i] != '\n' {
				continue
			}
			if found++; found > n {
				return start + int64(i) + 1, nil
			}
		}
		end = start
	}
	return 0, nil
}
