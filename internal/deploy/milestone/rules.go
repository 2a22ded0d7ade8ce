package milestone

import "regexp"

// rule is one line of the table: what a container's log line means for a
// milestone. Patterns are searched for anywhere in the line, because the
// same message comes bare, behind a logger's prefix or inside JSON,
// depending on the image.
type rule struct {
	id      ID
	pattern *regexp.Regexp
	// hints are texts of which every matching line contains one; they spare the
	// other lines the regular expression.
	hints []string
	// effect is what a matching line does to the milestone.
	effect effect
	// part tells equal parts apart: lines with the same text in the named
	// capture groups count once. Empty means that every line counts.
	part []string
}

type effect int

const (
	// begins the milestone.
	begins effect = iota
	// completes one part of the milestone, and the milestone with the last.
	counts
	// completes one part per pod that says so.
	countsPod
	// carries the count in the line, as captures "count" and "of".
	reports
	// ends what was counted: fewer parts than expected are a finding.
	ends
)

// step describes a milestone itself.
type step struct {
	id    ID
	title string
	// container is the one whose log tells of it; empty for a milestone that
	// objects or the health check tell of.
	container string
	// implies lists the milestones that must have been passed for this one to
	// be complete. A connected client does not imply slices: the resource
	// manager hands out virtual slices before the hardware is there.
	implies []ID
	// parts returns the number of parts under a plan; nil means one.
	parts func(Plan) int
}

// chain lists the milestones that one process reaches one after the other, so
// that the end of one is the begin of the next. The others run beside it.
func chain() []ID {
	return []ID{Process, Backend, Mesh, Restore, Weights, WarmUp, Driver, Server}
}

// engines counts only where there is more than one to count.
func engines(p Plan) int {
	if p.Engines > 1 {
		return p.Engines
	}
	return 0
}

// steps returns the milestones in the order in which they are shown. A running
// container proves that its pod has a node, no more: the images of other pods
// may still be on their way.
func steps() []step {
	return []step{
		{id: Applied, title: "applied"},
		{id: Scheduled, title: "scheduled", implies: []ID{Applied}},
		{id: Images, title: "images pulled", implies: []ID{Scheduled}},
		{id: ResourceManager, title: "resource manager", container: "pathways-rm", implies: []ID{Applied}},
		{
			id: Workers, title: "workers", container: "worker",
			implies: []ID{Scheduled},
			parts:   func(p Plan) int { return p.Workers },
		},
		{
			id: Slices, title: "slices", container: "pathways-rm",
			implies: []ID{ResourceManager},
			parts:   func(p Plan) int { return p.Slices },
		},
		{id: Proxy, title: "proxy", container: "pathways-proxy", implies: []ID{Applied}},
		{id: Process, title: "model server process", container: "jax-tpu", implies: []ID{Applied}},
		{id: Backend, title: "backend", container: "jax-tpu", implies: []ID{Process, Proxy, ResourceManager}},
		{id: Mesh, title: "devices", container: "jax-tpu", implies: []ID{Backend}, parts: engines},
		{
			id: Restore, title: "restore", container: "jax-tpu",
			implies: []ID{Mesh, Slices, Workers},
			parts:   engines,
		},
		{id: Weights, title: "weights", container: "jax-tpu", implies: []ID{Restore}},
		{
			id: WarmUp, title: "warm-up", container: "jax-tpu",
			implies: []ID{Weights},
			parts:   func(p Plan) int { return 2 * p.Buckets },
		},
		{id: Driver, title: "driver", container: "jax-tpu", implies: []ID{Weights, WarmUp}},
		{id: Server, title: "server", container: "jax-tpu", implies: []ID{Driver}},
		{id: Serving, title: "serving", implies: []ID{Server, Images}},
		{id: Ready, title: "ready", implies: []ID{Serving}},
	}
}

// rules returns the table. The lines are those that JetStream, MaxText, Orbax
// and Pathways print in the versions that the profiles use.
func rules() []rule {
	re := regexp.MustCompile
	return []rule{
		{id: ResourceManager, effect: counts, pattern: re(`Pathways Server serving on`), hints: []string{"Pathways Server serving on"}},
		{id: Workers, effect: countsPod, pattern: re(`Pathways Server serving on`), hints: []string{"Pathways Server serving on"}},
		{id: Slices, effect: reports, pattern: re(`(?P<count>\d+)/(?P<of>\d+) Pathways Slices Now Ready`), hints: []string{"Slices Now Ready"}},
		{id: Proxy, effect: counts, pattern: re(`IFRT proxy server started with status OK`), hints: []string{"IFRT proxy server started"}},
		{id: Process, effect: counts, pattern: re(`Updating keys from env and command line`), hints: []string{"Updating keys from env"}},
		{id: Backend, effect: counts, pattern: re(`Config param \w+: `), hints: []string{"Config param "}},
		{id: Mesh, effect: counts, pattern: re(`Num_devices: (?P<detail>\d+)`), hints: []string{"Num_devices: "}},
		{id: Restore, effect: begins, pattern: re(`restoring params from (?P<detail>\S+)`), hints: []string{"restoring params from"}},
		{id: Restore, effect: counts, pattern: re(`Memstats: After load_params`), hints: []string{"After load_params"}},
		{id: Weights, effect: counts, pattern: re(`Loaded all weights`), hints: []string{"Loaded all weights"}},
		{id: WarmUp, effect: begins, pattern: re(`-Prefill compilation \d+ begun`), hints: []string{"Prefill compilation"}},
		{
			id: WarmUp, effect: counts, part: []string{"kind", "length"}, hints: []string{" compiled for "},
			pattern: re(`engine (?P<engine>\d+) compiled for (?P<kind>prefill|insert) length (?P<length>\d+)`),
		},
		{id: WarmUp, effect: ends, pattern: re(`Insertion generation compilation \d+ complete`), hints: []string{"Insertion generation compilation"}},
		{id: Driver, effect: counts, pattern: re(`Driver initialized|GC tweaked`), hints: []string{"Driver initialized", "GC tweaked"}},
		{id: Server, effect: counts, pattern: re(`Uvicorn running on http://0\.0\.0\.0:9999`), hints: []string{"Uvicorn running on"}},
	}
}
