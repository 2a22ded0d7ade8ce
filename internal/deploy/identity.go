package deploy

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// The labels that every object and pod of a deployment carries.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelManagedBy = "app.kubernetes.io/managed-by"
)

// FieldManager is the name under which fields are applied, and the value of
// LabelManagedBy.
const FieldManager = "kubectl-jetstream"

// applicationName is the value of LabelName.
const applicationName = "jetstream"

// labelApp is the label by which the Service finds the leaders, as in the
// guide. Workers do not carry it: they serve no requests.
const labelApp = "app"

// identify gives the workload its name and namespace, and labels and a
// selector that no other deployment shares.
func identify(w workload, name, namespace string) error {
	w.lws.SetName(name)
	w.service.SetName(ServiceName(name))
	for _, object := range w.objects() {
		if namespace != "" {
			object.SetNamespace(namespace)
		}
		labels := object.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		for key, value := range identityLabels(name) {
			labels[key] = value
		}
		object.SetLabels(labels)
	}
	for _, template := range []string{"leader", "worker"} {
		for key, value := range identityLabels(name) {
			if err := setText(w.lws, template+".metadata.labels["+key+"]", value); err != nil {
				return err
			}
		}
	}
	if err := setText(w.lws, "leader.metadata.labels["+labelApp+"]", name); err != nil {
		return err
	}
	return setText(w.service, "Service:spec.selector["+labelApp+"]", name)
}

func identityLabels(name string) map[string]string {
	return map[string]string{
		LabelName:      applicationName,
		LabelInstance:  name,
		LabelManagedBy: FieldManager,
	}
}

func setText(object *unstructured.Unstructured, path, value string) error {
	parsed, err := ParsePath(path)
	if err != nil {
		return err
	}
	return parsed.Set(object.Object, value)
}
