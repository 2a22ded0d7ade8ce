package cause

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// The lines are those that JetStream, MaxText, Orbax, JAX and Pathways print,
// as their sources and their documentation of troubles give them.
func TestLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		container, line string
		code            string
		summary         string
		fatality        Fatality
	}{
		{
			"jax-tpu", "FileNotFoundError: Checkpoint at gs://models/llama/int9 not found.",
			"checkpoint-not-found", "the checkpoint gs://models/llama/int9 was not found", Fatal,
		},
		{
			"jax-tpu", `{"message": "FileNotFoundError: Checkpoint at gs://m/int9 not found.", "severity": "ERROR"}`,
			"checkpoint-not-found", "the checkpoint gs://m/int9 was not found", Fatal,
		},
		{
			"jax-tpu", "ValueError: Found incomplete checkpoint at gs://models/x.",
			"checkpoint-incomplete", "the checkpoint gs://models/x is incomplete", Fatal,
		},
		{
			"jax-tpu", "No decode checkpoint specified - generating random weights.",
			"random-weights", "the server generates random weights", Fatal,
		},
		{
			"jax-tpu", "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: E1000: CompileTimeHbmOom: Ran out of memory in memory space hbm. Used 33.10G of 31.25G hbm. Exceeded hbm capacity by 1.85G.",
			"hbm-out-of-memory", "out of TPU memory (HBM): 33.10G needed, 31.25G there, 1.85G too much", Fatal,
		},
		{
			"worker", "RESOURCE_EXHAUSTED: Attempting to allocate 3.00G. That was not possible.",
			"hbm-out-of-memory", "out of TPU memory (HBM)", Fatal,
		},
		{
			"jax-tpu", "RuntimeError: Unable to initialize backend 'proxy': UNAVAILABLE: Unable to establish connection to ifrt_proxy server, please check provided address 'grpc://localhost:38681'",
			"proxy-unreachable", "jax-tpu could not reach pathways-proxy", Repeats,
		},
		{
			"jax-tpu", "XlaRuntimeError: UNAVAILABLE: Connection to IFRT proxy server was terminated: CANCELLED: gone",
			"proxy-lost", "jax-tpu lost its connection to pathways-proxy", Repeats,
		},
		{
			"pathways-rm", "F1101 status: NOT_FOUND: The specified bucket does not exist. Failed to set up persistent cache storage",
			"scratch-bucket-missing", "the Pathways scratch bucket does not exist", Fatal,
		},
		{
			"jax-tpu", "The number of available devices (8) do not match the expected number of devices on all the slices (16)",
			"devices-mismatch", "the server found 8 TPU chips and expects 16", Fatal,
		},
		{
			"jax-tpu", "ValueError: Key per_device_batchsize was passed at the command line but isn't in config.",
			"argument-unknown", "the model server does not know the argument per_device_batchsize", Fatal,
		},
		{
			"pathways-proxy", "sa@p.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object.",
			"storage-denied", "the pods may not use the bucket: storage.objects.get is denied", Fatal,
		},
		{
			"jax-tpu", "Model warmup encountered an error: bad bucket",
			"warm-up-failed", "the warm-up failed: bad bucket", Repeats,
		},
		{
			"jax-tpu", "Model warmup encountered an error: ",
			"warm-up-failed", "the warm-up failed", Repeats,
		},
		{
			"jax-tpu", "Thread generate-0 encountered an error: index out of range",
			"server-thread-failed", "a thread of the model server failed: index out of range", Repeats,
		},
	}
	m := NewMatcher()
	for _, tt := range tests {
		f, ok := m.Line(tt.container, tt.line)
		if !ok {
			t.Errorf("no rule knows %q", tt.line)
			continue
		}
		if f.Code != tt.code || f.Summary != tt.summary || f.Fatality != tt.fatality {
			t.Errorf("%q\ngot  %s %q fatality %d\nwant %s %q fatality %d", tt.line, f.Code, f.Summary, f.Fatality, tt.code, tt.summary, tt.fatality)
		}
		if diff := cmp.Diff([]string{tt.line}, f.Evidence); diff != "" {
			t.Errorf("evidence (-want +got):\n%s", diff)
		}
	}
}

func TestLinesThatMeanNothing(t *testing.T) {
	t.Parallel()
	m := NewMatcher()
	for _, line := range []string{
		"Memstats unavailable, error: INVALID_ARGUMENT: MemoryStats is only supported for addressable PjRt devices.",
		"WARNING:absl:The transformations API will eventually be replaced by an upgraded design.",
		"Failed to submit 1 logs: PERMISSION_DENIED logging.logEntries.create denied on resource",
		"ERROR:root:Exception in healthcheck",
		"Config param load_parameters_path: gs://models/int8",
		"",
	} {
		if f, ok := m.Line("jax-tpu", line); ok {
			t.Errorf("%q is taken for %s", line, f.Code)
		}
	}
}

func TestARuleHoldsForItsContainersOnly(t *testing.T) {
	t.Parallel()
	if f, ok := NewMatcher().Line("jetstream-http", "FileNotFoundError: Checkpoint at gs://x not found."); ok {
		t.Errorf("a line of jetstream-http is taken for %s", f.Code)
	}
}

