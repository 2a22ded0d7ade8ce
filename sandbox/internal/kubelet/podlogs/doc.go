// Package podlogs keeps the log of one start of a container as a container runtime
// and a kubelet do, and reads it back as `kubectl logs` sees it.
//
// A Log is a file of records in the format of the container runtime interface: time,
// stream, tag, text. Lines longer than 16 KiB are several records, which --tail
// counts singly. A line is recorded when its newline arrives or the container exits;
// bytes are kept as they are. When the file reaches its bound it is rotated, and
// readers see only the current file: right after a rotation there may be nothing, and
// a follower overtaken by two rotations misses what lay between.
//
// All methods are safe for concurrent use. The writer's side is closed by Close; each
// reader has its own file handle and outlives rotation and removal.
package podlogs
