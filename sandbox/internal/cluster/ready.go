package cluster

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The cluster is asked every readyInterval whether it is so far, for about two seconds.
// Where an answer takes long, as with a thousand nodes, the pause is readyPause times
// as long as that, so that asking does not keep the cluster from getting there.
const (
	readyInterval = 20 * time.Millisecond
	readyPause    = 9
)

// waitNamespaces waits until the API server has made the namespace of the nodes'
// leases, which it does shortly after it has begun to answer.
func (c *Cluster) waitNamespaces(ctx context.Context) error {
	return c.poll(ctx, "the namespace of the nodes' leases", func(ctx context.Context) error {
		_, err := c.client.CoreV1().Namespaces().Get(ctx, corev1.NamespaceNodeLease, metav1.GetOptions{})
		return err
	})
}

// waitUsable waits until the API server is ready, pods can be created in the default
// namespace, and nothing keeps them off the nodes.
func (c *Cluster) waitUsable(ctx context.Context) error {
	if err := c.control.WaitReady(ctx); err != nil {
		return err
	}
	return c.poll(ctx, "the nodes", func(ctx context.Context) error {
		// Pods are refused while their service account does not exist.
		if _, err := c.client.CoreV1().ServiceAccounts(corev1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{}); err != nil {
			return err
		}
		return c.nodes.unusable(ctx)
	})
}

// poll repeats check until it returns nil.
func (c *Cluster) poll(ctx context.Context, what string, check func(context.Context) error) error {
	timer := time.NewTimer(readyInterval)
	defer timer.Stop()
	for {
		begin := time.Now()
		err := check(ctx)
		if err == nil {
			return nil
		}
		timer.Reset(max(readyInterval, readyPause*time.Since(begin)))
		select {
		case <-timer.C:
		case <-c.failed:
			return c.failure
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s (last: %w): %w", what, err, ctx.Err())
		}
	}
}
