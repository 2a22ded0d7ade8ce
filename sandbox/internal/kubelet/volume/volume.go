package volume

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/environ"
)

// Source gives what volumes are filled from. A missing object is an error for which
// apierrors.IsNotFound holds.
type Source interface {
	ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	// Token returns a token of the pod's service account, and when to ask for the
	// next one.
	Token(ctx context.Context, pod *corev1.Pod, projection *corev1.ServiceAccountTokenProjection) (token string, renew time.Time, err error)
}

// defaultMode is the mode of files where the pod gives none.
const defaultMode = 0o644

// Set is the volumes of one pod under one directory. It is for one goroutine.
type Set struct {
	source Source
	dir    string
	shared string
	facts  environ.Facts
	tokens map[string]heldToken
}

type heldToken struct {
	text  string
	renew time.Time
}

// NewSet returns the volumes of a pod under dir. What outlives pods, such as claims
// and paths of the host, lies under shared. Neither need exist.
func NewSet(source Source, dir, shared string, facts environ.Facts) *Set {
	return &Set{source: source, dir: dir, shared: shared, facts: facts, tokens: make(map[string]heldToken)}
}

// Error is a volume that cannot be set up.
type Error struct {
	Volume string
	Err    error
}

// Error words it as the kubelet's event does.
func (e *Error) Error() string {
	return fmt.Sprintf("MountVolume.SetUp failed for volume %q : %v", e.Volume, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// Path returns the directory of a volume.
func (s *Set) Path(v *corev1.Volume) string {
	switch {
	case v.HostPath != nil:
		return filepath.Join(s.shared, "host", filepath.FromSlash(path.Clean("/"+v.HostPath.Path)))
	case v.PersistentVolumeClaim != nil:
		return filepath.Join(s.shared, "claims", filepath.Base(v.PersistentVolumeClaim.ClaimName))
	default:
		return filepath.Join(s.dir, "volumes", filepath.Base(v.Name))
	}
}

// SetUp makes or updates all volumes of the pod. The error is an *Error for the first
// one that failed.
func (s *Set) SetUp(ctx context.Context, pod *corev1.Pod) error {
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		content, filled, err := s.content(ctx, pod, v)
		if err == nil {
			if filled {
				err = publish(s.Path(v), content, time.Now())
			} else {
				err = os.MkdirAll(s.Path(v), 0o755)
			}
		}
		if err != nil {
			return &Error{Volume: v.Name, Err: err}
		}
	}
	return nil
}

// NextRenewal is when the first token has to be renewed; zero if there is none.
func (s *Set) NextRenewal() time.Time {
	var next time.Time
	for _, t := range s.tokens {
		if next.IsZero() || t.renew.Before(next) {
			next = t.renew
		}
	}
	return next
}

// content gathers the files of a volume; filled is false for those that start empty.
func (s *Set) content(ctx context.Context, pod *corev1.Pod, v *corev1.Volume) (p payload, filled bool, err error) {
	p = payload{}
	switch {
	case v.ConfigMap != nil:
		err = s.addConfigMap(ctx, p, pod.Namespace, v.ConfigMap.Name, v.ConfigMap.Items, v.ConfigMap.DefaultMode, v.ConfigMap.Optional)
	case v.Secret != nil:
		err = s.addSecret(ctx, p, pod.Namespace, v.Secret.SecretName, v.Secret.Items, v.Secret.DefaultMode, v.Secret.Optional)
	case v.DownwardAPI != nil:
		err = s.addDownward(p, pod, v.DownwardAPI.Items, v.DownwardAPI.DefaultMode)
	case v.Projected != nil:
		for i := range v.Projected.Sources {
			if err = s.addProjection(ctx, p, pod, v.Name, &v.Projected.Sources[i], v.Projected.DefaultMode); err != nil {
				break
			}
		}
	default:
		return nil, false, nil
	}
	return p, true, err
}

func (s *Set) addProjection(ctx context.Context, p payload, pod *corev1.Pod, volume string, from *corev1.VolumeProjection, mode *int32) error {
	switch {
	case from.ConfigMap != nil:
		return s.addConfigMap(ctx, p, pod.Namespace, from.ConfigMap.Name, from.ConfigMap.Items, mode, from.ConfigMap.Optional)
	case from.Secret != nil:
		return s.addSecret(ctx, p, pod.Namespace, from.Secret.Name, from.Secret.Items, mode, from.Secret.Optional)
	case from.DownwardAPI != nil:
		return s.addDownward(p, pod, from.DownwardAPI.Items, mode)
	case from.ServiceAccountToken != nil:
		return s.addToken(ctx, p, pod, volume, from.ServiceAccountToken, mode)
	default:
		return nil // kinds that no simulated image reads
	}
}

func (s *Set) addConfigMap(ctx context.Context, p payload, namespace, name string, items []corev1.KeyToPath, mode *int32, optional *bool) error {
	m, err := s.source.ConfigMap(ctx, namespace, name)
	if err != nil {
		return ignoreMissing(err, optional)
	}
	data := make(map[string][]byte, len(m.Data)+len(m.BinaryData))
	for key, text := range m.Data {
		data[key] = []byte(text)
	}
	for key, raw := range m.BinaryData {
		data[key] = raw
	}
	return addKeys(p, data, items, mode, optional, "configmap references non-existent config key: %s")
}

func (s *Set) addSecret(ctx context.Context, p payload, namespace, name string, items []corev1.KeyToPath, mode *int32, optional *bool) error {
	secret, err := s.source.Secret(ctx, namespace, name)
	if err != nil {
		return ignoreMissing(err, optional)
	}
	return addKeys(p, secret.Data, items, mode, optional, "references non-existent secret key: %s")
}

// addKeys adds all keys, or the items alone if there are any.
func addKeys(p payload, data map[string][]byte, items []corev1.KeyToPath, mode *int32, optional *bool, missing string) error {
	if len(items) == 0 {
		for key, content := range data {
			p[key] = file{content: content, mode: fileMode(nil, mode)}
		}
		return nil
	}
	for _, item := range items {
		content, ok := data[item.Key]
		if !ok {
			if optional != nil && *optional {
				continue
			}
			return fmt.Errorf(missing, item.Key)
		}
		if err := p.add(item.Path, content, fileMode(item.Mode, mode)); err != nil {
			return err
		}
	}
	return nil
}

// add refuses paths that would leave the volume.
func (p payload) add(name string, content []byte, mode fs.FileMode) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) || strings.HasPrefix(name, "..") {
		return fmt.Errorf("path %q leaves the volume", name)
	}
	p[path.Clean(name)] = file{content: content, mode: mode}
	return nil
}

