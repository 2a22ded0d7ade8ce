package logstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// A segment is a text file. Its first line is a header in JSON, every other
// one a record:
//
//	TIME F TEXT            a line of the log
//	TIME C TEXT            one that was cut at podlog.MaxLine
//	TIME G {"lines":N,…}   N lines from TIME on are missing
//
// TIME is RFC 3339 in UTC with as many decimals as needed. TEXT stands as it
// came: it holds no newline. Records are in the order of their arrival, which
// is that of the log but for lines that were missing at first and came later.
const (
	wholeRecord = 'F'
	cutRecord   = 'C'
	gapRecord   = 'G'

	formatVersion = 1
)

// header says what a segment holds.
type header struct {
	Version   int       `json:"kubectlJetstreamLog"`
	Namespace string    `json:"namespace"`
	Group     int       `json:"group"`
	LeaderUID types.UID `json:"leaderUID"`
	Revision  string    `json:"revision,omitempty"`
	Pod       string    `json:"pod"`
	PodUID    types.UID `json:"podUID"`
	Container string    `json:"container"`
	Restart   int32     `json:"restart"`
	// First is the time of the first record. No record of the segment is
	// earlier by more than disorder.
	First time.Time `json:"first"`
}

// disorder is how far the lines of one log may be out of the order of their
// times: a container's two output streams are stamped by themselves.
const disorder = time.Second

func headerOf(namespace string, o status.Origin, first time.Time) header {
	return header{
		Version: formatVersion, Namespace: namespace,
		Group: o.Group, LeaderUID: o.LeaderUID, Revision: o.Revision,
		Pod: o.Pod, PodUID: o.PodUID, Container: o.Container, Restart: o.Restart,
		First: first.UTC(),
	}
}

func (h header) origin() status.Origin {
	return status.Origin{
		Group: h.Group, LeaderUID: h.LeaderUID, Revision: h.Revision,
		Pod: h.Pod, PodUID: h.PodUID, Container: h.Container, Restart: h.Restart,
	}
}

func appendHeader(b []byte, h header) ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return b, err
	}
	return append(append(b, text...), '\n'), nil
}

// record is one line of a segment after its header.
type record struct {
	time time.Time
	text string
	cut  bool
	gap  *Gap
}

// gapText is a Gap in a segment.
type gapText struct {
	Lines int       `json:"lines"`
	To    time.Time `json:"to"`
	Why   string    `json:"why"`
}

func appendLine(b []byte, l podlog.Line) []byte {
	kind := byte(wholeRecord)
	if l.Cut {
		kind = cutRecord
	}
	b = l.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, ' ', kind, ' ')
	b = append(b, l.Text...)
	return append(b, '\n')
}

func appendGap(b []byte, m missing) ([]byte, error) {
	text, err := json.Marshal(gapText{Lines: m.lines, To: m.to.UTC(), Why: m.why})
	if err != nil {
		return b, err
	}
	b = m.from.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, ' ', gapRecord, ' ')
	return append(append(b, text...), '\n'), nil
}

// storable returns a line as a segment can hold it.
func storable(l podlog.Line) podlog.Line {
	if len(l.Text) > podlog.MaxLine {
		l.Text, l.Cut = strings.ToValidUTF8(l.Text[:podlog.MaxLine], ""), true
	}
	if strings.Contains(l.Text, "\n") {
		l.Text = strings.ReplaceAll(l.Text, "\n", " ")
	}
	return l
}

// errNoHeader says that a file is not a segment, or not one yet.
var errNoHeader = errors.New("it does not begin with the header of a kept log")

// parseHeader reads the header of a segment and returns what follows it.
func parseHeader(data []byte) (header, []byte, error) {
	line, rest, whole := bytes.Cut(data, []byte("\n"))
	var h header
	if !whole || json.Unmarshal(line, &h) != nil || h.Version == 0 {
		return header{}, nil, errNoHeader
	}
	if h.Version != formatVersion {
		return header{}, nil, fmt.Errorf("its format is %d, and this program reads format %d", h.Version, formatVersion)
	}
	return h, rest, nil
}

// parseSegment reads a segment. What is no record is passed over: a line that
// a crash cut short has no newline, or the next record stands on it. whole is
// how much of data ends with a newline.
func parseSegment(data []byte) (h header, records []record, whole int, err error) {
	h, rest, err := parseHeader(data)
	if err != nil {
		return header{}, nil, 0, err
	}
	whole = bytes.LastIndexByte(data, '\n') + 1
	// One string for all records, which are parts of it.
	text := string(rest)
	records = make([]record, 0, strings.Count(text, "\n"))
	for {
		line, after, found := strings.Cut(text, "\n")
		if !found {
			return h, records, whole, nil
		}
		text = after
		if r, ok := parseRecord(line); ok {
			records = append(records, r)
		}
	}
}

func parseRecord(line string) (record, bool) {
	stamp, rest, _ := strings.Cut(line, " ")
	if len(rest) < 2 || rest[1] != ' ' {
		return record{}, false
	}
	when, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return record{}, false
	}
	r := record{time: when, text: rest[2:]}
	switch rest[0] {
	case wholeRecord:
	case cutRecord:
		r.cut = true
	case gapRecord:
		var g gapText
		if json.Unmarshal([]byte(r.text), &g) != nil {
			return record{}, false
		}
		r.text, r.gap = "", &Gap{Lines: g.Lines, From: when, To: g.To, Why: g.Why}
	default:
		return record{}, false
	}
	return r, true
}

// sortRecords puts records in the order of their times. Those of one time stay
// as they are.
func sortRecords(records []record) {
	if slices.IsSortedFunc(records, compareRecords) {
		return
	}
	slices.SortStableFunc(records, compareRecords)
}

func compareRecords(a, b record) int { return a.time.Compare(b.time) }
