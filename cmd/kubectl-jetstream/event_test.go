package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// golden compares got with testdata/NAME, and rewrites it under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func sampleEvents() []event {
	at := time.Date(2026, 3, 2, 14, 38, 2, 0, time.Local)
	exit := int32(1)
	return []event{
		{Time: at, Type: eventApplied, Object: "service/jetstream-svc", Message: "created", Data: appliedData{Action: "created"}},
		{Time: at, Type: eventPod, Object: "pod/jetstream-pathways-0-1", Message: "Running on multihost-np-1", Data: podData{Status: "Running", Ready: "1/1", Node: "multihost-np-1", Worker: 1}},
		{Time: at.Add(113 * time.Second), Type: eventMilestone, Object: "pod/jetstream-pathways-0", Container: "jax-tpu", Message: "restore started", Data: milestoneData{ID: "restore", State: "active", Expected: &expectedData{MinSeconds: 600, MaxSeconds: 1200, Basis: "profile"}}},
		{Time: at.Add(114 * time.Second), Type: eventMilestone, Object: "pod/jetstream-pathways-0", Message: "applied", Data: milestoneData{ID: "applied", State: "done", Seconds: 3}, quiet: true},
		{Time: at.Add(2 * time.Minute), Type: eventContainer, Object: "pod/jetstream-pathways-0", Container: "jax-tpu", Message: "Error, exit code 1", Data: containerData{State: "Terminated", Reason: "Error", ExitCode: &exit}},
		{
			Time: at.Add(2 * time.Minute), Type: eventFinding, Object: "pod/jetstream-pathways-0", Container: "jax-tpu", Message: "checkpoint not found",
			Data: findingData{
				Code: "checkpoint-not-found", Summary: "checkpoint not found", Cause: "gs://models/int9 does not exist", Fatal: true,
				Evidence: []string{"FileNotFoundError: Checkpoint at gs://models/int9 not found\r\n"},
				Remedy:   "Give the right path:\n  kubectl jetstream up --checkpoint gs://models/int8",
			},
		},
		{Time: at.Add(15 * time.Minute), Type: eventPhase, Object: "leaderworkerset.leaderworkerset.x-k8s.io/jetstream-pathways", Message: "SERVING after 15m00s\nnow", Data: phaseData{Phase: "Serving", Seconds: 900, Desired: 1}},
	}
}

func TestEventsAsText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	sink := newEventSink(&out, "", "jetstream-pathways")
	for _, e := range sampleEvents() {
		sink.emit(e)
	}
	golden(t, "events.txt", out.Bytes())
}

func TestEventsAsJSONAreOneObjectALineInUTC(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	sink := newEventSink(&out, "json", "jetstream-pathways")
	for _, e := range sampleEvents() {
		e.Time = time.Date(2026, 3, 2, 14, 38, 2, 0, time.FixedZone("elsewhere", 2*60*60))
		sink.emit(e)
	}
	golden(t, "events.jsonl", out.Bytes())
}
