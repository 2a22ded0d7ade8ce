// Package simnet is the pod network of the sandbox: addresses, names, listeners
// and connections that exist only inside the process.
//
// A Network maps address:port pairs to listeners and host names to addresses.
// Connections are buffered byte streams with deadlines, half-close and reset, and
// report the addresses that a container or kubelet would see. Dialling a port
// nobody listens on fails with ECONNREFUSED, an address that is not attached with
// EHOSTUNREACH, an unknown name with *net.DNSError, as the kernel and the cluster's
// DNS would. Nothing reaches the host's network.
//
// All methods are safe for concurrent use. Whoever opens a listener or a connection
// closes it; Detach closes everything of an address at once, as a node or pod that
// vanishes does.
package simnet
