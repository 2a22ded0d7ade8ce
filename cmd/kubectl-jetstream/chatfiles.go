package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/chat/transcript"
)

const (
	// mostChats is how many conversations with a deployment are kept; those that
	// were kept first go first.
	mostChats = 100
	chatEnd   = ".json"
)

// chatDir is where conversations with a deployment are kept. Namespaces and names
// of objects are safe in paths; the address of an API server is not.
func (a *app) chatDir(d deploymentRef) (string, error) {
	dir, err := stateDir(os.Getenv)
	if err != nil {
		return "", err
	}
	server, err := a.cluster.server()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(server))
	return filepath.Join(dir, "chats", hex.EncodeToString(sum[:8]), d.namespace, d.name), nil
}

// saveChat writes a conversation, readable by this person alone, and returns where
// it is. A path ends in .md for Markdown, or else in .json; an empty one means the
// usual place, where the latest conversation is found again.
func (a *app) saveChat(d deploymentRef, path string, s chat.Settings, turns []chat.Turn) (string, error) {
	if len(turns) == 0 {
		return "", errors.New("nothing has been said yet, so there is nothing to save")
	}
	said := transcript.Conversation{
		Deployment: d.namespace + "/" + d.name, Saved: a.now(), Template: templateKept(s.Template.Name), System: s.System, Turns: turns,
	}
	if path == "" {
		return a.keepChat(d, said)
	}
	path, err := expandHome(path)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	switch strings.ToLower(filepath.Ext(path)) {
	case ".md", ".markdown":
		err = transcript.Markdown(&text, said)
	case ".json":
		err = transcript.Encode(&text, said)
	default:
		return "", fmt.Errorf("%s does not say in which form to save: let it end in .md or .json", path)
	}
	if err != nil {
		return "", err
	}
	// An existing file may be of something else.
	if err := writeNew(path, text.Bytes()); errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%s exists; name a file that does not", path)
	} else if err != nil {
		return "", fmt.Errorf("saving the conversation: %w", err)
	}
	return path, nil
}

// keepChat writes a conversation to the usual place. One conversation, saved again,
// replaces its earlier file.
func (a *app) keepChat(d deploymentRef, said transcript.Conversation) (string, error) {
	dir, err := a.chatDir(d)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	if err := transcript.Encode(&text, said); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("saving the conversation: %w", err)
	}
	path := filepath.Join(dir, said.Turns[0].Begun.UTC().Format("20060102T150405.000Z")+chatEnd)
	// Written beside and renamed, a file is whole or not there.
	beside := path + ".new"
	_ = os.Remove(beside)
	if err := writeNew(beside, text.Bytes()); err != nil {
		return "", fmt.Errorf("saving the conversation: %w", err)
	}
	if err := os.Rename(beside, path); err != nil {
		return "", fmt.Errorf("saving the conversation: %w", err)
	}
	kept, err := keptChats(dir)
	if err != nil {
		return path, nil //nolint:nilerr // It is saved; that old ones stay is no loss.
	}
	for _, old := range kept[:max(len(kept)-mostChats, 0)] {
		_ = os.Remove(filepath.Join(dir, old))
	}
	return path, nil
}

// tellKept keeps a conversation in the usual place and says where, or why not. A
// conversation without a turn is nothing to keep.
func (a *app) tellKept(d deploymentRef, s chat.Settings, turns []chat.Turn) {
	if len(turns) == 0 {
		return
	}
	path, err := a.saveChat(d, "", s, turns)
	if err != nil {
		fmt.Fprintf(a.ErrOut, "The conversation is not kept: %v\n", err)
		return
	}
	fmt.Fprintf(a.ErrOut, "The conversation is kept in %s.\n", path)
}

// latestChat reads the conversation with a deployment that was kept last.
func (a *app) latestChat(d deploymentRef) (transcript.Conversation, error) {
	dir, err := a.chatDir(d)
	if err != nil {
		return transcript.Conversation{}, err
	}
	kept, err := keptChats(dir)
	if err != nil {
		return transcript.Conversation{}, err
	}
	if len(kept) == 0 {
		return transcript.Conversation{}, fmt.Errorf("no conversation with %s in namespace %s is kept; --keep keeps one", d.name, d.namespace)
	}
	path := filepath.Join(dir, kept[len(kept)-1])
	f, err := os.Open(path)
	if err != nil {
		return transcript.Conversation{}, fmt.Errorf("reading the latest conversation: %w", err)
	}
	defer f.Close() //nolint:errcheck // It was only read.
	said, err := transcript.Decode(f)
	if err != nil {
		return transcript.Conversation{}, fmt.Errorf("reading the latest conversation in %s: %w", path, err)
	}
	return said, nil
}

// keptChats lists the files of a directory, the one that was kept last at the end.
// Their names tell when a conversation began, which may be long before.
func keptChats(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for kept conversations: %w", err)
	}
	type file struct {
		name string
		kept time.Time
	}
	var files []file
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), chatEnd) {
			continue
		}
		if info, err := e.Info(); err == nil { // else it has gone meanwhile
			files = append(files, file{e.Name(), info.ModTime()})
		}
	}
	slices.SortFunc(files, func(a, b file) int {
		return cmp.Or(a.kept.Compare(b.kept), strings.Compare(a.name, b.name))
	})
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.name
	}
	return names, nil
}

// writeNew writes a file that must not exist.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return cmp.Or(err, f.Close())
}

// expandHome understands the ~ that a shell would have replaced.
func expandHome(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("looking for the home directory: %w", err)
	}
	return filepath.Join(home, rest), nil
}

// keepsChats says whether every conversation is kept.
func (a *app) keepsChats() bool { return a.configuration().on(settingKeepChats) }

// chatBegan is when a conversation began, for a person.
func chatBegan(c transcript.Conversation) string {
	if len(c.Turns) == 0 || c.Turns[0].Begun.IsZero() {
		return "an earlier time"
	}
	return c.Turns[0].Begun.Local().Format(time.DateTime)
}
