package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

// shared is the cluster of all tests that can live beside each other. Its pools hold
// the seats and, beside them, two groups of 4x4 and two disaggregated deployments at a
// time, and one group of 16x16.
var shared *cluster

var sharedPools = append([]string{
	"--pool", "name=cpu,machine=n2-standard-32,count=2",
	"--pool", "name=np,topology=4x4,count=2", "--pool", "name=dis,topology=2x4,count=4",
	"--pool", "name=wide,topology=16x16",
}, seatPools()...)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c, stop, err := startCluster(ctx, sharedPools...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	shared = c
	for _, prepare := range []func(context.Context) error{c.reserveSeats, c.installLWS} {
		if err := prepare(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return m.Run()
}

// lwsManifest is the manifest that the plugin embeds, for installing it by hand.
const lwsManifest = "../../manifests/lws/v0.9.0/manifests.yaml"

// installLWS does what the guide says, with kubectl: apply the release manifest and
// wait for the controller.
func (c *cluster) installLWS(ctx context.Context) error {
	for _, args := range [][]string{
		{"apply", "--server-side", "-f", lwsManifest},
		{"wait", "deploy/lws-controller-manager", "-n", "lws-system", "--for=condition=available", "--timeout=1m"},
	} {
		if out, err := c.command(ctx, bin("kubectl"), args...).CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl %v: %w\n%s", args, err, out)
		}
	}
	return c.waitWebhook(ctx)
}

// waitWebhook waits until the API server reaches the controller's webhook, which is
// some time after the Deployment is available. Both replicas answer webhooks, so a
// single success proves only one of them.
func (c *cluster) waitWebhook(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for row := 0; row < 8; {
		cmd := c.command(ctx, bin("kubectl"), "create", "--dry-run=server", "-f", "testdata/lws-size-2.yaml")
		out, err := cmd.CombinedOutput()
		if row++; err != nil {
			row = 0
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the webhook: %w\n%s", ctx.Err(), out)
		case <-tick.C:
		}
	}
	return nil
}
