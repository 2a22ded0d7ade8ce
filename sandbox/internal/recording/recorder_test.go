package recording

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOutputIsRecordedWhenItComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewRecorder(time.Now)
		begin := time.Now()
		r.Output([]byte("$ "))
		time.Sleep(1500*time.Millisecond + 700*time.Nanosecond)
		r.Output([]byte("ls\r\n"))
		r.Mark("listed")
		time.Sleep(time.Second)
		got := r.Cast(Header{Width: 80, Height: 24, Title: "a demo"})
		want := Cast{
			Header: Header{Width: 80, Height: 24, Title: "a demo", Begin: begin.UTC(), Duration: 2500 * time.Millisecond},
			Events: []Event{{0, Output, "$ "}, {1500 * time.Millisecond, Output, "ls\r\n"}, {1500 * time.Millisecond, Marker, "listed"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestEventsHaveWholeCharacters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name         string
		pieces, want []string
	}{
		{"text that is not cut", []string{"a", "€", "b"}, []string{"a", "€", "b"}},
		{"a character in two pieces", []string{"a\xe2\x82", "\xacb"}, []string{"a", "€b"}},
		{"a character in four pieces", []string{"\xf0", "\x9f", "\x9a", "\x80!"}, []string{"🚀!"}},
		{"bytes that are no text", []string{"a\xffb", "\x80"}, []string{"a\uFFFDb", "\uFFFD"}},
		{"a beginning with another end", []string{"\xe2\x82", "a"}, []string{"\uFFFDa"}},
		{"a piece without anything", []string{"", "a"}, []string{"a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := NewRecorder(time.Now)
			for _, piece := range test.pieces {
				r.Output([]byte(piece))
			}
			var got []string
			for _, e := range r.Cast(Header{}).Events {
				got = append(got, e.Data)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
