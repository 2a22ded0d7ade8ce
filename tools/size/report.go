package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/kubectl-jetstream/kubectl-jetstream/tools/internal/gobuild"
)

// weigh returns the size of a file and its size when compressed as in an archive: by
// Go, at its best level. GNU gzip -9 makes it some 2 % smaller.
func weigh(path string) (size, compressed int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = file.Close() }()
	var counted counter
	archive, err := gzip.NewWriterLevel(&counted, gzip.BestCompression)
	if err != nil {
		return 0, 0, err
	}
	size, err = io.Copy(archive, file)
	if err != nil {
		return 0, 0, fmt.Errorf("compressing %s: %w", path, err)
	}
	if err := archive.Close(); err != nil {
		return 0, 0, fmt.Errorf("compressing %s: %w", path, err)
	}
	return size, int64(counted), nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func report(out io.Writer, platform gobuild.Platform, stripped, compressed int64, parts []part, top int) {
	fmt.Fprintf(out, "%s, as released: %.2f MB (at most %.0f), %.2f MB compressed as in an archive (at most %.0f)\n\n",
		platform, megabytes(stripped), megabytes(maxStripped), megabytes(compressed), megabytes(maxCompressed))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, p := range parts[:min(top, len(parts))] {
		fmt.Fprintf(table, "%.0f kB\t  %s\n", float64(p.size)/1000, p.name)
	}
	_ = table.Flush()
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }
