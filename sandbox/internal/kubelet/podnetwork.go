package kubelet

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/kubelet/podnet"
)

// networked creates the pod's sandbox: its address, and its names.
func (w *worker) networked() bool {
	if w.net != nil {
		return true
	}
	cfg := w.k.cfg
	if w.pod.Spec.HostNetwork {
		w.ip = w.node.spec.IP
	} else {
		ip, err := w.k.addresses.take()
		if err != nil {
			w.events.Eventf(podRef(w.pod), corev1.EventTypeWarning, "FailedCreatePodSandBox",
				"Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox %q: %v", w.sandboxID, err)
			w.crew.after(cfg.World.Scale(retryPeriod), func() { w.update(func() {}) })
			return false
		}
		w.ip = ip
		cfg.Network.Attach(ip)
	}
	hostname := w.pod.Spec.Hostname
	if hostname == "" {
		hostname = w.pod.Name
	}
	w.net = podnet.New(cfg.Network, w.ip, w.namespace, hostname)
	if w.pod.Spec.Hostname != "" && w.pod.Spec.Subdomain != "" {
		name := w.pod.Spec.Hostname + "." + w.pod.Spec.Subdomain + "." + w.namespace
		for _, suffix := range []string{"", ".svc", ".svc.cluster.local"} {
			cfg.Network.SetName(name+suffix, w.ip)
		}
	}
	return true
}

// unplug takes the pod off the network. Its address stays in its status.
func (w *worker) unplug() {
	if w.net == nil {
		return
	}
	w.net = nil
	if !w.pod.Spec.HostNetwork {
		w.k.cfg.Network.Detach(w.ip)
		w.k.addresses.release(w.ip)
	}
}
