package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	lwsv1 "sigs.k8s.io/lws/api/leaderworkerset/v1"
)

// nodePoolLabel is the label of GKE nodes that names their pool.
const nodePoolLabel = "cloud.google.com/gke-nodepool"

// Cost is something outside Kubernetes that stays when a deployment is
// deleted, with the command that ends it.
type Cost struct {
	What    string `json:"what"`
	Why     string `json:"why"`
	Command string `json:"command"`
}

// CostFacts is what is known of a deployment's surroundings. An unknown text
// is empty and becomes a shell variable in the commands.
type CostFacts struct {
	Project, Location, Cluster string
	NodePools                  []string
	Checkpoint, PathwaysBucket string
	// ServiceAccount is the e-mail address of the IAM service account.
	ServiceAccount string
}

// GatherCostFacts finds out what StillCosts needs, as far as the user may
// look; what cannot be read stays unknown. It has to be called before the
// deployment is deleted, since its pods tell which node pools it used. lws may
// be nil. contextName is the kubeconfig context, in whose name GKE puts
// project, location and cluster.
func GatherCostFacts(ctx context.Context, kube kubernetes.Interface, lws *unstructured.Unstructured, contextName string) CostFacts {
	var facts CostFacts
	facts.readContext(contextName)
	if lws == nil {
		return facts
	}
	w := workload{lws: lws, service: &unstructured.Unstructured{}}
	facts.Checkpoint = w.serverArgument("load_parameters_path")
	facts.PathwaysBucket = w.text("leader.spec.containers[pathways-rm].args[--gcs_scratch_location]")
	facts.readNodes(workloadNodes(ctx, kube, w))
	facts.readServiceAccount(ctx, kube, w)
	return facts
}

// readContext takes apart the name of a context that gcloud wrote.
func (f *CostFacts) readContext(name string) {
	parts := strings.Split(name, "_")
	if len(parts) == 4 && parts[0] == "gke" {
		f.Project, f.Location, f.Cluster = parts[1], parts[2], parts[3]
	}
}

// workloadNodes returns the nodes that a deployment's pods run on, and none
// if that cannot be told: other nodes that its pods could run on may be
// somebody else's.
func workloadNodes(ctx context.Context, kube kubernetes.Interface, w workload) []corev1.Node {
	selector, _ := w.get(nodeSelectorPath()).(map[string]any)
	wanted := labels.Set{}
	for key, value := range selector {
		wanted[key] = fmt.Sprint(value)
	}
	if len(wanted) == 0 {
		return nil
	}
	nodes, err := kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: wanted.String()})
	if err != nil {
		return nil // without permission the pools stay unknown
	}
	pods, err := kube.CoreV1().Pods(w.lws.GetNamespace()).List(ctx, metav1.ListOptions{
		LabelSelector: lwsv1.SetNameLabelKey + "=" + w.lws.GetName(),
	})
	if err != nil {
		return nil
	}
	used := map[string]bool{}
	for _, pod := range pods.Items {
		used[pod.Spec.NodeName] = true
	}
	return slices.DeleteFunc(nodes.Items, func(node corev1.Node) bool { return !used[node.Name] })
}

func nodeSelectorPath() Path {
	path, err := ParsePath("worker.spec.nodeSelector")
	if err != nil {
		return Path{}
	}
	return path
}

// readNodes reads the pools from the nodes' labels, and the project from the
// provider's ID, gce://PROJECT/ZONE/NAME, if the context did not tell it.
func (f *CostFacts) readNodes(nodes []corev1.Node) {
	for _, node := range nodes {
		if pool := node.Labels[nodePoolLabel]; pool != "" && !slices.Contains(f.NodePools, pool) {
			f.NodePools = append(f.NodePools, pool)
		}
		if rest, ok := strings.CutPrefix(node.Spec.ProviderID, "gce://"); ok && f.Project == "" {
			f.Project, _, _ = strings.Cut(rest, "/")
		}
	}
	slices.Sort(f.NodePools)
}

