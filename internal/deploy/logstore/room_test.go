package logstore

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/podlog"
)

// space is what all files below dir take.
func space(t *testing.T, dir string) int64 {
	t.Helper()
	var total int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		total += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// leaders are the incarnations that are kept, the oldest first.
func leaders(t *testing.T, dir string, key Key) []types.UID {
	t.Helper()
	incarnations, err := open(t, dir, Limits{}).Deployment(key).Incarnations()
	if err != nil {
		t.Fatal(err)
	}
	var out []types.UID
	for _, in := range incarnations {
		out = append(out, in.LeaderUID)
	}
	return out
}

const small = 64 << 10 // a bound that a test fills

func TestTheOldestIncarnationsGoFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	limits := Limits{Bytes: small}
	age := 10 * time.Hour
	for n := range 6 {
		leader := types.UID(fmt.Sprint(n))
		keep(t, dir, limits, server(leader), numbered(1000*n+1, 1000*n+500)) // about 19 KB
		if got := space(t, dir); got > small {
			t.Errorf("after %d incarnations %d bytes are kept, more than %d", n+1, got, small)
		}
		// Modification times are what tells the age; tests are too fast for them.
		age -= time.Hour
		at := time.Now().Add(-age)
		files, _ := filepath.Glob(filepath.Join(deploymentDir(dir, testKey), incarnationName(server(leader)), "*"))
		for _, f := range files {
			if err := os.Chtimes(f, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	got := leaders(t, dir, testKey)
	if len(got) < 2 || got[len(got)-1] != "5" || got[0] == "0" {
		t.Errorf("the incarnations %v are kept", got)
	}
}

func TestWhatAnotherProcessWritesIsNotDeleted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := testKey
	other.Name = "other"
	s := open(t, dir, Limits{})
	s.Deployment(other).Append(server("theirs"), podlog.Ref{}, numbered(1, 1000))
	for range 100 { // until it is written and its lock is held
		if space(t, dir) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for n := range 4 {
		keep(t, dir, Limits{Bytes: small}, server(types.UID(fmt.Sprint(n))), numbered(1000*n+1, 1000*n+500))
	}
	if diff := cmp.Diff([]types.UID{"theirs"}, leaders(t, dir, other)); diff != "" {
		t.Errorf("the other deployment (-want +got):\n%s", diff)
	}
}

func TestALogThatOutgrowsTheSpaceLosesItsMiddle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	limits := Limits{Bytes: small}
	all := numbered(1, 5000)
	keep(t, dir, limits, server("a"), all)
	keep(t, dir, limits, server("a"), all) // What was dropped does not come back.
	if got := space(t, dir); got > small || got < small/2 {
		t.Errorf("%d bytes are kept of at most %d", got, small)
	}
	got := read(t, dir, Filter{})
	if got[0] != "line 1" || got[len(got)-1] != "line 5000" {
		t.Errorf("kept are %q to %q", got[0], got[len(got)-1])
	}
	gaps, last := 0, 0
	for _, text := range got {
		var n int
		if strings.HasPrefix(text, "gap") {
			gaps++
			continue
		}
		if _, err := fmt.Sscanf(text, "line %d", &n); err != nil || n <= last {
			t.Fatalf("%q after line %d", text, last)
		}
		last = n
	}
	if gaps != 1 {
		t.Errorf("%d gaps, want 1", gaps)
	}
}
