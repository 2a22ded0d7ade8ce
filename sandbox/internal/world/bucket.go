package world

import (
	"fmt"
	"regexp"
	"strings"
)

// bucketName is what object storage accepts as a bucket's name: lower-case letters,
// digits, dashes, underscores and dots. A placeholder left in a manifest, such as
// PATHWAYS_BUCKET, never matches.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)

// Bucket tells whether the bucket of a gs:// location exists. The simulated storage
// has every bucket whose name is valid; a location without gs:// and an invalid name
// are ErrNotFound.
func (w *World) Bucket(location string) error {
	rest, ok := strings.CutPrefix(location, "gs://")
	name, _, _ := strings.Cut(rest, "/")
	if !ok || !bucketName.MatchString(name) {
		return fmt.Errorf("bucket of %q: %w", location, ErrNotFound)
	}
	return nil
}
