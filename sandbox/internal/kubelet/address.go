package kubelet

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
)

// addressPool hands out the addresses of pods. A returned address is given out again
// only after all others have been, so that a stale client cannot reach a stranger.
type addressPool struct {
	mu     sync.Mutex
	prefix netip.Prefix
	next   netip.Addr
	used   map[netip.Addr]bool
}

var errNoAddress = errors.New("no free address in the pod range")

func newAddressPool(prefix netip.Prefix) (*addressPool, error) {
	if !prefix.IsValid() || !prefix.Addr().Is4() || prefix.Bits() > 30 {
		return nil, fmt.Errorf("pod range %q must be an IPv4 prefix of at most 30 bits", prefix)
	}
	prefix = prefix.Masked()
	return &addressPool{prefix: prefix, next: prefix.Addr().Next(), used: make(map[netip.Addr]bool)}, nil
}

func (p *addressPool) take() (netip.Addr, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range 1 << (32 - p.prefix.Bits()) {
		ip := p.next
		p.next = ip.Next()
		if !p.prefix.Contains(p.next) {
			p.next = p.prefix.Addr().Next()
		}
		if !p.used[ip] && p.prefix.Contains(ip.Next()) { // the last address is the broadcast's
			p.used[ip] = true
			return ip, nil
		}
	}
	return netip.Addr{}, errNoAddress
}

func (p *addressPool) release(ip netip.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.used, ip)
}
