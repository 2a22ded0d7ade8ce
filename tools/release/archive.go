package main

import (
	"archive/tar"
	"archive/zip"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// entry is a file of an archive.
type entry struct {
	name string
	path string // of its content
	mode int64
}

// archiveTime is the time of every file in an archive: SOURCE_DATE_EPOCH if it
// is set, else a fixed day. The time of the commit would not do: krew.yaml
// records the archives' digests, and the commit that adds krew.yaml would
// change them.
func archiveTime() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q is no number of seconds since 1970", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// writeArchive writes a .zip or a .tar.gz, as the name says. Beside the files'
// names, modes and contents nothing but at enters it.
func writeArchive(path string, entries []entry, at time.Time) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	write := writeTar
	if strings.HasSuffix(path, ".zip") {
		write = writeZip
	}
	if err := write(file, entries, at); err != nil {
		_ = file.Close()
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return file.Close()
}

func writeTar(w io.Writer, entries []entry, at time.Time) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		info, err := os.Stat(e.path)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, Size: info.Size(),
			ModTime: at, Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if err := copyFrom(archive, e.path); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

func writeZip(w io.Writer, entries []entry, at time.Time) error {
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: at}
		header.SetMode(os.FileMode(e.mode))
		file, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if err := copyFrom(file, e.path); err != nil {
			return err
		}
	}
	return archive.Close()
}

func copyFrom(w io.Writer, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(w, file)
	return err
}
