package tui

import (
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/forecast"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/logtail"
	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

// Messages of commands. Those that answer a question carry its identity: gen
// is the number of the observation or of the request that they belong to, and
// whatever belongs to an earlier one is dropped.
type (
	// tickMsg comes once a second, so that ages and elapsed times advance
	// without a change in the cluster.
	tickMsg struct{}

	// deploymentsMsg says what runs in the namespace.
	deploymentsMsg struct {
		list []Deployment
		err  error
	}

	// observingMsg says that a deployment is observed from now on.
	observingMsg struct {
		gen int
		obs *Observation
		err error
	}

	// snapshotMsg is the newest state. It is not ok when the observation has
	// ended.
	snapshotMsg struct {
		gen int
		s   status.Snapshot
		ok  bool
	}

	// linesMsg says that log lines have arrived.
	linesMsg struct{ gen int }

	// expectMsg says how long things are expected to take.
	expectMsg struct {
		gen    int
		expect forecast.Expectations
		last   Last
	}

	// deployMsg is something that happened while applying. It is not ok when
	// nothing more will come.
	deployMsg struct {
		gen int
		e   DeployEvent
		ok  bool
	}

	// textMsg is a text to show in full.
	textMsg struct {
		gen         int
		title, text string
		err         error
	}

	// earlierMsg is the kept log of an earlier incarnation.
	earlierMsg struct {
		stream logtail.Stream
		lines  []logtail.Line
		began  time.Time
		err    error
	}

	// actedMsg says how an action ended.
	actedMsg struct {
		what, text string
		err        error
	}
)
