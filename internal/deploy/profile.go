package deploy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Profile describes how one model is served on one kind of TPU slice.
type Profile struct {
	// Name is the directory's, or its path for a profile of the user's own.
	Name string `json:"-"`

	Title string `json:"title"`
	Model string `json:"model"`
	Guide *Guide `json:"guide,omitempty"`

	// Accelerator and Topology are the values of the GKE node labels that
	// choose the slice; MachineType is what its node pool is created with.
	Accelerator   string `json:"accelerator"`
	MachineType   string `json:"machineType,omitempty"`
	Topology      string `json:"topology"`
	HostsPerSlice int    `json:"hostsPerSlice"`
	ChipsPerHost  int    `json:"chipsPerHost"`
	Slices        int    `json:"slices"`
	// Engines is the number of model copies over which the slices of a group
	// are divided: 2 if prefill and decode are separate.
	Engines int `json:"engines,omitempty"`

	// ChatTemplate names the template by which a conversation becomes a
	// prompt.
	ChatTemplate string        `json:"chatTemplate"`
	Context      ContextLimits `json:"context"`
	Sizing       *Sizing       `json:"sizing,omitempty"`
	// Expected holds how long parts of a start take, by name: "restore" is
	// reading the checkpoint, "serving" the time from the group's pods running
	// to the first good health check.
	Expected map[string]DurationRange `json:"expected,omitempty"`

	Parameters []Parameter `json:"parameters"`
	Deviations []Deviation `json:"deviations,omitempty"`

	workload []byte
}

// Guide is the published description that a profile follows.
type Guide struct {
	Title    string `json:"title"`
	URL      string `json:"url"`
	Manifest string `json:"manifest"`
}

// ContextLimits are lengths in tokens, as the profile serves them unless a
// parameter changes them.
type ContextLimits struct {
	MaxPrefill int `json:"maxPrefill"`
	MaxTarget  int `json:"maxTarget"`
}

// Sizing is what the memory arithmetic needs to know of a model.
type Sizing struct {
	// Parameters is the number of weights.
	Parameters int64 `json:"parameters"`
	// KVValuesPerToken is the number of cached values for each token of a
	// sequence: layers × key/value heads × head size × 2.
	KVValuesPerToken int64 `json:"kvValuesPerToken"`
	// HBMPerChipGiB is the memory of a chip that programs can use, in GiB.
	HBMPerChipGiB float64 `json:"hbmPerChipGiB"`
}

// DurationRange is a documented duration with where it is documented.
type DurationRange struct {
	Min    Duration `json:"min"`
	Max    Duration `json:"max"`
	Source string   `json:"source,omitempty"`
}

// Duration is a time.Duration that is written like 7m or 1h30m.
type Duration struct{ time.Duration }

// UnmarshalText reads the notation of time.ParseDuration.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(text))
	return err
}

// MarshalText writes the duration in the notation of time.ParseDuration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Deviation is a difference between the profile and the guide's manifest.
type Deviation struct {
	Reason  string         `json:"reason"`
	Changes []FieldChanged `json:"changes"`
}

// FieldChanged names a field that differs, with the guide's value and the
// profile's; nil means that the field is absent there.
type FieldChanged struct {
	Path    string `json:"path"`
	Guide   any    `json:"guide,omitempty"`
	Profile any    `json:"profile,omitempty"`
}

// Parameter returns the parameter with the name, or nil.
func (p *Profile) Parameter(name string) *Parameter {
	i := slices.IndexFunc(p.Parameters, func(param Parameter) bool { return param.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Parameters[i]
}

// Chips returns the number of chips of one group.
func (p *Profile) Chips() int { return p.Slices * p.HostsPerSlice * p.ChipsPerHost }

// Nodes returns the number of TPU nodes of one group.
func (p *Profile) Nodes() int { return p.Slices * p.HostsPerSlice }

// Workload returns the profile's YAML as it stands in its file.
func (p *Profile) Workload() []byte { return slices.Clone(p.workload) }

// workloadObjects parses the workload anew, so that edits of the result
// change nothing else.
func (p *Profile) workloadObjects() (workload, error) {
	objects, err := ParseYAML(p.workload)
	if err != nil {
		return workload{}, err
	}
	var w workload
	for _, object := range objects {
		switch {
		case object.GetKind() == kindLWS && w.lws == nil:
			w.lws = object
		case object.GetKind() == kindService && object.GetAPIVersion() == "v1" && w.service == nil:
			w.service = object
		default:
			return workload{}, fmt.Errorf("%s: a workload is one LeaderWorkerSet and one Service, nothing else", RefOf(object))
		}
	}
	if w.lws == nil || w.service == nil {
		return workload{}, errors.New("a workload is one LeaderWorkerSet and one Service; one of them is missing")
	}
	return w, nil
}

// workload is a profile's objects while they are edited.
type workload struct {
	lws     *unstructured.Unstructured
	service *unstructured.Unstructured
}

const kindService = "Service"

func (w workload) objects() []*unstructured.Unstructured {
	return []*unstructured.Unstructured{w.lws, w.service}
}

// object returns the content of the object that a path leads into.
func (w workload) object(path Path) (map[string]any, error) {
	switch path.Kind {
	case kindLWS:
		return w.lws.Object, nil
	case kindService:
		return w.service.Object, nil
	default:
		return nil, fmt.Errorf("%s: there is no %s in a workload, only a LeaderWorkerSet and a Service", path, path.Kind)
	}
}

// get returns the value of a field, nil if it is absent.
func (w workload) get(path Path) any {
	object, err := w.object(path)
	if err != nil {
		return nil
	}
	value, _ := path.Get(object)
	return value
}

// text returns the value of a field as text, empty if it is absent.
func (w workload) text(path string) string {
	parsed, err := ParsePath(path)
	if err != nil {
		return ""
	}
	value := w.get(parsed)
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
