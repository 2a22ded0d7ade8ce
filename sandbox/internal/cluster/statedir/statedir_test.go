package statedir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster/statedir"
)

func at(t *testing.T, path string) *statedir.Dir {
	t.Helper()
	d, err := statedir.At(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestADirectoryBelongsToOneSandboxAtATime(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox")
	first, second := at(t, path), at(t, path)
	if used, err := first.InUse(); used || err != nil {
		t.Errorf("a directory that does not exist is in use: %v, %v", used, err)
	}
	if err := first.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := first.WriteRecord(statedir.Record{PID: 4711}); err != nil {
		t.Fatal(err)
	}
	err := second.Lock()
	if !errors.Is(err, statedir.ErrInUse) {
		t.Fatalf("locking a locked directory: %v", err)
	}
	for _, want := range []string{path, "4711", "down --dir"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell %q: %v", want, err)
		}
	}
	if used, err := second.InUse(); !used || err != nil {
		t.Errorf("a locked directory is in use: %v, %v", used, err)
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if used, err := second.InUse(); used || err != nil {
		t.Errorf("an unlocked directory is in use: %v, %v", used, err)
	}
	if err := second.Lock(); err != nil {
		t.Errorf("locking an unlocked directory: %v", err)
	}
}

func TestTheDirectoryIsForItsUserAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox")
	if err := at(t, path).Lock(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode %o, want 700", got)
	}
}

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	d := at(t, t.TempDir())
	if got, err := d.ReadRecord(); err != nil || got != (statedir.Record{}) {
		t.Errorf("the record of no sandbox: %+v, %v", got, err)
	}
	want := statedir.Record{PID: 1, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Port: 6443, Sockets: "/run/x"}
	if err := d.WriteRecord(want); err != nil {
		t.Fatal(err)
	}
	got, err := d.ReadRecord()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestSocketsAreInsideTheDirectoryWhereTheirPathsFit(t *testing.T) {
	t.Parallel()
	base, err := os.MkdirTemp("", "sd") // the path of t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	d := at(t, base)
	sockets, err := d.MakeSockets()
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(sockets) != base {
		t.Errorf("sockets are in %s, want a directory below %s", sockets, base)
	}
}

func TestSocketsOfALongPathAreInAShortOneUntilTheyAreRemoved(t *testing.T) {
	t.Parallel()
	d := at(t, filepath.Join(t.TempDir(), strings.Repeat("long", 30)))
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	first, err := d.MakeSockets()
	if err != nil {
		t.Fatal(err)
	}
	if len(statedir.ControlSocket(first)) > 103 {
		t.Errorf("the path of %s does not fit", statedir.ControlSocket(first))
	}
	if err := d.WriteRecord(statedir.Record{Sockets: first}); err != nil {
		t.Fatal(err)
	}
	// A sandbox that was killed removed nothing; the next one does.
	second, err := d.MakeSockets()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the killed sandbox is still there: %v", err)
	}
	if err := d.RemoveSockets(second); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(second); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory of the sockets is still there: %v", err)
	}
}

func TestOnlyDirectoriesOfSocketsAreRemoved(t *testing.T) {
	t.Parallel()
	d, other := at(t, t.TempDir()), t.TempDir()
	for _, dir := range []string{other, "", "/"} {
		if err := d.RemoveSockets(dir); err != nil {
			t.Errorf("%q: %v", dir, err)
		}
	}
	if _, err := os.Stat(other); err != nil {
		t.Errorf("a directory that a record named was deleted: %v", err)
	}
}

func TestTheDefaultDirectoryFollowsTheEnvironment(t *testing.T) {
	for _, tc := range []struct {
		name, own, state, home, want string
	}{
		{"the sandbox's own variable comes first", "/own", "/state", "/home/u", "/own"},
		{"then the user's directory for state", "", "/state", "/home/u", "/state/jetstream-sandbox"},
		{"a relative one does not count", "", "state", "/home/u", "/home/u/.local/state/jetstream-sandbox"},
		{"then the home directory", "", "", "/home/u", "/home/u/.local/state/jetstream-sandbox"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv(statedir.EnvDir, tc.own)
			t.Setenv("XDG_STATE_HOME", tc.state)
			t.Setenv("HOME", tc.home)
			if got, err := statedir.Default(); err != nil || got != tc.want {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
}
