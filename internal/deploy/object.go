package deploy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// ObjectRef names one object of the cluster.
type ObjectRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// RefOf returns the reference to an object.
func RefOf(object *unstructured.Unstructured) ObjectRef {
	return ObjectRef{
		APIVersion: object.GetAPIVersion(),
		Kind:       object.GetKind(),
		Namespace:  object.GetNamespace(),
		Name:       object.GetName(),
	}
}

// String writes the reference as kubectl does, such as service/jetstream-svc
// or leaderworkerset.leaderworkerset.x-k8s.io/jetstream-pathways.
func (r ObjectRef) String() string {
	name := strings.ToLower(r.Kind)
	if group := r.groupVersion().Group; group != "" {
		name += "." + group
	}
	return name + "/" + r.Name
}

func (r ObjectRef) groupVersion() schema.GroupVersion {
	gv, err := schema.ParseGroupVersion(r.APIVersion)
	if err != nil {
		return schema.GroupVersion{}
	}
	return gv
}

// ParseYAML reads a stream of YAML documents, each one object. Empty
// documents are skipped; a field given twice is an error.
func ParseYAML(data []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	err := eachDocument(data, func(document []byte) error {
		object, err := parseDocument(document)
		if object != nil {
			objects = append(objects, object)
		}
		return err
	})
	return objects, err
}

// parseRefs reads references to the objects of a stream without the rest of
// them, which takes a hundredth of the time where there are definitions of
// many thousand lines.
func parseRefs(data []byte) ([]ObjectRef, error) {
	var refs []ObjectRef
	err := eachDocument(data, func(document []byte) error {
		object, err := parseDocument(header(document))
		if object != nil {
			refs = append(refs, RefOf(object))
		}
		return err
	})
	return refs, err
}

// header returns the sections of a document that name the object. A section
// is a line that begins with its key and all lines up to the next such.
func header(document []byte) []byte {
	var kept []byte
	keep := false
	for line := range bytes.Lines(document) {
		if c := line[0]; c != ' ' && c != '\n' && c != '#' && c != '-' {
			key, _, _ := bytes.Cut(line, []byte(":"))
			keep = slices.Contains([]string{"apiVersion", "kind", "metadata"}, string(key))
		}
		if keep {
			kept = append(kept, line...)
		}
	}
	return kept
}

func eachDocument(data []byte, visit func(document []byte) error) error {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for n := 1; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = visit(document)
		}
		if err != nil {
			return fmt.Errorf("document %d: %w", n, err)
		}
	}
}

func parseDocument(document []byte) (*unstructured.Unstructured, error) {
	asJSON, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(asJSON, []byte("null")) {
		return nil, nil
	}
	content := map[string]any{}
	if err := utiljson.Unmarshal(asJSON, &content); err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{Object: content}
	if object.GetAPIVersion() == "" || object.GetKind() == "" || object.GetName() == "" {
		return nil, errors.New("not a Kubernetes object: apiVersion, kind and metadata.name are needed")
	}
	return object, nil
}

// WriteYAML writes the objects as one YAML stream that kubectl can apply.
func WriteYAML(w io.Writer, objects []*unstructured.Unstructured) error {
	for i, object := range objects {
		data, err := yaml.Marshal(object.Object)
		if err != nil {
			return fmt.Errorf("encoding %s: %w", RefOf(object), err)
		}
		if i > 0 {
			data = append([]byte("---\n"), data...)
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}
