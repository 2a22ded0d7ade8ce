// Package image is the image store of a simulated node: it pulls from a registry of
// simulated images and remembers what is present.
//
// All methods of Store are safe for concurrent use.
package image

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/distribution/reference"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/container"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// How long a simulated pull takes, with and without the layers on the node.
const (
	pullDuration  = 300 * time.Millisecond
	checkDuration = 100 * time.Millisecond
)

// Registry finds the program of an image. The error is the refusal as the container
// runtime reports it.
type Registry interface {
	Lookup(image string) (container.Program, error)
}

// Image is one image of the node.
type Image struct {
	// Name is the name in full, with registry and tag.
	Name string
	// ID is the name with the digest, as pods report it.
	ID string
	// Size is in bytes.
	Size int64
	// Program is what containers of the image run.
	Program container.Program
}

// Store is the set of images that a node has.
type Store struct {
	registry Registry
	world    *world.World

	mu      sync.Mutex
	present map[string]Image
}

// NewStore returns the store of a fresh node.
func NewStore(registry Registry, w *world.World) *Store {
	return &Store{registry: registry, world: w, present: make(map[string]Image)}
}

// Present returns an image the node has.
func (s *Store) Present(name string) (Image, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	img, ok := s.present[name]
	return img, ok
}

// Pull asks the registry for an image and takes the time of a pull for it. The error
// is the registry's refusal, or ctx's.
func (s *Store) Pull(ctx context.Context, name string) (Image, error) {
	duration := pullDuration
	if _, ok := s.Present(name); ok {
		duration = checkDuration
	}
	if err := s.world.Sleep(ctx, duration); err != nil {
		return Image{}, err
	}
	program, err := s.registry.Lookup(name)
	if err != nil {
		return Image{}, err
	}
	img := describe(name)
	img.Program = program
	s.mu.Lock()
	defer s.mu.Unlock()
	s.present[name] = img
	return img, nil
}

// Normalize gives a name without tag and digest the tag "latest", as the kubelet
// does. The registry stays implied.
func Normalize(name string) (string, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", fmt.Errorf("couldn't parse image name %q: %w", name, err)
	}
	if reference.IsNameOnly(named) {
		return name + ":latest", nil
	}
	return name, nil
}

// describe derives what a registry would tell of an image from its name, so that
// equal names give equal digests.
func describe(name string) Image {
	sum := sha256.Sum256([]byte(name))
	img := Image{Name: name, ID: name + "@sha256:" + hex.EncodeToString(sum[:])}
	if named, err := reference.ParseNormalizedNamed(name); err == nil {
		img.Name = reference.TagNameOnly(named).String()
		img.ID = reference.TrimNamed(named).String() + "@sha256:" + hex.EncodeToString(sum[:])
	}
	// Between 20 and 800 MB.
	img.Size = 20e6 + int64(binary.BigEndian.Uint32(sum[:4]))%780e6
	return img
}
