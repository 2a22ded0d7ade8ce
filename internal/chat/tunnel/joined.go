package tunnel

import "net"

// frameHeader is the length of what every frame begins with. The length of the rest is
// in its last three bytes.
const frameHeader = 8

// joined sends the frames of a shared connection in one piece. The SPDY library writes
// each field by itself, which would make a message of a WebSocket, a record of TLS and
// a system call of each, here and at every server on the way. It takes one Write at a
// time, as the library does.
type joined struct {
	net.Conn
	frame []byte // its beginning, while some is missing
}

func (j *joined) Write(p []byte) (int, error) {
	j.frame = append(j.frame, p...)
	if len(j.frame) < frameHeader || len(j.frame) < frameLength(j.frame) {
		return len(p), nil
	}
	_, err := j.Conn.Write(j.frame)
	j.frame = j.frame[:0]
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func frameLength(header []byte) int {
	return frameHeader + int(header[5])<<16 + int(header[6])<<8 + int(header[7])
}
