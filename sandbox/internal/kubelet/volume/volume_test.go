package volume_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/environ"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/volume"
)

// source has one ConfigMap, one Secret, and tokens that count.
type source struct {
	settings map[string]string
	keys     map[string][]byte
	tokens   int
	refuse   bool
}

func (s *source) ConfigMap(_ context.Context, _, name string) (*corev1.ConfigMap, error) {
	if name != "settings" {
		return nil, apierrors.NewNotFound(corev1.Resource("configmap"), name)
	}
	return &corev1.ConfigMap{Data: s.settings, BinaryData: map[string][]byte{"raw": {0, 255}}}, nil
}

func (s *source) Secret(_ context.Context, _, name string) (*corev1.Secret, error) {
	if name != "keys" {
		return nil, apierrors.NewNotFound(corev1.Resource("secret"), name)
	}
	return &corev1.Secret{Data: s.keys}, nil
}

func (s *source) Token(_ context.Context, pod *corev1.Pod, from *corev1.ServiceAccountTokenProjection) (string, time.Time, error) {
	if s.refuse {
		return "", time.Time{}, errors.New("no")
	}
	s.tokens++
	text := pod.Name + "/" + from.Audience + "/" + string(rune('0'+s.tokens))
	return text, time.Now().Add(time.Duration(*from.ExpirationSeconds) * time.Second), nil
}

func newSource() *source {
	return &source{settings: map[string]string{"a.conf": "A", "b.conf": "B"}, keys: map[string][]byte{"tls.key": []byte("K")}}
}

// tree reads a directory as its readers see it.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if len(e.Name()) > 1 && e.Name()[:2] == ".." {
			continue
		}
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			for name, content := range tree(t, path) {
				files[e.Name()+"/"+name] = content
			}
			continue
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(raw)
	}
	return files
}

func podOf(v corev1.VolumeSource) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "p", Labels: map[string]string{"app": "x"}},
		Spec:       corev1.PodSpec{Volumes: []corev1.Volume{{Name: "v", VolumeSource: v}}},
	}
}

func TestContents(t *testing.T) {
	t.Parallel()
	local := func(name string) corev1.LocalObjectReference { return corev1.LocalObjectReference{Name: name} }
	for _, c := range []struct {
		name   string
		volume corev1.VolumeSource
		want   map[string]string
		err    string
	}{
		{"an empty folder", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}, map[string]string{}, ""},
		{
			"all keys of a ConfigMap",
			corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local("settings")}},
			map[string]string{"a.conf": "A", "b.conf": "B", "raw": "\x00\xff"},
			"",
		},
		{
			"some keys of a ConfigMap under other paths", corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: local("settings"), Items: []corev1.KeyToPath{{Key: "a.conf", Path: "sub/folder/a"}, {Key: "b.conf", Path: "b"}},
			}}, map[string]string{"sub/folder/a": "A", "b": "B"}, "",
		},
		{"a Secret", corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "keys"}}, map[string]string{"tls.key": "K"}, ""},
		{"an optional Secret that is missing", corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "nope", Optional: new(true)}}, map[string]string{}, ""},
		{
			"what every pod gets", corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(3607)), Audience: "us"}},
				{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: local("settings"), Items: []corev1.KeyToPath{{Key: "a.conf", Path: "ca.crt"}}}},
				{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{Path: "namespace", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"}}}}},
			}}}, map[string]string{"token": "p/us/1", "ca.crt": "A", "namespace": "ns"}, "",
		},
		{
			"fields of the pod", corev1.VolumeSource{DownwardAPI: &corev1.DownwardAPIVolumeSource{Items: []corev1.DownwardAPIVolumeFile{
				{Path: "labels", FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.labels"}},
			}}}, map[string]string{"labels": `app="x"`}, "",
		},
		{
			"a missing ConfigMap",
			corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local("nope")}},
			nil, `MountVolume.SetUp failed for volume "v" : configmap "nope" not found`,
		},
		{
			"a missing key",
			corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local("settings"), Items: []corev1.KeyToPath{{Key: "zzz", Path: "z"}}}},
			nil, `MountVolume.SetUp failed for volume "v" : configmap references non-existent config key: zzz`,
		},
		{
			"a path out of the volume",
			corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local("settings"), Items: []corev1.KeyToPath{{Key: "a.conf", Path: "../a"}}}},
			nil, `MountVolume.SetUp failed for volume "v" : path "../a" leaves the volume`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pod := podOf(c.volume)
			set := volume.NewSet(newSource(), t.TempDir(), t.TempDir(), environ.Facts{})
			err := set.SetUp(t.Context(), pod)
			if c.err != "" {
				var failed *volume.Error
				if !errors.As(err, &failed) || err.Error() != c.err {
					t.Fatalf("got error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, tree(t, set.Path(&pod.Spec.Volumes[0]))); diff != "" {
				t.Errorf("the volume differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChangesArriveAllAtOnce(t *testing.T) {
	t.Parallel()
	from := newSource()
	pod := podOf(corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}})
	set := volume.NewSet(from, t.TempDir(), t.TempDir(), environ.Facts{})
	if err := set.SetUp(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	dir := set.Path(&pod.Spec.Volumes[0])
	before, err := os.Readlink(filepath.Join(dir, "..data"))
	if err != nil {
		t.Fatal(err)
	}
	if err := set.SetUp(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	if same, _ := os.Readlink(filepath.Join(dir, "..data")); same != before {
		t.Error("an unchanged volume is written again")
	}
	from.settings = map[string]string{"a.conf": "A2", "c.conf": "C"}
	if err := set.SetUp(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a.conf": "A2", "c.conf": "C", "raw": "\x00\xff"}, tree(t, dir)); diff != "" {
		t.Errorf("the volume differs (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(filepath.Join(dir, before)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old content is still there: %v", err)
	}
	link, err := os.Readlink(filepath.Join(dir, "a.conf"))
	if err != nil || link != filepath.Join("..data", "a.conf") {
		t.Errorf("a file links to %q and %v, want it to go through ..data", link, err)
	}
}

func TestTokensAreRenewedInTimeAndKeptWhenThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := newSource()
		pod := podOf(corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: "token", ExpirationSeconds: new(int64(600))}},
		}}})
		set := volume.NewSet(from, t.TempDir(), t.TempDir(), environ.Facts{})
		token := func() string {
			t.Helper()
			if err := set.SetUp(t.Context(), pod); err != nil {
				t.Fatal(err)
			}
			return tree(t, set.Path(&pod.Spec.Volumes[0]))["token"]
		}
		if got := token(); got != "p//1" {
			t.Fatalf("the token is %q", got)
		}
		if got := time.Until(set.NextRenewal()); got != 10*time.Minute {
			t.Errorf("it is renewed in %v, want 10m", got)
		}
		<-time.NewTimer(9 * time.Minute).C
		if got := token(); got != "p//1" {
			t.Errorf("before its time the token is %q", got)
		}
		<-time.NewTimer(2 * time.Minute).C
		from.refuse = true
		if got := token(); got != "p//1" {
			t.Errorf("when renewal fails the token is %q", got)
		}
		from.refuse = false
		if got := token(); got != "p//2" {
			t.Errorf("after renewal the token is %q", got)
		}
	})
}
