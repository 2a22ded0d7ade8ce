package cause

// rule is one documented failure message.
type rule struct {
	code string
	// hints are texts of which every matching line contains one; they spare the
	// other lines the regular expression.
	hints []string
	// pattern is searched for anywhere in the line.
	pattern string
	// containers restricts the rule; empty means any container.
	containers []string
	// summary and remedy may use $1 … for the pattern's groups.
	summary, cause, remedy string
	fatality               Fatality
	rank                   int
}

var (
	server   = []string{"jax-tpu"}
	pathways = []string{"pathways-rm", "pathways-proxy", "worker"}
)

// rules returns the table. The first rule that matches a line wins, so the
// more telling ones stand above the more general ones.
func rules() []rule {
	return []rule{
		{
			code: "checkpoint-not-found", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"Checkpoint at"}, pattern: `FileNotFoundError: Checkpoint at (\S+) not found`,
			summary: "the checkpoint $1 was not found",
			cause:   "the path is wrong, lacks gs://, or is still a placeholder",
			remedy:  "pass the checkpoint's own directory with --checkpoint: an int8 one ends in /int8, a bf16 one in /0/items",
		},
		{
			code: "checkpoint-incomplete", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"incomplete checkpoint"}, pattern: `ValueError: Found incomplete checkpoint at (\S+?)\.?(?:\s|$)`,
			summary: "the checkpoint $1 is incomplete",
			cause:   "its conversion did not finish",
			remedy:  "run the conversion Job again and wait for its last line, or pass another one with --checkpoint",
		},
		{
			code: "checkpoint-format", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"_METADATA"}, pattern: `Metadata file \(named _METADATA\) does not exist`,
			summary: "the checkpoint directory has no _METADATA file",
			cause:   "the path names a scanned checkpoint, or a directory above or below the checkpoint itself",
			remedy:  "pass the unscanned checkpoint (bf16: …/unscanned/checkpoints/0/items) or the int8 one with --checkpoint",
		},
		{
			code: "random-weights", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"generating random weights"}, pattern: `No decode checkpoint specified - generating random weights`,
			summary: "the server generates random weights",
			cause:   "load_parameters_path is empty: the server will look healthy and answer garbage",
			remedy:  "pass --checkpoint",
		},
		{
			code: "hbm-out-of-memory", fatality: Fatal, rank: RankRoot,
			hints:   []string{"RESOURCE_EXHAUSTED"},
			pattern: `RESOURCE_EXHAUSTED.*Ran out of memory in memory space hbm\. Used ([\d.]+\w) of ([\d.]+\w) hbm\. Exceeded hbm capacity by ([\d.]+\w)`,
			summary: "out of TPU memory (HBM): $1 needed, $2 there, $3 too much",
			cause:   "weights, key-value cache and the compiled program do not fit on the chips together",
			remedy:  "lower --batch-size or --max-target-length, serve int8 (--weights int8), or use a larger topology",
		},
		{
			code: "hbm-out-of-memory", fatality: Fatal, rank: RankRoot,
			hints: []string{"RESOURCE_EXHAUSTED"}, pattern: `RESOURCE_EXHAUSTED.*(?:Attempting to (?:allocate|reserve)|SIGTERM)|SIGTERM.*RESOURCE_EXHAUSTED`,
			summary: "out of TPU memory (HBM)",
			cause:   "weights, key-value cache and the compiled program do not fit on the chips together",
			remedy:  "lower --batch-size or --max-target-length, serve int8 (--weights int8), or use a larger topology",
		},
		{
			code: "proxy-protocol", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"agree on the protocol version"}, pattern: `IFRT Proxy client and server failed to agree on the protocol version`,
			summary: "jax-tpu and pathways-proxy speak different protocol versions",
			cause:   "the JAX release in the server image and the proxy image's tag do not match",
			remedy:  "use proxy and server images of the JAX release that the model server was built with: --image pathways-proxy=…,pathways-rm=…,worker=…",
		},
		{
			code: "proxy-unreachable", containers: server, fatality: Repeats, rank: RankSymptom,
			hints:   []string{"Unable to initialize backend 'proxy'"},
			pattern: `Unable to initialize backend 'proxy'.*Unable to establish connection to ifrt_proxy server`,
			summary: "jax-tpu could not reach pathways-proxy",
			cause:   "the proxy was not up in time: it has wrong or no arguments, crashed, or its image was still being pulled",
			remedy:  "check the proxy's arguments (--resource_manager_address, --server_port, --gcs_scratch_location) and its log",
		},
		{
			code: "proxy-lost", containers: server, fatality: Repeats, rank: RankEcho,
			hints:   []string{"IFRT proxy server", "GrpcClientSession"},
			pattern: `Connection to IFRT proxy server was terminated: (?:CANCELLED|FAILED_PRECONDITION)|IFRT proxy server disconnected|GrpcClientSession: writes no longer allowed`,
			summary: "jax-tpu lost its connection to pathways-proxy",
			cause:   "the proxy ended, or a second client connected: one cluster serves one client",
			remedy:  "look for the reason in the log and the exit code of pathways-proxy",
		},
		{
			code: "scratch-bucket-missing", containers: pathways, fatality: Fatal, rank: RankRoot,
			hints: []string{"specified bucket does not exist"}, pattern: `The specified bucket does not exist.*persistent cache storage`,
			summary: "the Pathways scratch bucket does not exist",
			cause:   "gcs_scratch_location names a bucket that is not there, or is still a placeholder",
			remedy:  "create the bucket or pass another one with --pathways-bucket",
		},
		{
			code: "scratch-bucket-full", containers: pathways, fatality: Fatal, rank: RankRoot,
			hints: []string{"Lifecycle matches_prefix"}, pattern: `Lifecycle matches_prefix cannot specify more than 50 prefixes`,
			summary: "the Pathways scratch bucket has too many lifecycle rules",
			cause:   "each run adds a lifecycle prefix and the bucket holds 50",
			remedy:  "remove old lifecycle rules or pass a fresh bucket with --pathways-bucket",
		},
		{
			code: "devices-mismatch", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"number of available devices"}, pattern: `number of available devices \((\d+)\) do not match the expected number of devices on all the slices \((\d+)\)`,
			summary: "the server found $1 TPU chips and expects $2",
			cause:   "instance_count or instance_type of the resource manager does not fit the model server's inference_server",
			remedy:  "use the profile's topology, or fix instance_count, instance_type and inference_server together",
		},
		{
			code: "argument-unknown", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"was passed at the command line"}, pattern: `Key (\S+) was passed at the command line but isn't in config`,
			summary: "the model server does not know the argument $1",
			cause:   "a spelling mistake, or an image older than the argument",
			remedy:  "correct the argument or use an image that knows it",
		},
		{
			code: "model-unknown", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"Invalid model name was passed"}, pattern: `Invalid model name was passed`,
			summary: "the model server does not know the model name",
			cause:   "model_name is misspelt, or the image is older than the model",
			remedy:  "correct model_name or use an image that knows the model",
		},
		{
			code: "file-missing", containers: server, fatality: Fatal, rank: RankRoot,
			hints: []string{"No such file or directory"}, pattern: `FileNotFoundError: .*No such file or directory: '?([^']*(?:tokenizer|\.yml)[^']*)`,
			summary: "the model server cannot find $1",
			cause:   "tokenizer and configuration paths are relative to /maxtext in the image",
			remedy:  "correct tokenizer_path or the configuration file's path",
		},
		{
			code: "storage-denied", fatality: Fatal, rank: RankRoot,
			hints:   []string{"does not have "},
			pattern: `does not have (storage\.(?:objects|buckets)\.\w+) access`,
			summary: "the pods may not use the bucket: $1 is denied",
			cause:   "with GCE_METADATA node pools the pods act as the node's service account, and it lacks the role or the scope",
			remedy:  "grant roles/storage.objectUser on the bucket to the NODE service account, with scope cloud-platform",
		},
		{
			code: "storage-denied", fatality: Fatal, rank: RankRoot,
			hints: []string{"HTTP response code"}, pattern: `HTTP response code:? 403`,
			summary: "the pods may not use the bucket (HTTP 403)",
			cause:   "with GCE_METADATA node pools the pods act as the node's service account, and it lacks the role or the scope",
			remedy:  "grant roles/storage.objectUser on the bucket to the NODE service account, with scope cloud-platform",
		},
		{
			code: "permission-denied", fatality: Repeats, rank: RankSymptom,
			hints: []string{"PERMISSION_DENIED"}, pattern: `PERMISSION_DENIED`,
			summary: "a Google API denied permission",
			cause:   "the node's service account lacks a role or a scope",
			remedy:  "grant the role that the line names to the NODE service account",
		},
		{
			code: "warm-up-failed", containers: server, fatality: Repeats, rank: RankSymptom,
			hints: []string{"Model warmup encountered an error"}, pattern: `Model warmup encountered an error: ?(.*)`,
			summary: "the warm-up failed: $1",
			cause:   "the server ends itself (exit code 137) after an error in the warm-up",
			remedy:  "read the traceback above this line",
		},
		{
			code: "server-thread-failed", containers: server, fatality: Repeats, rank: RankSymptom,
			hints: []string{"encountered an error"}, pattern: `Thread \S+ encountered an error: ?(.*)`,
			summary: "a thread of the model server failed: $1",
			cause:   "the server ends itself (exit code 137) when one of its threads fails",
			remedy:  "read the traceback above this line",
		},
	}
}

// benign returns texts of lines that look alarming and mean nothing. Such a
// line is neither evidence nor among the last lines of an unknown failure.
func benign() []string {
	return []string{
		"MemoryStats is only supported for addressable PjRt devices",
		"The transformations API will eventually be replaced",
		"unable to hash accelerator config, falling back",
		"pathwaysutils: Legacy initialization",
		"Detected Pathways-on-Cloud backend",
		"logging.logEntries.create",
		"--- Logging error ---",
		"TypeError: not all arguments converted",
		"ERROR:root:Exception in healthcheck",
		"init_google.cc", // the program's own arguments
	}
}
