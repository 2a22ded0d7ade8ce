package deploy

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// problemsOf renders and returns the problems; nil if there are none.
func problemsOf(t *testing.T, profile string, v Values) []Problem {
	t.Helper()
	_, err := Render(loadProfile(t, profile), v)
	if err == nil {
		return nil
	}
	var invalid *ValidationError
	if !errors.As(err, &invalid) {
		t.Fatalf("got the error %v, want a *ValidationError", err)
	}
	return invalid.Problems
}

func TestWhatCannotWorkIsRefusedWithFlagValueAndRemedy(t *testing.T) {
	t.Parallel()
	const jax = "leader.spec.containers[jax-tpu].args"
	bf16 := "gs://models/llama/bf16/unscanned/checkpoints/0/items"
	for name, test := range map[string]struct {
		profile string
		values  Values
		flag    string
		message string // part of the message
		remedy  string // part of the remedy
	}{
		"gs:// is missing":              {llama405B, Values{Params: goodParams("checkpoint", "models/llama/int8")}, "--checkpoint", "gs:// is missing", "gs://models/llama/int8"},
		"another scheme":                {llama405B, Values{Params: goodParams("checkpoint", "s3://models/llama/int8")}, "--checkpoint", "not a Cloud Storage location", "gs://BUCKET/PATH"},
		"a bucket and no path":          {llama405B, Values{Params: goodParams("checkpoint", "gs://models")}, "--checkpoint", "path in the bucket is missing", "gs://models/"},
		"no name of a bucket":           {llama405B, Values{Params: goodParams("pathways-bucket", "gs://My_Bucket")}, "--pathways-bucket", "not a name of a bucket", "lower-case"},
		"a bucket's name too short":     {llama405B, Values{Params: goodParams("pathways-bucket", "gs://ab")}, "--pathways-bucket", "not a name of a bucket", "3 or more"},
		"a bucket's name too long":      {llama405B, Values{Params: goodParams("pathways-bucket", "gs://"+strings.Repeat("a", 223))}, "--pathways-bucket", "not a name of a bucket", "at most 222"},
		"a space in a location":         {llama405B, Values{Params: goodParams("checkpoint", "gs://models/a b")}, "--checkpoint", "space", ""},
		"a line break in a location":    {llama405B, Values{Params: goodParams("checkpoint", "gs://models/a\nb: c")}, "--checkpoint", "control character", ""},
		"the guide's placeholder":       {llama405B, Values{Params: goodParams("checkpoint", "gs://BUCKET_NAME/int8")}, "--checkpoint", "placeholder BUCKET_NAME", "value it stands for"},
		"a shell variable":              {llama405B, Values{Params: goodParams("pathways-bucket", "gs://$PATHWAYS_BUCKET")}, "--pathways-bucket", "placeholder $PATHWAYS_BUCKET", ""},
		"a shell variable in braces":    {llama405B, Values{Params: goodParams("pathways-bucket", "gs://${BUCKET}")}, "--pathways-bucket", "placeholder ${BUCKET}", ""},
		"angle brackets":                {llama405B, Values{Params: goodParams("checkpoint", "gs://<bucket>/int8")}, "--checkpoint", "placeholder <bucket>", ""},
		"a placeholder in an edit":      {llama405B, Values{Params: goodParams(), Set: []string{jax + "[tokenizer_path]=gs://BUCKET_NAME/t"}}, "--set", "placeholder BUCKET_NAME", ""},
		"replicas below zero":           {llama405B, Values{Params: goodParams("replicas", "-1")}, "--replicas", "out of range", "from 0 to 1000"},
		"no number of replicas":         {llama405B, Values{Params: goodParams("replicas", "two")}, "--replicas", "not a whole number", ""},
		"a batch of nothing":            {llama405B, Values{Params: goodParams("batch-size", "0")}, "--batch-size", "out of range", ""},
		"no number as a batch":          {llama405B, Values{Params: goodParams("batch-size", "NaN")}, "--batch-size", "not a number", ""},
		"a batch that does not fit":     {llama405B, Values{Params: goodParams("batch-size", "64")}, "--batch-size", "weights and a cache for sequences of 2048 tokens would take", "use 15 or less"},
		"a length that does not fit":    {llama405B, Values{Params: goodParams("max-target-length", "8192")}, "--batch-size", "a cache for sequences of 8192 tokens", "use 3 or less"},
		"weights that do not fit":       {llama405B, Values{Params: goodParams("weights", "bf16", "checkpoint", bf16)}, "--weights", "the weights alone take 756 GiB", "--weights int8"},
		"a truth value":                 {llama405B, Values{Params: goodParams("warm-up", "perhaps")}, "--warm-up", "neither true nor false", ""},
		"no choice":                     {llama405B, Values{Params: goodParams("weights", "int4")}, "--weights", "no such choice", "bf16, int8"},
		"prompts as long as the limit":  {llama405B, Values{Params: goodParams("max-target-length", "1024")}, "--max-target-length", "leaves none for an answer", "larger than 1024"},
		"an int8 path served as bf16":   {llama70B, Values{Params: goodParams("weights", "bf16")}, "--checkpoint", "an int8 checkpoint by its path", "--weights int8"},
		"a bf16 path served as int8":    {llama70B, Values{Params: goodParams("checkpoint", bf16)}, "--checkpoint", "a bf16 checkpoint by its path", "--weights bf16"},
		"a scanned checkpoint":          {llama70B, Values{Params: goodParams("weights", "bf16", "checkpoint", "gs://models/llama/bf16/scanned/0/items")}, "--checkpoint", "scanned", "unscanned"},
		"not down to the arrays":        {llama70B, Values{Params: goodParams("weights", "bf16", "checkpoint", "gs://models/llama/bf16/unscanned")}, "--checkpoint", "not the directory of the arrays", "/items"},
		"int8 without quantization":     {llama70B, Values{Params: goodParams(), Set: []string{jax + "[quantization]=null"}}, "--set", "read the int8 weights as bf16", ""},
		"another parallelism":           {llama405B, Values{Params: goodParams(), Set: []string{jax + "[ici_tensor_parallelism]=4"}}, "--set", "must be the 16 chips", "-1"},
		"two open parallelisms":         {llama70B, Values{Params: goodParams(), Set: []string{jax + "[ici_fsdp_parallelism]=-1"}}, "--set", "must be the 8 chips", ""},
		"no number as a parallelism":    {llama405B, Values{Params: goodParams(), Set: []string{jax + "[ici_tensor_parallelism]=0"}}, "--set", "not a whole number above 0", ""},
		"a group of another size":       {llama405B, Values{Params: goodParams(), Set: []string{pathSize + "=4"}}, "--set", "a group of 5", "set it to 5"},
		"subgroups of another size":     {llama70B, Values{Params: goodParams(), Set: []string{pathSubGroupSize + "=4"}}, "--set", "a subgroup is a slice", "set it to 2"},
		"another number of slices":      {llama70B, Values{Params: goodParams(), Set: []string{pathInstanceCount + "=1"}}, "--set", "a group of 3", "set it to 3"},
		"an instance of other topology": {llama405B, Values{Params: goodParams(), Set: []string{pathInstanceType + "=tpuv6e:2x4"}}, "--set", "another topology than 4x4", ""},
		"a leader elsewhere":            {llama405B, Values{Params: goodParams(), Set: []string{pathLeaderTopo + "=2x4"}}, "--set", "another topology than the workers", "4x4"},
		"workers on another topology":   {llama405B, Values{Params: goodParams("node-selector", "cloud.google.com/gke-tpu-topology=2x4")}, "--set", "a group of 3", ""},
		"no topology":                   {llama405B, Values{Params: goodParams("node-selector", "cloud.google.com/gke-tpu-topology=big")}, "--set", `topology "big" is not written like 4x4`, ""},
		"chips that do not divide":      {llama405B, Values{Params: goodParams(), Set: []string{pathWorkerChips + "=3"}}, "--set", "a slice of 4x4 has 16 chips", "set it to 4"},
		"engines of another size":       {llama70B, Values{Params: goodParams(), Set: []string{jax + "[inference_server]=" + disaggregated + "16"}}, "--set", "16 chips in all", disaggregated + "8"},
		"groups spread over slices": {
			llama405B,
			Values{Params: goodParams(), Set: []string{"metadata.annotations[leaderworkerset.sigs.k8s.io/exclusive-topology]=null"}},
			"--set", "spread over several slices", "cloud.google.com/gke-nodepool",
		},
		"releases that refuse each other": {llama405B, Values{Params: goodParams("image", "worker=us-docker.pkg.dev/cloud-tpu-v2-images/pathways/server:jax-0.8.0")}, "--image", "different releases", "same tag"},
		"a container that is not there":   {llama405B, Values{Params: goodParams("image", "jax=example.com/x:1")}, "--image", `no container "jax"`, ""},
		"no image":                        {llama405B, Values{Params: goodParams("image", "jax-tpu=")}, "--image", "not CONTAINER=IMAGE", ""},
		"no label":                        {llama405B, Values{Params: goodParams("node-selector", "pool")}, "--node-selector", "not a node label", "zone="},
		"a label with a wrong key":        {llama405B, Values{Params: goodParams("node-selector", "a b=c")}, "--node-selector", "the key is wrong", ""},
		"no taint":                        {llama405B, Values{Params: goodParams("toleration", "a=b:Sometimes")}, "--toleration", "the effect is NoSchedule", ""},
		"no name of an account":           {llama405B, Values{Params: goodParams("service-account", "Model Reader")}, "--service-account", "not a name of an object", ""},
		"an unknown parameter":            {llama405B, Values{Params: goodParams("temperature", "1")}, "--temperature", "no such parameter", "profiles " + llama405B},
		"a name with capitals":            {llama405B, Values{Name: "Llama", Params: goodParams()}, "NAME", "not a name for a Service", "lower-case"},
		"a name that begins with a digit": {llama405B, Values{Name: "3llama", Params: goodParams()}, "NAME", "not a name for a Service", "a letter first"},
		"a name too long for revisions":   {llama405B, Values{Name: strings.Repeat("a", 51), Params: goodParams()}, "NAME", "too long", "at most 50 characters"},
		"a name too long for its groups":  {llama405B, Values{Name: strings.Repeat("a", 50), Params: goodParams("replicas", "11")}, "NAME", "too long", "at most 49 characters"},
		"a name whose Service collides":   {llama405B, Values{Name: "jetstream", Params: goodParams()}, "NAME", "collide", "other than jetstream"},
		"a name like a Service":           {llama405B, Values{Name: "llama-svc", Params: goodParams()}, "NAME", "collide", "does not end in -svc"},
		"a name like a group":             {llama405B, Values{Name: "llama-1", Params: goodParams()}, "NAME", "group 1 of a deployment llama", "does not end in a dash and a number"},
		"no name of a namespace":          {llama405B, Values{Namespace: "a.b", Params: goodParams()}, "--namespace", "not a name of a namespace", ""},
		"an edit that is none":            {llama405B, Values{Params: goodParams(), Set: []string{"replicas"}}, "--set", "an equals sign and a value are missing", "PATH=VALUE"},
		"an edit of another object":       {llama405B, Values{Params: goodParams(), Set: []string{"Pod:spec.x=1"}}, "--set", "there is no Pod in a workload", ""},
		"an edit of the kind":             {llama405B, Values{Params: goodParams(), Set: []string{"kind=Pod"}}, "--set", "kind cannot be set", ""},
		"an edit of the name":             {llama405B, Values{Params: goodParams(), Set: []string{"metadata.name=x"}}, "--set", "only labels and annotations", ""},
		"a field that does not exist":     {llama405B, Values{Params: goodParams(), Set: []string{"leader.spec.nodeSelektor[a]=b"}}, "--set", `unknown field "spec.leaderWorkerTemplate.leaderTemplate.spec.nodeSelektor"`, "kubectl explain"},
		"a text where a number belongs":   {llama405B, Values{Params: goodParams(), Set: []string{"leader.spec.terminationGracePeriodSeconds=soon"}}, "--set", "not a valid LeaderWorkerSet", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := problemsOf(t, test.profile, test.values)
			for _, problem := range found {
				if problem.Flag == test.flag && strings.Contains(problem.Message, test.message) && strings.Contains(problem.Remedy, test.remedy) {
					return
				}
			}
			t.Errorf("got the problems\n%s\nwant one with %s, %q and %q", &ValidationError{found}, test.flag, test.message, test.remedy)
		})
	}
}

func TestWhatWorksIsNotRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		profile string
		values  Values
	}{
		"a Pathways bucket with a path":      {llama405B, Values{Params: goodParams("pathways-bucket", "gs://scratch/tmp")}},
		"a checkpoint with a slash":          {llama405B, Values{Params: goodParams("checkpoint", "gs://models/llama/int8/")}},
		"a path that says nothing":           {llama405B, Values{Params: goodParams("checkpoint", "gs://models/v7")}},
		"bf16 where it fits":                 {llama70B, Values{Params: goodParams("weights", "bf16", "checkpoint", "gs://models/llama/bf16/unscanned/checkpoints/0/items", "batch-size", "4")}},
		"no replicas":                        {llama405B, Values{Params: goodParams("replicas", "0")}},
		"the batch of another documentation": {llama405B, Values{Params: goodParams("batch-size", "10")}},
		"a fraction of a sequence":           {llama405B, Values{Params: goodParams("batch-size", "0.5")}},
		"the longest name":                   {llama405B, Values{Name: strings.Repeat("a", 50), Params: goodParams()}},
		"a name with a number in it":         {llama405B, Values{Name: "llama-3-405b", Params: goodParams()}},
		"a name that ends in a digit":        {llama405B, Values{Name: "llama-v2", Params: goodParams()}},
		"a variable of Kubernetes":           {llama405B, Values{Params: goodParams(), Set: []string{"leader.spec.containers[jax-tpu].args[x]=$(LWS_GROUP_SIZE)"}}},
		"images by digest":                   {llama405B, Values{Params: goodParams("image", "worker=example.com/server@sha256:00")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := problemsOf(t, test.profile, test.values); found != nil {
				t.Errorf("got the problems\n%s", &ValidationError{found})
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	found := problemsOf(t, llama405B, Values{
		Name:   "Llama",
		Params: map[string]string{"checkpoint": "models/int8", "replicas": "-1", "zone": "x"},
		Set:    []string{"nonsense"},
	})
	var flags []string
	for _, problem := range found {
		flags = append(flags, problem.Flag)
	}
	want := []string{"--checkpoint", "--pathways-bucket", "--replicas", "--zone", "--set", "NAME"}
	if diff := cmp.Diff(want, flags); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
}

func TestNoRemedyIsOfferedThatWouldBeRefused(t *testing.T) {
	t.Parallel()
	found := problemsOf(t, llama405B, Values{Params: goodParams("checkpoint", "gs://models/llama/bf16/unscanned/checkpoints/0/items")})
	if len(found) != 1 || strings.Contains(found[0].Remedy, "bf16") {
		t.Errorf("got the problems\n%s\nwant one that does not offer weights that are too large", &ValidationError{found})
	}
}

func TestAMissingValueIsReportedOnce(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{llama405B, llama70B, llama8B} {
		found := problemsOf(t, profile, Values{})
		want := []string{"--checkpoint: missing", "--pathways-bucket: missing"}
		var got []string
		for _, problem := range found {
			got = append(got, problem.Flag+": "+problem.Message)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", profile, diff)
		}
	}
}
