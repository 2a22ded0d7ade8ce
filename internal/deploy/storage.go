package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// bucketName is the form of a Cloud Storage bucket's name but for its length.
var bucketName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*[a-z0-9]$`)
})

// isBucketName checks the documented form of a bucket's name, without the rules for
// the single parts of a name with dots.
func isBucketName(name string) bool {
	return len(name) >= 3 && len(name) <= 222 && bucketName().MatchString(name)
}

const gcsScheme = "gs://"

// splitGCS splits gs://BUCKET/PATH; ok is false without the scheme.
func splitGCS(location string) (bucket, path string, ok bool) {
	rest, ok := strings.CutPrefix(location, gcsScheme)
	bucket, path, _ = strings.Cut(rest, "/")
	return bucket, path, ok
}

// checkGCS checks the form of a Cloud Storage location. Whether it exists and
// may be read is another question, which only the cloud can answer.
func checkGCS(flag, location string, needsPath bool, ps *problems) {
	if placeholder(location) != "" {
		return // the placeholder is reported with the rest of them
	}
	bucket, path, ok := splitGCS(location)
	form := "gs://BUCKET"
	if needsPath {
		form += "/PATH"
	}
	switch {
	case !ok && strings.Contains(location, "://"):
		ps.add(flag, location, "not a Cloud Storage location", "write it as "+form)
	case !ok:
		ps.add(flag, location, "gs:// is missing", "write gs://"+strings.TrimLeft(location, "/"))
	case !isBucketName(bucket):
		ps.add(flag, location, fmt.Sprintf("%q is not a name of a bucket", bucket),
			"a name has 3 or more and at most 222 lower-case letters, digits, dashes, underscores and dots; write "+form)
	case needsPath && strings.Trim(path, "/") == "":
		ps.add(flag, location, "the path in the bucket is missing",
			"write where the conversion put the checkpoint, such as "+gcsScheme+bucket+"/maxtext/llama-3.1-405b/int8")
	case strings.Contains(path, "//") || slices.Contains(strings.Split(path, "/"), ".."):
		ps.add(flag, location, "the path has an empty or a .. part", "write the object's path as gcloud storage ls prints it")
	case strings.ContainsFunc(location, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		ps.add(flag, location, "has a space or a control character in it", "write it as "+form)
	}
}
