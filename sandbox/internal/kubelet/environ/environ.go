// Package environ builds the environment of a container from its pod: values with
// $(NAME) expanded, references to fields, resources, ConfigMaps and Secrets, and the
// variables of Services.
//
// It reads the cluster only through a Source and keeps no state.
package environ

import (
	"context"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Source looks up what an environment may refer to. A missing object is an error for
// which apierrors.IsNotFound holds.
type Source interface {
	ConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	Secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	Services(namespace string) ([]*corev1.Service, error)
}

// Facts are what the environment may say of the pod's place.
type Facts struct {
	PodIP, HostIP string
	// Allocatable stands in for limits that a container does not set.
	Allocatable corev1.ResourceList
}

// Build returns the environment of a container. The error is worded as the kubelet
// reports it in a CreateContainerConfigError.
func Build(ctx context.Context, source Source, pod *corev1.Pod, c *corev1.Container, facts Facts) (map[string]string, error) {
	b := builder{source: source, pod: pod, container: c, facts: facts, env: map[string]string{}}
	services, err := b.services()
	if err != nil {
		return nil, err
	}
	for i := range c.EnvFrom {
		if err := b.addAll(ctx, &c.EnvFrom[i]); err != nil {
			return nil, err
		}
	}
	lookup := func(name string) (string, bool) {
		if value, ok := b.env[name]; ok {
			return value, true
		}
		value, ok := services[name]
		return value, ok
	}
	for i := range c.Env {
		v := &c.Env[i]
		if v.Value != "" || v.ValueFrom == nil {
			b.env[v.Name] = Expand(v.Value, lookup)
			continue
		}
		value, present, err := b.reference(ctx, v.ValueFrom)
		if err != nil {
			return nil, err
		}
		if present {
			b.env[v.Name] = value
		}
	}
	all := services
	maps.Copy(all, b.env)
	return all, nil
}

type builder struct {
	source    Source
	pod       *corev1.Pod
	container *corev1.Container
	facts     Facts
	env       map[string]string
}

// services returns the variables of the API server's Service and, unless the pod
// declines them, of the Services in its namespace.
func (b *builder) services() (map[string]string, error) {
	env := map[string]string{}
	own, err := b.source.Services(b.pod.Namespace)
	if err != nil {
		return nil, fmt.Errorf("listing services: %w", err)
	}
	links := b.pod.Spec.EnableServiceLinks == nil || *b.pod.Spec.EnableServiceLinks
	if links {
		for _, s := range own {
			addService(env, s)
		}
	}
	if b.pod.Namespace != metav1.NamespaceDefault || !links {
		shared, err := b.source.Services(metav1.NamespaceDefault)
		if err != nil {
			return nil, fmt.Errorf("listing services: %w", err)
		}
		for _, s := range shared {
			if s.Name == "kubernetes" {
				addService(env, s)
			}
		}
	}
	return env, nil
}

// addAll adds every key of a ConfigMap or a Secret.
func (b *builder) addAll(ctx context.Context, from *corev1.EnvFromSource) error {
	switch {
	case from.ConfigMapRef != nil:
		m, err := b.source.ConfigMap(ctx, b.pod.Namespace, from.ConfigMapRef.Name)
		if err != nil {
			return ignoreMissing(err, from.ConfigMapRef.Optional)
		}
		for key, value := range m.Data {
			b.env[from.Prefix+key] = value
		}
	case from.SecretRef != nil:
		s, err := b.source.Secret(ctx, b.pod.Namespace, from.SecretRef.Name)
		if err != nil {
			return ignoreMissing(err, from.SecretRef.Optional)
		}
		for key, value := range s.Data {
			b.env[from.Prefix+key] = string(value)
		}
	}
	return nil
}

// reference resolves one valueFrom; present is false for what is optional and absent.
func (b *builder) reference(ctx context.Context, from *corev1.EnvVarSource) (value string, present bool, err error) {
	switch {
	case from.FieldRef != nil:
		value, err = Field(b.pod, from.FieldRef.FieldPath, b.facts)
		return value, err == nil, err
	case from.ResourceFieldRef != nil:
		value, err = Resource(b.pod, b.container, from.ResourceFieldRef, b.facts)
		return value, err == nil, err
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef
		m, err := b.source.ConfigMap(ctx, b.pod.Namespace, ref.Name)
		if err != nil {
			return "", false, ignoreMissing(err, ref.Optional)
		}
		value, ok := m.Data[ref.Key]
		if !ok && !isTrue(ref.Optional) {
			return "", false, fmt.Errorf("couldn't find key %v in ConfigMap %v/%v", ref.Key, b.pod.Namespace, ref.Name)
		}
		return value, ok, nil
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef
		s, err := b.source.Secret(ctx, b.pod.Namespace, ref.Name)
		if err != nil {
			return "", false, ignoreMissing(err, ref.Optional)
		}
		raw, ok := s.Data[ref.Key]
		if !ok && !isTrue(ref.Optional) {
			return "", false, fmt.Errorf("couldn't find key %v in Secret %v/%v", ref.Key, b.pod.Namespace, ref.Name)
		}
		return string(raw), ok, nil
	default:
		return "", false, fmt.Errorf("the source of the variable is of a kind that the simulated kubelet does not know")
	}
}

func ignoreMissing(err error, optional *bool) error {
	if apierrors.IsNotFound(err) && isTrue(optional) {
		return nil
	}
	return err
}

func isTrue(b *bool) bool { return b != nil && *b }

// addService adds the variables that describe one Service with a cluster IP.
func addService(env map[string]string, s *corev1.Service) {
	ip := s.Spec.ClusterIP
	if ip == "" || ip == corev1.ClusterIPNone || len(s.Spec.Ports) == 0 {
		return
	}
	prefix := variableName(s.Name)
	env[prefix+"_SERVICE_HOST"] = ip
	env[prefix+"_SERVICE_PORT"] = fmt.Sprint(s.Spec.Ports[0].Port)
	for i, p := range s.Spec.Ports {
		protocol := p.Protocol
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		url := fmt.Sprintf("%s://%s:%d", strings.ToLower(string(protocol)), ip, p.Port)
		if p.Name != "" {
			env[prefix+"_SERVICE_PORT_"+variableName(p.Name)] = fmt.Sprint(p.Port)
		}
		if i == 0 {
			env[prefix+"_PORT"] = url
		}
		port := fmt.Sprintf("%s_PORT_%d_%s", prefix, p.Port, strings.ToUpper(string(protocol)))
		env[port] = url
		env[port+"_PROTO"] = strings.ToLower(string(protocol))
		env[port+"_PORT"] = fmt.Sprint(p.Port)
		env[port+"_ADDR"] = ip
	}
}

func variableName(name string) string {
	return strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}
