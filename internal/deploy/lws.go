package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/manifests"
)

// Where the release manifests put the LeaderWorkerSet controller.
const (
	lwsNamespace  = "lws-system"
	lwsDeployment = "lws-controller-manager"
	lwsDefinition = "leaderworkersets.leaderworkerset.x-k8s.io"
)

// definitionRef refers to the definition of LeaderWorkerSets.
var definitionRef = ObjectRef{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: lwsDefinition}

// LabelVersion holds, on every object of a LeaderWorkerSet installation of
// ours, the release it belongs to, so that half an installation can be
// completed with the rest of the same release.
const LabelVersion = "app.kubernetes.io/version"

// LWSState is what a cluster has of LeaderWorkerSet.
type LWSState struct {
	// Installed says that the cluster serves LeaderWorkerSets. Without a
	// running controller that means nothing; see Plan.
	Installed bool `json:"installed"`
	// Version is the release, such as v0.9.0, or empty if it is unknown.
	Version string `json:"version,omitempty"`
	// ManagedByUs says that this plugin made the installation.
	ManagedByUs bool `json:"managedByUs"`
	// Complete says that no object is missing; Missing lists those that are.
	Complete bool        `json:"complete"`
	Missing  []ObjectRef `json:"missing,omitempty"`
	// ControllerKnown is false if the user may not look for the controller;
	// then whether LeaderWorkerSets can be created is all that can be found out.
	ControllerKnown bool `json:"controllerKnown"`
	// Controller is the controller's Deployment, NAMESPACE/NAME, empty if
	// there is none or it is not known.
	Controller      string `json:"controller,omitempty"`
	ControllerReady bool   `json:"controllerReady"`
	// Deleting says that the definition of LeaderWorkerSets is on its way out.
	Deleting bool `json:"deleting,omitempty"`
	// Problems are the known problems of the version, and what is wrong with
	// this installation.
	Problems []string `json:"problems,omitempty"`
}

// LWSPlan is what has to be done about LeaderWorkerSet before a deployment.
type LWSPlan string

// The plans.
const (
	LWSInstall  LWSPlan = "install"  // there is nothing
	LWSComplete LWSPlan = "complete" // an installation of ours lacks objects; see InstallLWS
	LWSKeep     LWSPlan = "keep"     // it is there; wait until it answers
	LWSBroken   LWSPlan = "broken"   // it is not ours and cannot work
)

// Plan returns what has to be done; for LWSBroken the error says why and
// what the user can do.
func (s LWSState) Plan() (LWSPlan, error) {
	switch {
	case s.Deleting:
		return LWSBroken, fmt.Errorf("the definition of LeaderWorkerSets is being deleted; repeat when kubectl get crd %s finds nothing", lwsDefinition)
	case s.ManagedByUs && !s.Complete:
		return LWSComplete, nil
	case !s.Installed:
		return LWSInstall, nil
	case s.ControllerKnown && s.Controller == "":
		return LWSBroken, fmt.Errorf("the cluster defines LeaderWorkerSets, but no controller for them runs, and this plugin did not install them; "+
			"finish that installation, or remove it with: kubectl delete crd %s", lwsDefinition)
	default:
		return LWSKeep, nil
	}
}

// DetectLWS finds out what a cluster has of LeaderWorkerSet. It reads as much
// as the user may: without the right to read definitions, discovery says
// whether LeaderWorkerSets are served, and without the right to read
// Deployments the controller stays unknown.
func DetectLWS(ctx context.Context, kube kubernetes.Interface, client dynamic.Interface) (LWSState, error) {
	var state LWSState
	definition, err := findDefinition(ctx, client)
	switch {
	case apierrors.IsForbidden(err):
		if state.Installed, err = servesLWS(kube); err != nil {
			return LWSState{}, err
		}
	case err != nil:
		return LWSState{}, err
	case definition != nil:
		state.Installed = true
		state.Deleting = definition.GetDeletionTimestamp() != nil
		state.ManagedByUs = isOurs(definition)
		state.Version = definition.GetLabels()[LabelVersion]
	}
	deployment, err := findController(ctx, kube)
	if err != nil && !apierrors.IsForbidden(err) {
		return LWSState{}, err
	}
	state.ControllerKnown = err == nil
	if deployment != nil {
		state.addController(deployment)
	}
	if err := state.addMissing(ctx, client); err != nil {
		return LWSState{}, err
	}
	state.Problems = append(state.Problems, KnownLWSProblems(state.Version)...)
	return state, nil
}

func findDefinition(ctx context.Context, client dynamic.Interface) (*unstructured.Unstructured, error) {
	return getLive(ctx, resourceOf(client, definitionRef), definitionRef)
}

// resourceOf returns the client of an object whose kind has a plural by the
// rules of English, as all kinds of the release manifests have.
func resourceOf(client dynamic.Interface, ref ObjectRef) dynamic.ResourceInterface {
	resource, _ := meta.UnsafeGuessKindToResource(ref.groupVersion().WithKind(ref.Kind))
	if ref.Namespace == "" {
		return client.Resource(resource)
	}
	return client.Resource(resource).Namespace(ref.Namespace)
}

