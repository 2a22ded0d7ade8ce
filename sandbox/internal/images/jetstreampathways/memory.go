package jetstreampathways

import (
	"fmt"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/maxtext"
	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

const gib = 1 << 30

// The working memory of the compiled programs on one chip, beside their arguments.
// It is a guess that lets the documented batch sizes fit (6 and 10 a device for 405B
// on 16 chips, 27 for 70B on 8) and half as much again not.
const (
	generateWorkspace = 3 * gib / 2
	// prefillWorkspace is for a prompt of prefillUnit tokens and grows with it.
	prefillWorkspace = 3 * gib / 4
	prefillUnit      = 1024
)

// model is the arithmetic of one model: how large its parameters and the keys and
// values of one token are.
type model struct {
	parameters int64
	kvPerToken int64 // numbers, of one byte when quantised and two otherwise
}

// modelOf derives the sizes from a configuration that includes the model's yml.
func modelOf(c *maxtext.Config) model {
	emb, head := int64(c.Int("base_emb_dim")), int64(c.Int("head_dim"))
	heads, kv := int64(c.Int("base_num_query_heads")), int64(c.Int("base_num_kv_heads"))
	layers := int64(c.Int("base_num_decoder_layers"))
	mlp := 3 * emb * int64(c.Int("base_mlp_dim")) * int64(max(1, c.Int("num_experts")))
	attention := 2*emb*heads*head + 2*emb*kv*head
	return model{
		parameters: layers*(attention+mlp) + 2*emb*int64(c.Int("vocab_size")),
		kvPerToken: 2 * layers * kv * head,
	}
}

// memory is what one engine puts on each of its chips, in bytes.
type memory struct {
	capacity int64 // of one chip
	weights  int64
	cache    int64 // keys and values of all slots
}

// memoryOf computes an engine's use of its chips. bytesPerParameter is 1 for int8
// weights and 2 for bf16.
func memoryOf(c *maxtext.Config, chips, slots int, capacity, bytesPerParameter int64) memory {
	m := modelOf(c)
	kvBytes := int64(2)
	if c.Bool("quantize_kvcache") {
		kvBytes = 1
	}
	return memory{
		capacity: capacity,
		weights:  m.parameters * bytesPerParameter / int64(chips),
		cache:    m.kvPerToken * kvBytes * int64(slots) * int64(c.Int("max_target_length")) / int64(chips),
	}
}

// load fails when the parameters as read, of so many bytes on each chip, are too
// many: the allocation of one of them does, in the midst of the restore.
func (m memory) load(weights int64) error {
	if weights <= m.capacity {
		return nil
	}
	const piece = 512 << 20
	free := m.capacity % piece
	return xlaError("RESOURCE_EXHAUSTED: Error allocating device buffer: Attempting to allocate %s. That was not possible. There are %s free.; (0x0x0_HBM0)", size(piece), size(free))
}

// prefill fails when the compiler finds no room for a prompt of that length.
func (m memory) prefill(length int) error {
	return m.fits(m.weights + prefillWorkspace*int64(length)/prefillUnit)
}

// generate fails when the compiler finds no room for the decode step, which has the
// weights and the cache of every slot as its arguments.
func (m memory) generate() error { return m.fits(m.weights + m.cache + generateWorkspace) }

func (m memory) fits(used int64) error {
	if used <= m.capacity {
		return nil
	}
	return xlaError("RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used %s of %s hbm. Exceeded hbm capacity by %s.",
		size(used), size(m.capacity), size(used-m.capacity))
}

func xlaError(format string, args ...any) *python.Exception {
	return &python.Exception{Type: "jaxlib.xla_extension.XlaRuntimeError", Message: fmt.Sprintf(format, args...)}
}

// size is how XLA prints an amount of memory.
func size(bytes int64) string {
	switch {
	case bytes >= gib:
		return fmt.Sprintf("%.2fG", float64(bytes)/gib)
	case bytes >= 1<<20:
		return fmt.Sprintf("%.2fM", float64(bytes)/(1<<20))
	default:
		return fmt.Sprintf("%.2fK", float64(bytes)/(1<<10))
	}
}
