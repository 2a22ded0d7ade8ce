package tunnel

import (
	"bytes"
	"errors"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recorded is a connection that keeps what is written to it, a Write at a time.
type recorded struct {
	net.Conn
	writes []string
	err    error
}

func (r *recorded) Write(p []byte) (int, error) {
	r.writes = append(r.writes, string(p))
	return len(p), r.err
}

func TestFramesAreSentInOnePiece(t *testing.T) {
	t.Parallel()
	long := string(bytes.Repeat([]byte("x"), 0x012345))
	for _, tt := range []struct {
		name   string
		fields []string
		want   []string
	}{
		{"a control frame", []string{"\x80\x03", "\x00\x06", "\x00\x00\x00\x04", "\x00\x00\x00\x01"}, []string{"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01"}},
		{"data", []string{"\x00\x00\x00\x05", "\x00\x00\x00\x02", "hi"}, []string{"\x00\x00\x00\x05\x00\x00\x00\x02hi"}},
		{"the end of data, after which an empty piece is written", []string{"\x00\x00\x00\x05", "\x01\x00\x00\x00", ""}, []string{"\x00\x00\x00\x05\x01\x00\x00\x00"}},
		{"a length of three bytes", []string{"\x00\x00\x00\x05", "\x00\x01\x23\x45", long[:0x2345], long[0x2345:]}, []string{"\x00\x00\x00\x05\x00\x01\x23\x45" + long}},
		{
			"one after the other",
			[]string{"\x00\x00\x00\x05", "\x00\x00\x00\x01", "a", "\x00\x00\x00\x07", "\x00\x00\x00\x01", "b"},
			[]string{"\x00\x00\x00\x05\x00\x00\x00\x01a", "\x00\x00\x00\x07\x00\x00\x00\x01b"},
		},
		{"nothing before the end of a frame", []string{"\x00\x00\x00\x05", "\x00\x00\x00\x02"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			below := &recorded{}
			j := &joined{Conn: below}
			for _, field := range tt.fields {
				if n, err := j.Write([]byte(field)); n != len(field) || err != nil {
					t.Fatalf("writing %q: %d, %v", field, n, err)
				}
			}
			if diff := cmp.Diff(tt.want, below.writes); diff != "" {
				t.Errorf("writes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFrameThatCannotBeSentIsAnError(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost")
	j := &joined{Conn: &recorded{err: lost}}
	if _, err := j.Write([]byte("\x00\x00\x00\x05\x00\x00\x00\x02h")); err != nil {
		t.Fatal(err)
	}
	if n, err := j.Write([]byte("i")); n != 0 || !errors.Is(err, lost) {
		t.Errorf("%d, %v", n, err)
	}
}
