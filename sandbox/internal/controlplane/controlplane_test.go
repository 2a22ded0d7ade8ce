package controlplane_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/controlplane"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/simnet"
)

// A process can hold one control plane, so that everything to be seen of a running
// one is seen here.
func TestControlPlaneStartsServesAndStops(t *testing.T) {
	dir, err := os.MkdirTemp("", "cp") // the path of t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	log, err := os.Create(filepath.Join(dir, "klog"))
	if err != nil {
		t.Fatal(err)
	}
	if err := controlplane.RedirectLogs(log); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cp, err := controlplane.Start(ctx, controlplane.Config{Dir: dir, SocketDir: dir, LogDir: dir, Network: simnet.New()})
	if err != nil {
		t.Fatal(err)
	}
	client := adminClient(t, cp, dir)

	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		t.Errorf("the API server answers, but does not serve: %v", err)
	}
	waitAccount(ctx, t, client, "a")
	if err := cp.WaitReady(ctx); err != nil {
		t.Errorf("the control plane does not get ready: %v", err)
	}

	// Of the API server that comes back, everything is as before, and watches of its
	// predecessor have ended.
	before, err := client.CoreV1().Namespaces().Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := cp.RestartAPIServer(ctx, 200*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for range before.ResultChan() { // until the server ends it
	}
	if _, err := client.CoreV1().Namespaces().Get(ctx, "a", metav1.GetOptions{}); err != nil {
		t.Errorf("after a restart of the API server: %v", err)
	}
	ns.Name = "b"
	if _, err := client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		t.Errorf("after a restart of the API server: %v", err)
	}
	waitAccount(ctx, t, client, "b")

	// Restarts that are asked for at once take their turns: an API server that is ended
	// while it begins would end the process.
	var restarts errgroup.Group
	for range 2 {
		restarts.Go(func() error { return cp.RestartAPIServer(ctx, 0) })
	}
	if err := restarts.Wait(); err != nil {
		t.Errorf("two restarts at once: %v", err)
	}
	if _, err := client.CoreV1().Namespaces().Get(ctx, "b", metav1.GetOptions{}); err != nil {
		t.Errorf("after two restarts at once: %v", err)
	}

	begin := time.Now()
	stopping, stop := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer stop()
	if err := cp.Stop(stopping); err != nil {
		t.Errorf("stopping took %v: %v", time.Since(begin), err)
	}
	select {
	case <-cp.Done():
	default:
		t.Error("the control plane has stopped, but Done is open")
	}
}

// waitAccount waits for what the controller manager makes in each namespace.
func waitAccount(ctx context.Context, t *testing.T, client *kubernetes.Clientset, namespace string) {
	t.Helper()
	accounts, err := client.CoreV1().ServiceAccounts(namespace).Watch(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer accounts.Stop()
	if e, ok := <-accounts.ResultChan(); !ok || e.Type != watch.Added {
		t.Errorf("the controller manager made no service account in %s: %v, %v", namespace, e.Type, ok)
	}
}

func adminClient(t *testing.T, cp *controlplane.ControlPlane, dir string) *kubernetes.Clientset {
	t.Helper()
	path := filepath.Join(dir, "kubeconfig")
	if err := cp.WriteKubeconfig(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("the kubeconfig has mode %o, and others could read the key in it", got)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
