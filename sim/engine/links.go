package engine

import (
	"slices"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/fault/netem"
)

// pair is the way from one host to another.
type pair struct{ from, to netsim.HostID }

// linkFault is a way in which a pair is disturbed that is either on or off.
type linkFault uint8

const (
	linkCut linkFault = iota
	linkRefuse
	linkNoReset
	linkClog
	numLinkFaults
)

// linkState is what the faults in effect say of one pair.
type linkState struct {
	pair   pair
	flags  [numLinkFaults]layers[struct{}]
	netem  layers[netem.Netem]
	sndbuf layers[int64]
}

// limit is what the faults in effect say of the connections of one host.
type limit struct {
	host  netsim.HostID
	conns layers[int64]
}

// links is what the faults in effect say of the network. The network itself is
// told only what comes of it, so that faults of one kind may overlap.
type links struct {
	net    *netsim.Network
	states []*linkState // by pair
	limits []*limit
}

func comparePairs(s *linkState, p pair) int {
	if s.pair.from != p.from {
		return int(s.pair.from - p.from)
	}
	return int(s.pair.to - p.to)
}

// state finds the state of a pair, or makes one that disturbs nothing.
func (l *links) state(p pair) *linkState {
	i, ok := slices.BinarySearchFunc(l.states, p, comparePairs)
	if !ok {
		l.states = slices.Insert(l.states, i, &linkState{pair: p})
	}
	return l.states[i]
}

// put disturbs the pairs of an effect.
func (l *links) put(kind linkFault, e *effect) {
	for _, p := range e.pairs {
		l.putOne(kind, e.id, p)
	}
}

// putOne disturbs one pair; doing it twice for one effect is doing it once.
func (l *links) putOne(kind linkFault, id effectID, p pair) {
	s := l.state(p)
	if s.flags[kind].has(id) {
		return
	}
	if !s.flags[kind].any() {
		l.tell(kind, p, true)
	}
	s.flags[kind].put(id, struct{}{})
}

func (l *links) putNetem(e *effect, n netem.Netem) {
	for _, p := range e.pairs {
		l.state(p).netem.put(e.id, n)
		l.tellNetem(p, n)
	}
}

func (l *links) putSndbuf(e *effect, size int64) {
	for _, p := range e.pairs {
		l.state(p).sndbuf.put(e.id, size)
		l.net.SetSndbuf(p.from, p.to, int(size))
	}
}

// drop takes an effect away, from whatever pairs it lies on.
func (l *links) drop(id effectID) {
	for _, s := range l.states {
		l.dropFrom(s, id)
	}
}

func (l *links) dropFrom(s *linkState, id effectID) {
	for kind := range s.flags {
		if s.flags[kind].drop(id) && !s.flags[kind].any() {
			l.tell(linkFault(kind), s.pair, false)
		}
	}
	if s.netem.drop(id) {
		n, _ := s.netem.top()
		l.tellNetem(s.pair, n)
	}
	if s.sndbuf.drop(id) {
		size, _ := s.sndbuf.top() // 0 is what it was
		l.net.SetSndbuf(s.pair.from, s.pair.to, int(size))
	}
}

// clear undoes everything that concerns a pair.
func (l *links) clear(p pair) {
	i, ok := slices.BinarySearchFunc(l.states, p, comparePairs)
	if ok {
		l.states = slices.Delete(l.states, i, i+1)
	}
	l.net.Clear(p.from, p.to)
}

// heal undoes everything.
func (l *links) heal() {
	l.states, l.limits = nil, nil
	l.net.Heal()
}

func (l *links) tell(kind linkFault, p pair, on bool) {
	switch kind {
	case linkCut:
		l.net.Blackhole(p.from, p.to, on)
	case linkRefuse:
		l.net.Refuse(p.from, p.to, on)
	case linkNoReset:
		l.net.NoReset(p.from, p.to, on)
	case linkClog:
		l.net.Clog(p.from, p.to, on)
	}
}

func (l *links) tellNetem(p pair, n netem.Netem) {
	l.net.SetNetem(p.from, p.to, netsim.Netem{Delay: n.Delay, Jitter: n.Jitter, Loss: uint32(n.Loss)})
}

// putLimit bounds the connections of a host.
func (l *links) putLimit(id effectID, h netsim.HostID, conns int64) {
	i := slices.IndexFunc(l.limits, func(x *limit) bool { return x.host == h })
	if i < 0 {
		i = len(l.limits)
		l.limits = append(l.limits, &limit{host: h})
	}
	l.limits[i].conns.put(id, conns)
	l.net.MaxConn(h, portClient, int(conns))
}

// dropLimit takes an effect away from the hosts that it bounds.
func (l *links) dropLimit(id effectID) {
	for _, x := range l.limits {
		if x.conns.drop(id) {
			n, bounded := x.conns.top()
			if !bounded {
				n = -1
			}
			l.net.MaxConn(x.host, portClient, int(n))
		}
	}
}
