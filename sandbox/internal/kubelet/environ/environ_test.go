package environ_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/environ"
)

func TestExpand(t *testing.T) {
	t.Parallel()
	values := map[string]string{"A": "alpha", "EMPTY": "", "NESTED": "$(A)", "a.b-c": "odd"}
	lookup := func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
	for _, c := range []struct{ name, in, want string }{
		{"a reference is replaced", "x-$(A)-y", "x-alpha-y"},
		{"two references in a row", "$(A)$(A)", "alphaalpha"},
		{"an empty value leaves nothing", "[$(EMPTY)]", "[]"},
		{"an unknown reference stays", "$(NOPE)", "$(NOPE)"},
		{"a doubled dollar escapes", "$$(A)", "$(A)"},
		{"three dollars are an escaped one and a reference", "$$$(A)", "$alpha"},
		{"four dollars are two", "$$$$(A)", "$$(A)"},
		{"a dollar before anything else is itself", "$A ${A} 5$", "$A ${A} 5$"},
		{"an open reference stays", "$(A", "$(A"},
		{"an open reference does not hide a later one", "$(A $(A)", "$(A $(A)"},
		{"the replacement is not expanded again", "$(NESTED)", "$(A)"},
		{"names may have dots and dashes", "$(a.b-c)", "odd"},
		{"nothing to do", "plain", "plain"},
		{"nothing at all", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := environ.Expand(c.in, lookup); got != c.want {
				t.Errorf("Expand(%q) is %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func FuzzExpand(f *testing.F) {
	for _, seed := range []string{"$(A)", "$$(A)", "$(", "$$$", "a$(B)c", "$(A)$(", "$()"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		unknown := func(string) (string, bool) { return "", false }
		if escaped := strings.ReplaceAll(text, "$", "$$"); environ.Expand(escaped, unknown) != text {
			t.Errorf("doubling the dollars of %q does not protect it: %q", text, environ.Expand(escaped, unknown))
		}
		if !strings.Contains(text, "$$") && environ.Expand(text, unknown) != text {
			t.Errorf("%q refers to nothing known and becomes %q", text, environ.Expand(text, unknown))
		}
		identity := func(name string) (string, bool) { return "$(" + name + ")", true }
		if a, b := environ.Expand(text, identity), environ.Expand(text, unknown); a != b {
			t.Errorf("%q: a known name is found elsewhere than an unknown one: %q and %q", text, a, b)
		}
	})
}

// objects is a Source made of what it holds.
type objects struct {
	maps     []*corev1.ConfigMap
	secrets  []*corev1.Secret
	services []*corev1.Service
}

func (o objects) ConfigMap(_ context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	for _, m := range o.maps {
		if m.Namespace == namespace && m.Name == name {
			return m, nil
		}
	}
	return nil, apierrors.NewNotFound(corev1.Resource("configmaps"), name)
}

func (o objects) Secret(_ context.Context, namespace, name string) (*corev1.Secret, error) {
	for _, s := range o.secrets {
		if s.Namespace == namespace && s.Name == name {
			return s, nil
		}
	}
	return nil, apierrors.NewNotFound(corev1.Resource("secrets"), name)
}

func (o objects) Services(namespace string) ([]*corev1.Service, error) {
	var list []*corev1.Service
	for _, s := range o.services {
		if s.Namespace == namespace {
			list = append(list, s)
		}
	}
	return list, nil
}

func object(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "ns", Name: name} }

func service(namespace, name, ip string, ports ...corev1.ServicePort) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.ServiceSpec{ClusterIP: ip, Ports: ports},
	}
}

var cluster = objects{
	maps:    []*corev1.ConfigMap{{ObjectMeta: object("settings"), Data: map[string]string{"COLOUR": "blue", "SIZE": "7"}}},
	secrets: []*corev1.Secret{{ObjectMeta: object("keys"), Data: map[string][]byte{"token": []byte("s3cret")}}},
	services: []*corev1.Service{
		service("default", "kubernetes", "10.96.0.1", corev1.ServicePort{Name: "https", Port: 443, Protocol: corev1.ProtocolTCP}),
		service("default", "other", "10.96.0.9", corev1.ServicePort{Port: 1}),
		service("ns", "my-svc", "10.96.1.2", corev1.ServicePort{Name: "web-ui", Port: 80}, corev1.ServicePort{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP}),
		service("ns", "headless", corev1.ClusterIPNone, corev1.ServicePort{Port: 1}),
	},
}

