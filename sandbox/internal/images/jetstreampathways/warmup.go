package jetstreampathways

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kubectl-jetstream/kubectl-jetstream/sandbox/internal/images/python"
)

const warmupFile = "engine/warmup_utils.py"

// How long compiling takes, from the shortest prompt's to the longest's. Together
// they make the half minute or so that a published log shows.
const (
	compileLeast  = 4 * time.Second
	compileMost   = 14 * time.Second
	generateLeast = 12 * time.Second
	generateMost  = 16 * time.Second
	insertLeast   = 2 * time.Second
	insertMost    = 5 * time.Second
)

// warmUp compiles everything that serving needs. The prefill and insert programs are
// compiled in parallel by an executor whose results nobody looks at, so one that
// fails says nothing and "complete" is printed all the same.
func (p *process) warmUp(ctx context.Context, e *engines) error {
	p.infof(warmupFile, 114, "initialize_prefill_jit_cache", "---------Prefill compilation %d begun.---------", 0)
	err := p.compileAll(ctx, e, compileLeast, compileMost, e.prefill.prefill, func(length int) {
		e.warm[length] = true
		p.infof(warmupFile, 108, "compile_prefill", "---------Prefill engine %d compiled for prefill length %d.---------", 0, length)
	})
	if err != nil {
		return err
	}
	p.infof(warmupFile, 123, "initialize_prefill_jit_cache", "---------Prefill compilation %d complete.---------", 0)

	p.infof(warmupFile, 195, "initialize_insert_generate_jit_cache", "---------Insertion generation compilation %d begun.---------", 0)
	p.infof(warmupFile, 177, "compile_generate", "---------Generate compilation %d begun.---------", 0)
	if err := p.compileGenerate(ctx, e); err != nil {
		return within(err,
			python.At("/JetStream/jetstream/core/server_lib.py", 153, "create_driver", "_ = warmup_utils.layout_params_and_compile_executables("),
			python.At("/JetStream/jetstream/engine/warmup_utils.py", 60, "layout_params_and_compile_executables", "insert_generate_compiled = initialize_insert_generate_jit_cache("),
			python.At("/JetStream/jetstream/engine/warmup_utils.py", 200, "initialize_insert_generate_jit_cache", "compile_generate()"),
			python.At("/JetStream/jetstream/engine/warmup_utils.py", 181, "compile_generate", "generate_engine._downstream_engine.generate(  # pylint: disable=protected-access"))
	}
	p.infof(warmupFile, 186, "compile_generate", "---------Generate engine %d compiled.---------", 0)
	p.infof(warmupFile, 191, "compile_generate", "---------Generate compilation %d complete.---------", 0)
	p.infof(warmupFile, 202, "initialize_insert_generate_jit_cache", "---------Generate engine %d compiled generation step.---------", 0)
	// Inserting compiles the prefill again where that has failed, and fails with it.
	err = p.compileAll(ctx, e, insertLeast, insertMost, e.prefill.prefill, func(length int) {
		p.infof(warmupFile, 169, "compile_insert", "---------Generate engine %d compiled for insert length %d.---------", 0, length)
	})
	if err != nil {
		return err
	}
	p.infof(warmupFile, 214, "initialize_insert_generate_jit_cache", "---------Insertion generation compilation %d complete.---------", 0)
	return nil
}

// compileAll compiles a program for every bucket at once, calls done for each that
// succeeds, in the order in which they finish, and ignores those that do not.
func (p *process) compileAll(ctx context.Context, e *engines, least, most time.Duration, compile func(length int) error, done func(length int)) error {
	type job struct {
		length int
		takes  time.Duration
	}
	var jobs []job
	for _, length := range e.buckets() {
		jobs = append(jobs, job{length, p.between(least, most)})
	}
	slices.SortFunc(jobs, func(a, b job) int { return cmp.Compare(a.takes, b.takes) })
	elapsed := time.Duration(0)
	for _, j := range jobs {
		if err := p.sleep(ctx, j.takes-elapsed); err != nil {
			return err
		}
		elapsed = j.takes
		if err := compile(j.length); err == nil {
			done(j.length)
		}
	}
	return nil
}

func (p *process) compileGenerate(ctx context.Context, e *engines) error {
	if err := p.sleep(ctx, p.between(generateLeast, generateMost)); err != nil {
		return err
	}
	if err := e.generate.generate(); err != nil {
		return err
	}
	e.generateWarm = true
	return nil
}

// runPrefill is one prompt's prefill while serving: compiled first if the warm-up has
// not done so, then computed in time that a person waits, so that is not scaled.
func (p *process) runPrefill(ctx context.Context, e *engines, bucket int) error {
	if !e.warm[bucket] {
		if err := p.sleep(ctx, p.between(compileLeast, compileMost)); err != nil {
			return err
		}
		if err := e.prefill.prefill(bucket); err != nil {
			return err
		}
		e.warm[bucket] = true
	}
	const base, perToken = 50 * time.Millisecond, 200 * time.Microsecond
	return wait(ctx, base+time.Duration(bucket)*perToken)
}

// runGenerate compiles the decode step at the first request if the warm-up has not.
func (p *process) runGenerate(ctx context.Context, e *engines) error {
	if e.generateWarm {
		return nil
	}
	return p.compileGenerate(ctx, e)
}

// isException reports whether an error was raised by the program rather than by the
// end of the process.
func isException(err error) bool {
	var exception *python.Exception
	return errors.As(err, &exception)
}