func (s *Set) addDownward(p payload, pod *corev1.Pod, items []corev1.DownwardAPIVolumeFile, mode *int32) error {
	for _, item := range items {
		var text string
		var err error
		switch {
		case item.FieldRef != nil:
			text, err = environ.Field(pod, item.FieldRef.FieldPath, s.facts)
		case item.ResourceFieldRef != nil:
			text, err = environ.Resource(pod, &corev1.Container{}, item.ResourceFieldRef, s.facts)
		}
		if err != nil {
			return err
		}
		if err := p.add(item.Path, []byte(text), fileMode(item.Mode, mode)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) addToken(ctx context.Context, p payload, pod *corev1.Pod, volume string, from *corev1.ServiceAccountTokenProjection, mode *int32) error {
	key := volume + "/" + from.Path
	held, ok := s.tokens[key]
	if !ok || !time.Now().Before(held.renew) {
		text, renew, err := s.source.Token(ctx, pod, from)
		switch {
		case err == nil:
			held = heldToken{text: text, renew: renew}
			s.tokens[key] = held
		case !ok:
			return fmt.Errorf("failed to fetch token: %w", err)
		}
	}
	return p.add(from.Path, []byte(held.text), fileMode(nil, mode))
}

func fileMode(own, shared *int32) fs.FileMode {
	switch {
	case own != nil:
		return fs.FileMode(*own)
	case shared != nil:
		return fs.FileMode(*shared)
	default:
		return defaultMode
	}
}

func ignoreMissing(err error, optional *bool) error {
	if apierrors.IsNotFound(err) && optional != nil && *optional {
		return nil
	}
	return err
}
