package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestEventsAreDocumented keeps docs/events.md complete: each type has its
// section, and each field of its data a mention in that section.
func TestEventsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[eventType]string{}
	for section := range strings.SplitSeq(string(text), "\n**`") {
		name, rest, _ := strings.Cut(section, "`**")
		sections[eventType(name)] = rest
	}
	for kind, data := range map[eventType]any{
		eventNotice: stallData{}, eventApplied: appliedData{}, eventPhase: phaseData{}, eventPod: podData{},
		eventContainer: containerData{}, eventGroup: groupData{}, eventMilestone: milestoneData{},
		eventKubernetes: kubernetesData{}, eventFinding: findingData{}, eventResult: resultData{},
	} {
		section, ok := sections[kind]
		if !ok {
			t.Errorf("the type %s has no section", kind)
			continue
		}
		if data == nil {
			continue
		}
		for field := range reflect.TypeOf(data).Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !strings.Contains(section, "`"+name+"`") {
				t.Errorf("the section %s does not mention the field %s", kind, name)
			}
		}
	}
}
