package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/built"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/picture"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/recording"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/terminal"
)

// The size of the recorded terminal: smaller than that of the stills, so that the
// letters are larger where the picture is as wide as a page.
const demoWidth, demoHeight = 110, 34

// keyPause is between two keys, more or less: 17 a second is a quick typist.
const keyPause = 60 * time.Millisecond

// caption says what is seen. It is typed into the shell too, so that it is on the screen.
func caption() string {
	return fmt.Sprintf("sandbox: TPU hosts and model are simulated, and loading is %d times as fast", demoSpeed)
}

// record runs a shell, deploys in it by hand, asks the model, and leaves demo.cast, and
// demo.svg made of it.
func record(ctx context.Context, s *built.Sandbox, out string) error {
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc")
	cmd.Env = append(plainTerminal(s.Environ()), "PS1=$ ", "HISTFILE=", "INPUTRC=/dev/null")
	recorder := recording.NewRecorder(time.Now)
	t, err := terminal.Start(cmd, demoWidth, demoHeight, recorder.Output)
	if err != nil {
		return err
	}
	d := &demonstrator{Terminal: t, recorder: recorder, chance: rand.New(rand.NewPCG(1, 1))}
	if err := errors.Join(d.demonstrate(), t.Close()); err != nil {
		return err
	}
	return d.write(out)
}

// demonstrator sits at a terminal that is recorded.
type demonstrator struct {
	*terminal.Terminal
	recorder *recording.Recorder
	chance   *rand.Rand
	cast     recording.Cast
}

// demonstrate does and sees, step by step. Each step is done after a pause, in which
// whoever watches can read.
func (d *demonstrator) demonstrate() error {
	for _, step := range []struct {
		pause time.Duration
		keys  []string
		see   []string // before the next step
		mark  string   // of what is seen then
	}{
		{0, nil, []string{"$"}, ""},
		{500 * time.Millisecond, letters("# " + caption() + "\r"), nil, ""},
		{500 * time.Millisecond, letters("kubectl jetstream\r"), []string{"checkpoint", "pathways-bucket"}, "form"},
		{1500 * time.Millisecond, []string{keyDown}, nil, ""},
		{700 * time.Millisecond, []string{keyTab}, nil, ""},
		{300 * time.Millisecond, letters(checkpoint), nil, ""},
		{300 * time.Millisecond, []string{keyTab}, nil, ""},
		{300 * time.Millisecond, letters(bucket), []string{"ready to deploy", "kind: LeaderWorkerSet"}, ""},
		{1500 * time.Millisecond, []string{keyCtrlS}, []string{"● restore"}, "restoring"},
		{0, nil, []string{"READY for", "> ask the model", "✓ ready"}, "ready"},
		{2500 * time.Millisecond, []string{"5"}, []string{"[Chat"}, ""},
		{500 * time.Millisecond, []string{keyCtrlO}, nil, ""},
		{700 * time.Millisecond, letters("What are the top 5 programming languages"), nil, ""},
		{500 * time.Millisecond, []string{keyEnter}, []string{"5. ", "tokens/s", "> ask"}, "answer"},
		{2500 * time.Millisecond, []string{keyEscape}, nil, ""},
		{500 * time.Millisecond, []string{keyCtrlO}, []string{"✓ ready"}, ""},
		{1500 * time.Millisecond, []string{"q"}, []string{"READY", "$"}, "left"},
		{3 * time.Second, nil, nil, ""},
	} {
		time.Sleep(step.pause)
		for _, key := range step.keys {
			if err := d.Press(key); err != nil {
				return err
			}
			time.Sleep(keyPause/2 + time.Duration(d.chance.Int64N(int64(keyPause))))
		}
		if err := await(d.Terminal, step.see...); err != nil {
			return fmt.Errorf("the demo: %w", err)
		}
		if step.mark != "" {
			d.recorder.Mark(step.mark)
		}
	}
	d.cast = d.recorder.Cast(recording.Header{
		Width: demoWidth, Height: demoHeight, Title: "kubectl jetstream, from nothing to an answer; " + caption(),
		Env: map[string]string{"TERM": "xterm-256color"},
	})
	return nil
}

func letters(text string) []string {
	var keys []string
	for _, letter := range text {
		keys = append(keys, string(letter))
	}
	return keys
}

// write writes the cast and its picture.
func (d *demonstrator) write(out string) error {
	var file bytes.Buffer
	if _, err := d.cast.WriteTo(&file); err != nil {
		return err
	}
	for name, content := range map[string][]byte{"demo.cast": file.Bytes(), "demo.svg": picture.Motion(picture.FilmOf(d.cast, "ready"))} {
		path := filepath.Join(out, name)
		fmt.Fprintln(os.Stderr, path)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
