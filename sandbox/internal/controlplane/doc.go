// Package controlplane runs a real Kubernetes control plane inside the process:
// etcd, kube-apiserver, kube-controller-manager and kube-scheduler.
//
// The API server listens on one port of 127.0.0.1; etcd and the egress proxy listen
// on unix sockets; nothing else is bound. What the API server sends to nodes, pods
// and webhooks leaves through the egress proxy into the simulated network and can
// reach no other.
//
// All files live in the directories of the Config. The certificate authority, the
// key of the service account tokens and the data of etcd survive in them, so that a
// control plane started on the same directories goes on where the last one ended.
//
// The Kubernetes components keep global state (feature gates, metric registries, the
// log), so that a process can start one control plane in its life.
package controlplane
