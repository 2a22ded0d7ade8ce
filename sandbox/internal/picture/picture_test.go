package picture

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/recording"
)

var update = flag.Bool("update", false, "rewrite the golden files, and the picture of the demo from its recording")

// golden compares with a file.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%.3000s", path, diff)
	}
}

func screen(w, h int, output string) Screen {
	e := vt.NewEmulator(w, h)
	_, _ = e.WriteString(output)
	return Take(e)
}

const noCursor = "\x1b[?25l"

func TestRowsAreDrawnCellByCell(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, output string }{
		{"text of one colour is one text, also across a blank", "\x1b[32mtwo words\x1b[m"},
		{"what follows a gap is placed by itself", "NAME    READY   STATUS"},
		{"another colour is another text", "\x1b[1;34mREADY\x1b[m for 2s"},
		{"a colour of its number, of the cube, and of its own", "\x1b[31ma\x1b[38;5;246mb\x1b[38;2;1;2;3mc"},
		{"a selected row with a gap in it", "\x1b[7m group    5/5 \x1b[m"},
		{"marks of a text", "\x1b[3mslanted\x1b[m \x1b[4munder lined\x1b[m \x1b[9mstruck\x1b[m"},
		{"lines that meet", "──┬─ a ─┼──┴─│"},
		{"the mark of the focus", "▌checkpoint"},
		{"a wide character takes two cells", "a日b"},
		{"what SVG would take for its own", `<a href="x">&`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var l looks
			row := drawRow(screen(40, 1, noCursor+test.output), 0, 0, &l)
			golden(t, filepath.Join("testdata", strings.ReplaceAll(test.name, " ", "-")+".golden"), []byte(l.css()+row))
		})
	}
}

func TestTheCursorIsABlock(t *testing.T) {
	t.Parallel()
	var l looks
	row := drawRow(screen(8, 1, "$ ls\x1b[3G"), 0, 0, &l)
	if want := `<rect x="28.8" y="0" width="8.4" height="18" class="b" fill="` + foreground + `"/>`; !strings.Contains(row, want) {
		t.Errorf("no %s in\n%s", want, row)
	}
	if row := drawRow(screen(8, 1, noCursor+"$ ls\x1b[3G"), 0, 0, &l); strings.Contains(row, "<rect") {
		t.Errorf("a cursor that is hidden:\n%s", row)
	}
}

func TestAStillHasEveryRow(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/still.svg", Still(screen(12, 3, "one\r\n\r\nthree & 3"), "three <rows>"))
}

// frames are screens of 12×3 cells, a second after each other.
func frames(outputs ...string) []Frame {
	var all []Frame
	for i, output := range outputs {
		all = append(all, Frame{At: time.Duration(i) * time.Second, Screen: screen(12, 3, noCursor+output)})
	}
	return all
}

func TestRowsMoveByThemselves(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/motion.svg", Motion(Film{
		Title: "a start", Duration: 5 * time.Second, Poster: 2500 * time.Millisecond,
		Frames: frames("header\r\nage 1s", "header\r\nage 2s\r\nnews", "header\r\nage 3s\r\nnews", "header\r\nage 1s\r\nage 1s"),
	}))
}

func TestMotion(t *testing.T) {
	t.Parallel()
	motion := func(f Film) string {
		f.Duration = 4 * time.Second
		return string(Motion(f))
	}
	for _, test := range []struct {
		name           string
		film           Film
		has, lacks     []string
		drawnRows, use int
	}{
		{"a row that never changes does not move", Film{Frames: frames("a", "a")}, []string{">a<"}, []string{"@keyframes"}, 1, 1},
		{"a row is drawn once wherever it is shown", Film{Frames: frames("a\r\na", "b\r\na\r\na")}, nil, nil, 2, 4},
		{
			"what comes back is on the strip already",
			Film{Frames: frames("a", "b", "a")},
			[]string{"@keyframes r0{0%{transform:translateY(0px)}25%{transform:translateY(-22px)}50%{transform:translateY(0px)}}"},
			nil, 2, 2,
		},
		{"a blank row is drawn by nothing", Film{Frames: frames("", "a", "")}, []string{"@keyframes r0"}, []string{"@keyframes r1"}, 1, 1},
		{
			"the poster is what stands there without motion",
			Film{Frames: frames("a", "b", "c", "d"), Poster: 1500 * time.Millisecond},
			[]string{`transform="translate(0,-44)"`, "prefers-reduced-motion:reduce"},
			nil, 4, 4,
		},
		{
			"the end stands where the poster is behind it",
			Film{Frames: frames("a", "b"), Poster: time.Hour},
			[]string{`transform="translate(0,-22)"`},
			nil, 2, 2,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := motion(test.film)
			for _, want := range test.has {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in\n%s", want, got)
				}
			}
			for _, not := range test.lacks {
				if strings.Contains(got, not) {
					t.Errorf("%s in\n%s", not, got)
				}
			}
			counts := [...]int{strings.Count(got, "<g id="), strings.Count(got, "<use ")}
			if want := [...]int{test.drawnRows, test.use}; counts != want {
				t.Errorf("%d rows drawn and used, want %d:\n%s", counts, want, got)
			}
		})
	}
	if got := Motion(Film{}); got != nil {
		t.Errorf("a film without frames:\n%s", got)
	}
}

func ExampleFilmOf() {
	film := FilmOf(recording.Cast{
		Header: recording.Header{Width: 8, Height: 1, Duration: time.Second},
		Events: []recording.Event{{At: 0, Kind: recording.Output, Data: "$ "}, {At: 10 * time.Millisecond, Kind: recording.Output, Data: "ls"}},
	}, "")
	for _, frame := range film.Frames {
		fmt.Println(frame.At)
	}
	// Output:
	// 0s
	// 200ms
}
