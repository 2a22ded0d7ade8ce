package logstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kubectl-jetstream/kubectl-jetstream/internal/deploy/status"
)

const (
	dirMode  = 0o700
	fileMode = 0o600

	// deploymentsDir is where, below a Store's directory, the deployments are.
	deploymentsDir = "deployments"
	lockFile       = "lock"
	historyFile    = "history.json"
	segmentSuffix  = ".log"

	// longestName bounds one component of a path; file systems take 255 bytes.
	longestName = 100
)

// deploymentDir is the directory of a deployment: cluster, namespace, name.
func deploymentDir(dir string, key Key) string {
	return filepath.Join(dir, deploymentsDir, clusterName(key.Cluster), component(key.Namespace), component(key.Name))
}

// clusterName is readable, and different for different servers.
func clusterName(server string) string {
	_, host, found := strings.Cut(server, "://")
	if !found {
		host = server
	}
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(host))
	return strings.Trim(readable[:min(len(readable), 60)], "-") + "-" + digest(server)
}

// digest is a short name of a text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// component makes one component of a path of any name: no separator, no dot
// in front, no capital letter, as some file systems take those for small ones.
func component(name string) string {
	if name == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if out := b.String(); len(out) <= longestName {
		return out
	}
	return b.String()[:longestName-13] + "~" + digest(name)
}

// incarnationName is the directory of an incarnation in its deployment's.
func incarnationName(origin status.Origin) string {
	return "group-" + strconv.Itoa(origin.Group) + "_" + component(string(origin.LeaderUID))
}

// runName is what the file names of a run's segments begin with. It is there
// to be read; the segment's header says which run it is.
func runName(origin status.Origin) string {
	id := fmt.Sprintf("%s/%s/%s/%d", origin.Pod, origin.PodUID, origin.Container, origin.Restart)
	return fmt.Sprintf("%s_%s_%d_%s", component(origin.Pod), component(origin.Container), origin.Restart, digest(id))
}

// segmentName is the file name of a run's segment.
func segmentName(run string, number int) string {
	return run + "." + strconv.Itoa(number) + segmentSuffix
}

// parseSegmentName is the inverse of segmentName.
func parseSegmentName(name string) (run string, number int, ok bool) {
	name, ok = strings.CutSuffix(name, segmentSuffix)
	dot := strings.LastIndexByte(name, '.')
	if !ok || dot < 0 {
		return "", 0, false
	}
	number, err := strconv.Atoi(name[dot+1:])
	return name[:dot], number, err == nil && number >= 0
}