// readServiceAccount reads which IAM service account the pods act as.
func (f *CostFacts) readServiceAccount(ctx context.Context, kube kubernetes.Interface, w workload) {
	name := w.text("leader.spec.serviceAccountName")
	if name == "" {
		name = "default"
	}
	account, err := kube.CoreV1().ServiceAccounts(w.lws.GetNamespace()).Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		f.ServiceAccount = account.Annotations["iam.gke.io/gcp-service-account"]
	}
}

// StillCosts lists what stays after a deployment is deleted, what costs most
// first. The commands can be pasted; a shell variable stands where something
// is not known.
func StillCosts(f CostFacts) []Cost {
	project := orVariable(f.Project, "PROJECT_ID")
	in := fmt.Sprintf("--location=%s --project=%s", orVariable(f.Location, "CONTROL_PLANE_LOCATION"), project)
	cluster := orVariable(f.Cluster, "CLUSTER_NAME")
	pools := f.NodePools
	if len(pools) == 0 {
		pools = []string{""}
	}
	var costs []Cost
	for _, pool := range pools {
		costs = append(costs, Cost{
			What:    strings.TrimSpace("node pool " + pool),
			Why:     "TPU nodes cost the same whether anything runs on them or not",
			Command: fmt.Sprintf("gcloud container node-pools delete %s --cluster=%s %s", orVariable(pool, "NODE_POOL"), cluster, in),
		})
	}
	costs = append(costs, Cost{
		What:    strings.TrimSpace("cluster " + f.Cluster),
		Why:     "its control plane and its other nodes cost as long as it exists",
		Command: fmt.Sprintf("gcloud container clusters delete %s %s", cluster, in),
	})
	costs = append(costs, bucketCosts(f)...)
	account := f.ServiceAccount
	if account == "" {
		account = DefaultName + "@" + strings.Trim(project, `"`) + ".iam.gserviceaccount.com"
		if f.Project == "" {
			account = `"` + account + `"`
		}
	}
	return append(costs, Cost{
		What:    "IAM service account " + strings.Trim(account, `"`),
		Why:     "it costs nothing, but keeps its access to the buckets",
		Command: fmt.Sprintf("gcloud iam service-accounts delete %s --project=%s", account, project),
	})
}

func bucketCosts(f CostFacts) []Cost {
	checkpoint := Cost{
		What:    strings.TrimSpace("checkpoint " + f.Checkpoint),
		Why:     "stored data costs by the month; converting it again takes hours",
		Command: "gcloud storage rm --recursive " + orVariable(strings.TrimSuffix(f.Checkpoint, "/"), "CHECKPOINT_PATH"),
	}
	pathways := Cost{
		What:    strings.TrimSpace("Pathways bucket " + f.PathwaysBucket),
		Why:     "it keeps temporary files such as the compilation cache",
		Command: "gcloud storage rm --recursive " + orVariable(strings.TrimSuffix(f.PathwaysBucket, "/"), "PATHWAYS_BUCKET"),
	}
	if liesIn(f.Checkpoint, f.PathwaysBucket) {
		// To remove it would remove what took hours to convert.
		pathways.Why += ", but the checkpoint lies in it too: remove only what is not the checkpoint's"
		pathways.Command = "gcloud storage ls " + shellQuote(strings.TrimSuffix(f.PathwaysBucket, "/"))
	}
	return []Cost{checkpoint, pathways}
}

// liesIn reports whether a Cloud Storage location is another one or below it.
func liesIn(location, other string) bool {
	if location == "" || other == "" {
		return false
	}
	return strings.HasPrefix(strings.TrimRight(location, "/")+"/", strings.TrimRight(other, "/")+"/")
}

// orVariable returns a value as it stands in a shell command, or a variable
// for one that is not known.
func orVariable(value, variable string) string {
	if value == "" {
		return `"$` + variable + `"`
	}
	return shellQuote(value)
}

// shellQuote quotes a text for a POSIX shell if it needs it.
func shellQuote(text string) string {
	plain := func(r rune) bool {
		return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') || strings.ContainsRune("-_./:=@%+,", r)
	}
	if !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
