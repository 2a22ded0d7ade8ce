package main

import (
	"fmt"
	"math"
	"os"

	"github.com/spf13/cobra"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/cluster"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/nodepool"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/scenario"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/world"
)

// clusterFlags are the options that say what cluster to make.
type clusterFlags struct {
	pools    []string
	speed    float64
	scenario string
	seed     uint64
	tokens   float64
}

func (f *clusterFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.pools, "pool", nil, `node pool, such as name=multihost-np,topology=4x4[,accelerator=tpu-v6e-slice][,count=2]
or name=cpu,machine=n2-standard-32[,count=3]; repeat it for more. "default" stands for the
pools there are without this option: one 4x4 slice, two 2x4 slices, one CPU node`)
	flags.Float64Var(&f.speed, "speed", 1, "divisor of simulated durations, probe delays and periods, and restart back-off")
	flags.StringVar(&f.scenario, "scenario", "happy", "scenario in force from the start; see \"jetstream-sandbox scenario list\"")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of all chance; equal seeds give equal durations and texts")
	flags.Float64Var(&f.tokens, "tokens-per-second", defaultTokens, "decoding speed of one slot of a simulated model; not divided by --speed")
	_ = cmd.RegisterFlagCompletionFunc("scenario", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return scenario.Names(), cobra.ShellCompDirectiveNoFileComp
	})
}

// defaultTokens is the decoding speed without an option: fast for a reader.
const defaultTokens = 30

// config checks the options and makes a configuration for a directory.
func (f *clusterFlags) config(dir string) (cluster.Config, error) {
	pools, err := nodepool.ParseAll(f.pools)
	if err != nil {
		return cluster.Config{}, &exitError{code: exitUsage, err: fmt.Errorf("--pool: %w", err)}
	}
	for name, value := range map[string]float64{"speed": f.speed, "tokens-per-second": f.tokens} {
		if !(value > 0) || math.IsInf(value, 0) {
			return cluster.Config{}, &exitError{code: exitUsage, err: fmt.Errorf("--%s %v: it must be a number above zero", name, value)}
		}
	}
	if _, err := scenario.Lookup(f.scenario); err != nil {
		return cluster.Config{}, &exitError{code: exitUsage, err: fmt.Errorf("--scenario: %w", err)}
	}
	executable, err := self()
	if err != nil {
		return cluster.Config{}, err
	}
	return cluster.Config{
		Dir:        dir,
		Pools:      pools,
		World:      world.Options{Speed: f.speed, Seed: f.seed, TokensPerSecond: f.tokens},
		Scenario:   f.scenario,
		Executable: executable,
	}, nil
}

// self is this program as it was started. Where the system has a name for that, it
// stays right when the file is replaced, as a build does to a sandbox that runs.
func self() (string, error) {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil {
		return running, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	return path, nil
}