// servesLWS asks discovery, which every user may, whether the API server has
// LeaderWorkerSets.
func servesLWS(kube kubernetes.Interface) (bool, error) {
	list, err := kube.Discovery().ServerResourcesForGroupVersion(lwsv1.GroupVersion.String())
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("discovering %s: %w", lwsv1.GroupVersion, err)
	}
	return slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Kind == kindLWS }), nil
}

// findController returns the Deployment of the LeaderWorkerSet controller,
// nil if there is none: where the release manifests put it, or else behind
// the Service of whatever webhook validates LeaderWorkerSets.
func findController(ctx context.Context, kube kubernetes.Interface) (*appsv1.Deployment, error) {
	deployment, err := kube.AppsV1().Deployments(lwsNamespace).Get(ctx, lwsDeployment, metav1.GetOptions{})
	if err == nil {
		return deployment, nil
	}
	if !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("reading deployment %s/%s: %w", lwsNamespace, lwsDeployment, err)
	}
	hooks, err := kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing validating webhooks: %w", err)
	}
	for _, configuration := range hooks.Items {
		for _, hook := range configuration.Webhooks {
			service := hook.ClientConfig.Service
			for _, rule := range hook.Rules {
				if service == nil || !slices.Contains(rule.APIGroups, lwsv1.GroupVersion.Group) || !slices.Contains(rule.Resources, "leaderworkersets") {
					continue
				}
				deployment, err := deploymentBehind(ctx, kube, service.Namespace, service.Name)
				if err != nil || deployment != nil {
					return deployment, err
				}
			}
		}
	}
	return nil, nil
}

func deploymentBehind(ctx context.Context, kube kubernetes.Interface, namespace, name string) (*appsv1.Deployment, error) {
	service, err := kube.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading service %s/%s: %w", namespace, name, err)
	}
	if len(service.Spec.Selector) == 0 {
		return nil, nil
	}
	deployments, err := kube.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing deployments in %s: %w", namespace, err)
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for i := range deployments.Items {
		if selector.Matches(labels.Set(deployments.Items[i].Spec.Template.Labels)) {
			return &deployments.Items[i], nil
		}
	}
	return nil, nil
}

func (s *LWSState) addController(deployment *appsv1.Deployment) {
	s.Controller = deployment.Namespace + "/" + deployment.Name
	s.ControllerReady = deployment.Status.AvailableReplicas > 0
	s.ManagedByUs = isOurs(deployment)
	if version := controllerVersion(deployment); version != "" {
		s.Version = version
	}
	wanted := int32(1)
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	if available := deployment.Status.AvailableReplicas; available < wanted {
		s.Problems = append(s.Problems, fmt.Sprintf("deployment %s has %d of %d pods available", s.Controller, available, wanted))
	}
}

// controllerVersion reads the release from the tag of the controller's image.
func controllerVersion(deployment *appsv1.Deployment) string {
	for _, container := range deployment.Spec.Template.Spec.Containers {
		if container.Name == "manager" || len(deployment.Spec.Template.Spec.Containers) == 1 {
			tag := imageTag(container.Image)
			return tag
		}
	}
	return ""
}

// addMissing looks for each object of an installation of ours. Somebody
// else's is theirs to judge.
func (s *LWSState) addMissing(ctx context.Context, client dynamic.Interface) error {
	s.Complete = s.Installed && (s.Controller != "" || !s.ControllerKnown)
	if !s.ManagedByUs {
		return nil
	}
	refs, err := s.neededRefs()
	if err != nil {
		return err
	}
	for _, ref := range refs {
		live, err := getLive(ctx, resourceOf(client, ref), ref)
		if forbidden := apierrors.IsForbidden(err); err != nil && !forbidden {
			return err
		} else if !forbidden && live == nil {
			s.Missing = append(s.Missing, ref)
		}
	}
	s.Complete = s.Complete && len(s.Missing) == 0
	return nil
}

// neededRefs returns references to the objects without which an installation
// is not complete. Of a release that is not embedded only two are certain:
// the default release has a definition more than older ones.
func (s *LWSState) neededRefs() ([]ObjectRef, error) {
	if isEmbedded(s.Version) {
		return lwsRefs(s.Version)
	}
	refs := []ObjectRef{definitionRef}
	if s.Controller == "" { // one that was found may have another name
		refs = append(refs, ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Namespace: lwsNamespace, Name: lwsDeployment})
	}
	return refs, nil
}

func isEmbedded(version string) bool {
	return slices.Contains(manifests.LWSVersions(), version)
}

// lwsRefs returns references to the objects that a release may have: of one
// that is not embedded those of the default one, whose names are the same.
func lwsRefs(version string) ([]ObjectRef, error) {
	if !isEmbedded(version) {
		version = manifests.DefaultLWSVersion
	}
	data, err := manifests.LWS(version)
	if err != nil {
		return nil, err
	}
	return parseRefs(data)
}

var errNotLWS = errors.New("not a release manifest of LeaderWorkerSet: it has no controller Deployment or no definition of LeaderWorkerSets")

// lwsGroupResource is the resource of LeaderWorkerSets.
var lwsGroupResource = schema.GroupVersionResource{Group: lwsv1.GroupVersion.Group, Version: lwsv1.GroupVersion.Version, Resource: "leaderworkersets"}

// withLabels adds labels to an object.
func withLabels(object *unstructured.Unstructured, added map[string]string) {
	all := object.GetLabels()
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, added)
	object.SetLabels(all)
}
