package cause

import "fmt"

// sigkill is the exit code of a process that was killed.
const sigkill = 137

// Exit explains why a container ended, from its exit code, the reason that the
// kubelet gives and the last lines of its log.
//
// An exit code of 137 without the reason OOMKilled is usually the model server
// killing itself after an error further up in its log, so the log decides and
// memory is not blamed.
func (m *Matcher) Exit(container string, code int, reason string, lines []string) Finding {
	if reason == "OOMKilled" {
		return Finding{
			Code:     "host-out-of-memory",
			Summary:  fmt.Sprintf("%s was killed for using too much host memory (OOMKilled)", container),
			Cause:    "the container went over its memory limit or the node ran out of memory",
			Remedy:   "raise the memory limit, or use nodes with more memory",
			Evidence: m.Last(lines),
			Fatality: Repeats,
			Rank:     RankRoot,
		}
	}
	if found := m.Match(container, lines); len(found) > 0 {
		return found[0]
	}
	f := Finding{
		Code:     Unknown,
		Summary:  fmt.Sprintf("%s ended with exit code %d", container, code),
		Cause:    "cause unknown",
		Remedy:   "read the container's log",
		Evidence: m.Last(lines),
		Fatality: Repeats,
		Rank:     RankUnknown,
	}
	if code == sigkill {
		f.Summary += " (killed, and not for its memory)"
	}
	return f
}
