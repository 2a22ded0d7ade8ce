package picture

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/recording"
)

// screens are the folder of the pictures in the documents.
const screens = "../../../docs/screens"

// demo is the recording in the documents.
func demo(t *testing.T) recording.Cast {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(screens, "demo.cast"))
	if err != nil {
		t.Fatal(err)
	}
	cast, err := recording.Parse(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return cast
}

func TestTheDemoShowsADeploymentThatGetsReady(t *testing.T) {
	t.Parallel()
	cast := demo(t)
	if d := cast.Header.Duration; d < 30*time.Second || d > time.Minute {
		t.Errorf("it takes %v; nobody would watch more than a minute, nor see enough in half of one", d)
	}
	for _, want := range []string{"sandbox", "simulated", "times as fast"} {
		if !strings.Contains(cast.Header.Title, want) {
			t.Errorf("the title does not say %q: %s", want, cast.Header.Title)
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if speed := regexp.MustCompile(`[0-9]+ times as fast`).FindString(cast.Header.Title); !strings.Contains(string(readme), speed) {
		t.Errorf("README does not say that it is %q", speed)
	}
	// What stands on the screen at the latest when a marker names it.
	states := []struct {
		mark  string
		wants []string
	}{
		{"form", []string{"Deploy a model", "llama-3.1-405b-v6e-4x4", "checkpoint"}},
		{"restoring", []string{"● restore", "of 7–20m"}},
		{"ready", []string{"READY for", "✓ ready 5/5"}},
		{"answer", []string{"You", "Model", "simulated", "tokens/s"}},
		{"left", []string{"$ kubectl jetstream", "Ready for", "READY"}},
	}
	seen := 0
	var last string
	cast.Play(0, func(at time.Duration, screen *vt.Emulator) {
		last = screen.String()
		if seen == len(states) {
			return
		}
		mark, there := cast.Marked(states[seen].mark)
		if !there {
			t.Fatalf("no marker %s", states[seen].mark)
		}
		if at < mark {
			return
		}
		for _, want := range states[seen].wants {
			if !strings.Contains(last, want) {
				t.Errorf("%s, at %v: no %q on\n%s", states[seen].mark, at, want, last)
			}
		}
		seen++
	})
	if seen < len(states) {
		t.Errorf("it ends before %s", states[seen].mark)
	}
	if want := "Ready for"; !strings.Contains(last, want) {
		t.Errorf("it does not end with %q but with\n%s", want, last)
	}
}

func TestThePictureOfTheDemoIsThatOfItsRecording(t *testing.T) {
	t.Parallel()
	svg := Motion(FilmOf(demo(t), "ready"))
	golden(t, filepath.Join(screens, "demo.svg"), svg)
	if most := 500 << 10; len(svg) > most {
		t.Errorf("it has %d bytes; more than %d are slow to load in README", len(svg), most)
	}
}
