package deploy

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
)

// DefaultName is the name of a deployment for which none was chosen. The
// workload of every profile is written with it.
const DefaultName = "jetstream-pathways"

// defaultService is the Service of the deployment with the default name, as
// the guide calls it.
const defaultService = "jetstream-svc"

// reservedParameters are names that mean something else in the values or
// among the flags, so that no profile can give them another meaning.
var reservedParameters = []string{"name", "namespace", "profile", "set"}

// checkDescription returns what is wrong with profile.yaml by itself.
func (p *Profile) checkDescription() []error {
	var errs []error
	missing := func(field string) { errs = append(errs, fmt.Errorf("%s is missing", field)) }
	for field, value := range map[string]string{
		"title": p.Title, "model": p.Model, "accelerator": p.Accelerator, "chatTemplate": p.ChatTemplate,
	} {
		if value == "" {
			missing(field)
		}
	}
	for field, value := range map[string]int{
		"hostsPerSlice": p.HostsPerSlice, "chipsPerHost": p.ChipsPerHost, "slices": p.Slices,
		"context.maxPrefill": p.Context.MaxPrefill, "context.maxTarget": p.Context.MaxTarget,
	} {
		if value < 1 {
			errs = append(errs, fmt.Errorf("%s is %d; it must be at least 1", field, value))
		}
	}
	if p.Engines < 1 || (p.Slices > 0 && p.Slices%p.Engines != 0) {
		errs = append(errs, fmt.Errorf("%d slices cannot be divided among %d engines", p.Slices, p.Engines))
	}
	if chips, err := topologyChips(p.Topology); err != nil {
		errs = append(errs, err)
	} else if chips != p.HostsPerSlice*p.ChipsPerHost {
		errs = append(errs, fmt.Errorf("topology %s has %d chips, but %d hosts with %d chips each have %d",
			p.Topology, chips, p.HostsPerSlice, p.ChipsPerHost, p.HostsPerSlice*p.ChipsPerHost))
	}
	if s := p.Sizing; s != nil && (s.Parameters < 1 || s.KVValuesPerToken < 1 || s.HBMPerChipGiB <= 0) {
		errs = append(errs, fmt.Errorf("sizing: all three numbers must be positive"))
	}
	for name, expected := range p.Expected {
		if expected.Min.Duration <= 0 || expected.Max.Duration < expected.Min.Duration {
			errs = append(errs, fmt.Errorf("expected.%s: %s to %s is no range", name, expected.Min, expected.Max))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	for i := range p.Parameters {
		errs = append(errs, p.checkParameter(i)...)
	}
	return append(errs, p.checkDeviations()...)
}

func (p *Profile) checkParameter(i int) []error {
	param := &p.Parameters[i]
	var errs []error
	add := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("parameter %q: %s", param.Name, fmt.Sprintf(format, args...)))
	}
	if wrong := validation.IsDNS1123Label(param.Name); len(wrong) > 0 {
		add("the name becomes a flag: %s", wrong[0])
	}
	if slices.Contains(reservedParameters, param.Name) {
		add("the name is taken by a flag of its own")
	}
	if p.Parameter(param.Name) != param {
		add("defined twice")
	}
	if param.Help == "" {
		add("help is missing")
	}
	switch param.Type {
	case TypeText, TypeName, TypeInteger, TypeNumber, TypeBoolean, TypeGCSPath, TypeGCSBucket,
		TypeLabels, TypeTolerations, TypeImages:
		if len(param.Targets) == 0 || len(param.Choices) > 0 {
			add("type %s has targets and no choices", param.Type)
		}
	case TypeChoice:
		if len(param.Choices) == 0 || len(param.Targets) > 0 {
			add("type %s has choices and no targets", param.Type)
		}
	default:
		add("there is no type %q", param.Type)
	}
	for _, target := range param.paths() {
		if _, err := ParsePath(target); err != nil {
			add("%v", err)
		}
	}
	return errs
}

// paths returns every path that the parameter can edit.
func (p *Parameter) paths() []string {
	paths := slices.Clone(p.Targets)
	for _, choice := range p.Choices {
		for _, edit := range choice {
			paths = append(paths, edit.Path)
		}
	}
	slices.Sort(paths)
	return paths
}

func (p *Profile) checkDeviations() []error {
	var errs []error
	for i, deviation := range p.Deviations {
		if deviation.Reason == "" || len(deviation.Changes) == 0 {
			errs = append(errs, fmt.Errorf("deviation %d: it needs a reason and changes", i+1))
		}
		for _, change := range deviation.Changes {
			if _, err := ParsePath(change.Path); err != nil {
				errs = append(errs, fmt.Errorf("deviation %d: %w", i+1, err))
			}
		}
	}
	return errs
}

// checkWorkload returns what is wrong with workload.yaml, by itself and
// against profile.yaml.
func (p *Profile) checkWorkload(w workload) []error {
	var errs []error
	if name := w.lws.GetName(); name != DefaultName {
		errs = append(errs, fmt.Errorf("%s: the LeaderWorkerSet is named %q; name it %s, so that it can be renamed by rule", workloadFile, name, DefaultName))
	}
	if name := w.service.GetName(); name != defaultService {
		errs = append(errs, fmt.Errorf("%s: the Service is named %q; name it %s, so that it can be renamed by rule", workloadFile, name, defaultService))
	}
	if label := w.text("leader.metadata.labels[app]"); label != DefaultName {
		errs = append(errs, fmt.Errorf("%s: the leader's label app is %q; it must be %s, by which the Service finds it", workloadFile, label, DefaultName))
	}
	if label := w.text("Service:spec.selector[app]"); label != DefaultName {
		errs = append(errs, fmt.Errorf("%s: the Service selects app=%q; it must be %s", workloadFile, label, DefaultName))
	}
	var schema problems
	checkSchema(w, "--profile", &schema)
	for _, problem := range schema {
		errs = append(errs, fmt.Errorf("%s: %s", workloadFile, problem.Message))
	}
	for i := range p.Parameters {
		errs = append(errs, p.Parameters[i].checkTargets(w)...)
	}
	return errs
}

// checkTargets tries that every target can be reached, on a copy of the
// workload: a misspelt container is noticed here and not after a deployment.
func (p *Parameter) checkTargets(w workload) []error {
	var errs []error
	for _, target := range p.paths() {
		path, err := ParsePath(target)
		if err != nil {
			continue // checkParameter has said so
		}
		copied := workload{lws: w.lws.DeepCopy(), service: w.service.DeepCopy()}
		object, err := copied.object(path)
		if err == nil {
			err = path.Set(object, "")
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("parameter %q: %w", p.Name, err))
		}
	}
	return errs
}
