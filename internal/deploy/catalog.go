package deploy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-jetstream/kubectl-jetstream/manifests"
)

const (
	profileFile  = "profile.yaml"
	workloadFile = "workload.yaml"
	// maxProfileFile bounds what is read of a profile, in bytes; the ones
	// built in stay below 16 KiB.
	maxProfileFile = 1 << 20
)

// Catalog returns the built-in profiles, ordered by name.
func Catalog() ([]*Profile, error) {
	names, err := catalogNames()
	if err != nil {
		return nil, err
	}
	profiles := make([]*Profile, 0, len(names))
	for _, name := range names {
		p, err := builtIn(name)
		if err != nil {
			return nil, err
		}
		profiles = append(profiles, p)
	}
	return profiles, nil
}

func catalogNames() ([]string, error) {
	entries, err := fs.ReadDir(manifests.Profiles(), ".")
	if err != nil {
		return nil, fmt.Errorf("reading the built-in profiles: %w", err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

func builtIn(name string) (*Profile, error) {
	sub, err := fs.Sub(manifests.Profiles(), name)
	if err != nil {
		return nil, fmt.Errorf("reading profile %s: %w", name, err)
	}
	return readProfile(sub, name)
}

// LoadProfile returns a built-in profile by its name, or one from a
// directory of the user's own that holds profile.yaml and workload.yaml. A
// text with a path separator is always a directory.
func LoadProfile(nameOrDir string) (*Profile, error) {
	names, err := catalogNames()
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, nameOrDir) {
		return builtIn(nameOrDir)
	}
	info, err := os.Stat(nameOrDir)
	switch {
	case err == nil && info.IsDir():
		dir, err := filepath.Abs(nameOrDir)
		if err != nil {
			return nil, fmt.Errorf("finding profile %q: %w", nameOrDir, err)
		}
		return readProfile(os.DirFS(dir), dir)
	case err == nil:
		return nil, &NoProfileError{fmt.Errorf("profile %q is a file; name the directory that holds %s and %s", nameOrDir, profileFile, workloadFile)}
	case strings.ContainsRune(nameOrDir, os.PathSeparator):
		return nil, &NoProfileError{fmt.Errorf("reading profile %q: %w", nameOrDir, err)}
	default:
		return nil, &NoProfileError{fmt.Errorf("there is no profile %q; built in are %s, and a directory with %s and %s is one too",
			nameOrDir, strings.Join(names, ", "), profileFile, workloadFile)}
	}
}

// NoProfileError says that a name is neither that of a built-in profile nor
// of a directory. Its text lists what there is.
type NoProfileError struct{ err error }

func (e *NoProfileError) Error() string { return e.err.Error() }
func (e *NoProfileError) Unwrap() error { return e.err }

func readProfile(dir fs.FS, name string) (*Profile, error) {
	description, err := readBounded(dir, profileFile)
	if err != nil {
		return nil, fmt.Errorf("reading profile %s: %w", name, err)
	}
	objects, err := readBounded(dir, workloadFile)
	if err != nil {
		return nil, fmt.Errorf("reading profile %s: %w", name, err)
	}
	p, err := parseProfile(description, objects)
	if err != nil {
		return nil, fmt.Errorf("reading profile %s: %w", name, err)
	}
	p.Name = name
	return p, nil
}

func readBounded(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxProfileFile {
		return nil, fmt.Errorf("%s is no file of at most %d bytes", name, maxProfileFile)
	}
	return fs.ReadFile(dir, name)
}

// parseProfile reads the two files of a profile and checks that they fit
// each other: whoever writes a profile learns of a mistake when it is loaded,
// not when it is deployed.
func parseProfile(description, objects []byte) (*Profile, error) {
	p := &Profile{}
	if err := yaml.UnmarshalStrict(description, p); err != nil {
		return nil, fmt.Errorf("%s: %w", profileFile, err)
	}
	p.workload = objects
	for _, deviation := range p.Deviations {
		for i := range deviation.Changes {
			change := &deviation.Changes[i]
			change.Guide, change.Profile = wholeNumbers(change.Guide), wholeNumbers(change.Profile)
		}
	}
	if p.Engines == 0 {
		p.Engines = 1
	}
	w, err := p.workloadObjects()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", workloadFile, err)
	}
	if err := errors.Join(p.checkDescription()...); err != nil {
		return nil, fmt.Errorf("%s: %w", profileFile, err)
	}
	if err := errors.Join(p.checkWorkload(w)...); err != nil {
		return nil, err
	}
	for i := range p.Parameters {
		p.Parameters[i].Default = p.Parameters[i].defaultValue(w)
	}
	return p, nil
}

// wholeNumbers turns the decimal numbers of decoded JSON that are whole into
// the integers that Kubernetes objects hold.
func wholeNumbers(value any) any {
	switch value := value.(type) {
	case float64:
		return wholeIfPossible(value)
	case []any:
		for i := range value {
			value[i] = wholeNumbers(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = wholeNumbers(value[key])
		}
	}
	return value
}