func TestMatchPutsTheRootFirst(t *testing.T) {
	t.Parallel()
	lines := []string{
		"IFRT proxy server disconnected",
		"Thread prefill-0 encountered an error: x",
		"RESOURCE_EXHAUSTED: Attempting to reserve 2.00G",
		"RESOURCE_EXHAUSTED: Attempting to reserve 4.00G",
	}
	var codes []string
	for _, f := range NewMatcher().Match("jax-tpu", lines) {
		codes = append(codes, f.Code)
	}
	if diff := cmp.Diff([]string{"hbm-out-of-memory", "server-thread-failed", "proxy-lost"}, codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
}

func TestExit(t *testing.T) {
	t.Parallel()
	m := NewMatcher()
	tests := []struct {
		name     string
		code     int
		reason   string
		lines    []string
		want     string
		summary  string
		evidence []string
	}{
		{
			"the kubelet's word about memory counts",
			137, "OOMKilled",
			[]string{"last"},
			"host-out-of-memory", "(OOMKilled)",
			[]string{"last"},
		},
		{
			"137 without it is explained by the log",
			137, "Error",
			[]string{"Model warmup encountered an error: boom", "after"},
			"warm-up-failed", "boom",
			[]string{"Model warmup encountered an error: boom"},
		},
		{
			"137 with a silent log is not blamed on memory",
			137, "Error",
			[]string{"all is well"},
			Unknown, "killed, and not for its memory",
			[]string{"all is well"},
		},
		{
			"an unknown end shows the last lines that say something",
			1, "Error",
			[]string{"1", "2", "3", "4", "5", "6", "", "ERROR:root:Exception in healthcheck", "7"},
			Unknown, "jax-tpu ended with exit code 1",
			[]string{"3", "4", "5", "6", "7"},
		},
		{
			"an end without a line",
			1, "Error", nil,
			Unknown, "jax-tpu ended with exit code 1", nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := m.Exit("jax-tpu", tt.code, tt.reason, tt.lines)
			if f.Code != tt.want || !strings.Contains(f.Summary, tt.summary) {
				t.Errorf("got %s %q, want %s %q", f.Code, f.Summary, tt.want, tt.summary)
			}
			if f.Code == Unknown && f.Cause != "cause unknown" {
				t.Errorf("an unknown end has the cause %q", f.Cause)
			}
			if diff := cmp.Diff(tt.evidence, f.Evidence); diff != "" {
				t.Errorf("evidence (-want +got):\n%s", diff)
			}
		})
	}
}

// A hint that a matching line need not contain would hide the rule.
func TestRulesAreWellFormed(t *testing.T) {
	t.Parallel()
	for _, r := range rules() {
		re := regexp.MustCompile(r.pattern)
		if r.summary == "" || r.cause == "" || r.remedy == "" || r.rank == 0 {
			t.Errorf("rule %s lacks a summary, a cause, a remedy or a rank", r.code)
		}
		for _, group := range regexp.MustCompile(`\$(\d)`).FindAllStringSubmatch(r.summary+r.remedy, -1) {
			if int(group[1][0]-'0') > re.NumSubexp() {
				t.Errorf("rule %s uses %s and its pattern has %d groups", r.code, group[0], re.NumSubexp())
			}
		}
		if len(r.hints) == 0 {
			t.Errorf("rule %s has no hint, so that its pattern is tried on every line", r.code)
		}
		for _, hint := range r.hints {
			if !strings.Contains(r.pattern, hint) && !strings.Contains(r.pattern, regexp.QuoteMeta(hint)) {
				t.Errorf("rule %s has the hint %q, which its pattern does not spell", r.code, hint)
			}
		}
	}
}

func FuzzExit(f *testing.F) {
	f.Add("jax-tpu", 137, "Error", "RESOURCE_EXHAUSTED: Attempting to reserve 2.00G\nModel warmup encountered an error: $1 ${x}")
	f.Add("worker", 1, "", "\xff\x00 does not have storage.objects.get access")
	m := NewMatcher()
	f.Fuzz(func(t *testing.T, container string, code int, reason, log string) {
		lines := strings.Split(log, "\n")
		found := m.Exit(container, code, reason, lines)
		if found.Code == "" || found.Summary == "" || found.Cause == "" {
			t.Errorf("an incomplete finding %+v", found)
		}
		if len(found.Evidence) > evidenceLines {
			t.Errorf("%d lines of evidence", len(found.Evidence))
		}
		for _, line := range found.Evidence {
			if !strings.Contains(log, line) {
				t.Errorf("the evidence %q is not in the log", line)
			}
		}
		if utf8.ValidString(log) && utf8.ValidString(container) && !utf8.ValidString(found.Summary) {
			t.Errorf("the summary %q is not valid UTF-8", found.Summary)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	m := NewMatcher()
	line := "2025-04-28 22:21:36,353 - jetstream.core.server_lib - INFO - Generate engine 0 step 1234 - slots free : 95 / 96, took 21.35ms"
	for b.Loop() {
		m.Line("jax-tpu", line)
	}
}