var facts = environ.Facts{
	PodIP: "10.244.0.5", HostIP: "10.128.0.1",
	Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("8"), corev1.ResourceMemory: resource.MustParse("16Gi")},
}

func pod() *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "p", UID: "u-1",
			Labels: map[string]string{"app": "x", "tier": "a\"b"}, Annotations: map[string]string{"note": "hi"},
		},
		Spec: corev1.PodSpec{NodeName: "node-a", ServiceAccountName: "runner", EnableServiceLinks: new(false)},
	}
}

func field(path string) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}
}

func amount(resource string, divisor resource.Quantity) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{ResourceFieldRef: &corev1.ResourceFieldSelector{Resource: resource, Divisor: divisor}}
}

func mapKey(name, key string, optional bool) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key, Optional: &optional,
	}}
}

func secretKey(name, key string, optional bool) *corev1.EnvVarSource {
	return &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: name}, Key: key, Optional: &optional,
	}}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	kubernetes := map[string]string{
		"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", "KUBERNETES_SERVICE_PORT_HTTPS": "443",
		"KUBERNETES_PORT": "tcp://10.96.0.1:443", "KUBERNETES_PORT_443_TCP": "tcp://10.96.0.1:443",
		"KUBERNETES_PORT_443_TCP_PROTO": "tcp", "KUBERNETES_PORT_443_TCP_PORT": "443", "KUBERNETES_PORT_443_TCP_ADDR": "10.96.0.1",
	}
	for _, c := range []struct {
		name      string
		links     bool
		container corev1.Container
		want      map[string]string // besides the API server's
		err       string
	}{
		{name: "a container without variables has the API server's"},
		{
			name: "a value refers to those before it, and not to those after",
			container: corev1.Container{Env: []corev1.EnvVar{
				{Name: "EARLY", Value: "$(LATE)"}, {Name: "LATE", Value: "l"}, {Name: "BOTH", Value: "$(EARLY)/$(LATE)"},
			}},
			want: map[string]string{"EARLY": "$(LATE)", "LATE": "l", "BOTH": "$(LATE)/l"},
		},
		{
			name:      "a value refers to a service's variables",
			container: corev1.Container{Env: []corev1.EnvVar{{Name: "API", Value: "$(KUBERNETES_SERVICE_HOST):1"}}},
			want:      map[string]string{"API": "10.96.0.1:1"},
		},
		{
			name:      "a later variable of the same name wins",
			container: corev1.Container{Env: []corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "A", Value: "$(A)2"}}},
			want:      map[string]string{"A": "12"},
		},
		{
			name: "fields of the pod",
			container: corev1.Container{Env: []corev1.EnvVar{
				{Name: "N", ValueFrom: field("metadata.name")},
				{Name: "S", ValueFrom: field("metadata.namespace")},
				{Name: "U", ValueFrom: field("metadata.uid")},
				{Name: "L", ValueFrom: field("metadata.labels['app']")},
				{Name: "M", ValueFrom: field("metadata.labels['missing']")},
				{Name: "T", ValueFrom: field("metadata.annotations['note']")},
				{Name: "O", ValueFrom: field("spec.nodeName")},
				{Name: "C", ValueFrom: field("spec.serviceAccountName")},
				{Name: "P", ValueFrom: field("status.podIP")},
				{Name: "H", ValueFrom: field("status.hostIP")},
			}},
			want: map[string]string{
				"N": "p", "S": "ns", "U": "u-1", "L": "x", "M": "", "T": "hi", "O": "node-a", "C": "runner", "P": "10.244.0.5", "H": "10.128.0.1",
			},
		},
		{
			name: "resources, rounded up, and the node's where there is no limit",
			container: corev1.Container{
				Resources: corev1.ResourceRequirements{
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1500Mi")},
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m")},
				},
				Env: []corev1.EnvVar{
					{Name: "BYTES", ValueFrom: amount("limits.memory", resource.Quantity{})},
					{Name: "GIB", ValueFrom: amount("limits.memory", resource.MustParse("1Gi"))},
					{Name: "CPU", ValueFrom: amount("requests.cpu", resource.Quantity{})},
					{Name: "MILLI", ValueFrom: amount("requests.cpu", resource.MustParse("1m"))},
					{Name: "ALL", ValueFrom: amount("limits.cpu", resource.Quantity{})},
				},
			},
			want: map[string]string{"BYTES": "1572864000", "GIB": "2", "CPU": "1", "MILLI": "250", "ALL": "8"},
		},
		{
			name: "keys of ConfigMaps and Secrets, and what is optional and absent",
			container: corev1.Container{Env: []corev1.EnvVar{
				{Name: "C", ValueFrom: mapKey("settings", "COLOUR", false)},
				{Name: "S", ValueFrom: secretKey("keys", "token", false)},
				{Name: "X", ValueFrom: mapKey("nowhere", "a", true)},
				{Name: "Y", ValueFrom: secretKey("keys", "nothing", true)},
			}},
			want: map[string]string{"C": "blue", "S": "s3cret"},
		},
		{
			name: "whole objects with a prefix, overridden by single variables",
			container: corev1.Container{
				EnvFrom: []corev1.EnvFromSource{
					{Prefix: "CM_", ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "settings"}}},
					{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}}},
					{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "gone"}, Optional: new(true)}},
				},
				Env: []corev1.EnvVar{{Name: "CM_SIZE", Value: "8, was $(CM_SIZE)"}},
			},
			want: map[string]string{"CM_COLOUR": "blue", "CM_SIZE": "8, was 7", "token": "s3cret"},
		},
		{
			name: "services of the namespace, if the pod wants them", links: true,
			want: map[string]string{
				"MY_SVC_SERVICE_HOST": "10.96.1.2", "MY_SVC_SERVICE_PORT": "80", "MY_SVC_SERVICE_PORT_WEB_UI": "80", "MY_SVC_SERVICE_PORT_DNS": "53",
				"MY_SVC_PORT": "tcp://10.96.1.2:80", "MY_SVC_PORT_80_TCP": "tcp://10.96.1.2:80", "MY_SVC_PORT_80_TCP_PROTO": "tcp",
				"MY_SVC_PORT_80_TCP_PORT": "80", "MY_SVC_PORT_80_TCP_ADDR": "10.96.1.2", "MY_SVC_PORT_53_UDP": "udp://10.96.1.2:53",
				"MY_SVC_PORT_53_UDP_PROTO": "udp", "MY_SVC_PORT_53_UDP_PORT": "53", "MY_SVC_PORT_53_UDP_ADDR": "10.96.1.2",
			},
		},
		{
			name:      "a missing ConfigMap is an error",
			container: corev1.Container{Env: []corev1.EnvVar{{Name: "A", ValueFrom: mapKey("nowhere", "a", false)}}},
			err:       `configmaps "nowhere" not found`,
		},
		{
			name:      "a missing key of a ConfigMap is an error",
			container: corev1.Container{Env: []corev1.EnvVar{{Name: "A", ValueFrom: mapKey("settings", "a", false)}}},
			err:       "couldn't find key a in ConfigMap ns/settings",
		},
		{
			name:      "a missing key of a Secret is an error",
			container: corev1.Container{Env: []corev1.EnvVar{{Name: "A", ValueFrom: secretKey("keys", "a", false)}}},
			err:       "couldn't find key a in Secret ns/keys",
		},
		{
			name: "a missing whole Secret is an error",
			container: corev1.Container{EnvFrom: []corev1.EnvFromSource{
				{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "gone"}}},
			}},
			err: `secrets "gone" not found`,
		},
		{
			name:      "a field that does not exist is an error",
			container: corev1.Container{Env: []corev1.EnvVar{{Name: "A", ValueFrom: field("spec.colour")}}},
			err:       "unsupported fieldPath: spec.colour",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := pod()
			p.Spec.EnableServiceLinks = &c.links
			got, err := environ.Build(t.Context(), cluster, p, &c.container, facts)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Fatalf("got error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for _, from := range []map[string]string{kubernetes, c.want} {
				for name, value := range from {
					want[name] = value
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the environment differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFieldWritesLabelsAsAFile(t *testing.T) {
	t.Parallel()
	got, err := environ.Field(pod(), "metadata.labels", facts)
	if err != nil {
		t.Fatal(err)
	}
	if want := "app=\"x\"\ntier=\"a\\\"b\""; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
