// Package ifrt is the simulated stand-in for the protocols between the JAX process,
// the IFRT proxy, the Pathways resource manager and the workers. The real ones are
// partly closed; this one carries what the parts need to know of each other and
// nothing more: JSON messages over one connection per pair.
//
//	worker  → resource manager   register; the connection is the worker's lease
//	proxy   → resource manager   attach; told the topology and every change of it
//	client  → proxy              init; told the devices, later placement or the end
//
// A broken connection means that the other side is gone. A Peer's Send may be called
// concurrently with Receive, but neither with itself. Whoever dials or accepts a
// connection closes it.
package ifrt

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
)

// Kind names a message.
type Kind string

// The messages of the three dialogues.
const (
	Register   Kind = "register"   // worker → resource manager
	Attach     Kind = "attach"     // proxy → resource manager
	State      Kind = "state"      // resource manager → proxy and workers: Topology
	Init       Kind = "init"       // client → proxy
	Welcome    Kind = "welcome"    // proxy → client: Topology
	Refused    Kind = "refused"    // proxy → client: Status, then the connection closes
	Terminated Kind = "terminated" // proxy → client: Status, then the connection closes
)

// Message is one message of any dialogue; fields that its Kind has no use for are
// empty.
type Message struct {
	Kind Kind
	// Host is the sender's pod name, Slice what tells its slice from others of the
	// group; both may be empty.
	Host, Slice string `json:",omitempty"`
	// Version is the protocol versions that the sender understands.
	Version  Versions
	Topology Topology
	// Status is an absl status, such as "CANCELLED: Cancelled".
	Status string `json:",omitempty"`
}

// Versions is a range of protocol versions, both ends included.
type Versions struct{ Min, Max int }

// Agree reports whether two ranges have a version in common.
func (v Versions) Agree(o Versions) bool { return v.Min <= o.Max && o.Min <= v.Max }

// String is the form in which the client's error shows a range.
func (v Versions) String() string { return fmt.Sprintf("[%d, %d]", v.Min, v.Max) }

// Topology is what the resource manager manages.
type Topology struct {
	// InstanceType is that of each slice, as in "tpuv6e:4x4".
	InstanceType string
	// Slices is how many slices were asked for; SlicesReady how many have all of
	// their workers.
	Slices, SlicesReady int
	// Devices is the number of chips in all slices, ready or not: a client sees them
	// before they exist.
	Devices int
	// HBM is the usable memory of one chip in bytes.
	HBM int64
	// Lost names the worker whose loss this message reports, if any.
	Lost string `json:",omitempty"`
}

// Ready reports whether every slice has its workers.
func (t Topology) Ready() bool { return t.Slices > 0 && t.SlicesReady == t.Slices }

// Peer is one end of a dialogue.
type Peer struct {
	conn net.Conn
	enc  *json.Encoder
	dec  *json.Decoder
}

// maxSession bounds what a peer reads in all; a session exchanges a few messages of
// some hundred bytes each.
const maxSession = 16 << 20

// NewPeer speaks the protocol over conn, which the Peer then owns.
func NewPeer(conn net.Conn) *Peer {
	return &Peer{conn: conn, enc: json.NewEncoder(conn), dec: json.NewDecoder(&limited{r: conn})}
}

// Send writes one message.
func (p *Peer) Send(m Message) error {
	if err := p.enc.Encode(m); err != nil {
		return fmt.Errorf("sending %s: %w", m.Kind, err)
	}
	return nil
}

// Receive reads the next message; io.EOF means that the other side has closed.
func (p *Peer) Receive() (Message, error) {
	var m Message
	if err := p.dec.Decode(&m); err != nil {
		return Message{}, err
	}
	return m, nil
}

// Close ends the dialogue; a Receive under way returns with an error.
func (p *Peer) Close() error { return p.conn.Close() }

// limited stops a peer that talks something else, such as an HTTP client on the
// wrong port, from being buffered without end.
type limited struct {
	r io.Reader
	n int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.n > maxSession {
		return 0, fmt.Errorf("peer sent more than %d bytes", maxSession)
	}
	n, err := l.r.Read(p)
	l.n += n
	return n, err
}
