// Package measure takes what a process uses from /proc and makes tables of it.
//
// Processor time is the figure to compare, since wall time depends on what else the
// machine does; a table has the load average beside every line. It works on Linux
// alone.
package measure

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticks is the unit of processor times in /proc: the kernel reports them to user
// space in hundredths of a second on every architecture that Go supports.
const ticks = 100

// CPUTime is what a process has used so far, in user and kernel mode.
func CPUTime(pid int) (time.Duration, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the name in parentheses and may hold anything.
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(fields))
	}
	total := time.Duration(0)
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", pid, err)
		}
		total += time.Duration(n) * time.Second / ticks
	}
	return total, nil
}

// Memory is what a process holds, in bytes.
type Memory struct {
	Total int64 // resident, shared pages of the binary included
	Own   int64 // of that, memory of its own
	Peak  int64
}

// MemoryOf is what a process holds at present.
func MemoryOf(pid int) (Memory, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, err
	}
	var m Memory
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		into := map[string]*int64{"VmRSS": &m.Total, "RssAnon": &m.Own, "VmHWM": &m.Peak}[name]
		if into == nil {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		if err != nil {
			return Memory{}, fmt.Errorf("/proc/%d/status: %w", pid, err)
		}
		*into = kilobytes << 10
	}
	return m, nil
}

// Processes lists the processes that name a directory in their command line.
func Processes(dir string) ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(content, []byte(dir)) {
			continue // it has ended, or is another's
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err == nil && pid != os.Getpid() {
			found = append(found, pid)
		}
	}
	return found, nil
}
