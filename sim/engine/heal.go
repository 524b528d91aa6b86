package engine

import (
	"slices"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/rng"
)

// fate is what becomes of a server when the safety phase ends.
type fate uint8

const (
	fateHealed fate = iota // every fault of it is undone
	fateDown               // it stays down
	fateCutOff             // it goes on, but no healed server hears of it, nor it of them
	numFates
)

// heal undoes every fault, whether or not it would have ended, for the servers
// that are drawn; nothing takes effect any more.
func (f *faults) heal() {
	f.over = true
	f.effects = nil
	f.c.tell(Fact{Kind: FactHeal})
	f.drawFates()
	f.links.heal()
	for _, s := range f.c.servers {
		switch s.fate {
		case fateHealed:
			s.mend()
		case fateDown:
			s.c.digest.fold(uint64(s.id))
			s.crash(disksim.LoseUnsynced)
		case fateCutOff:
			f.cutOff(s)
		}
	}
	for _, st := range f.c.stations {
		st.faults.dropReply, st.faults.dropRequest = false, false
	}
}

// drawFates draws what becomes of each server: of a majority, that it is healed;
// the others may be, too. Where no faults are drawn, or none may begin any more,
// all are healed.
func (f *faults) drawFates() {
	if f.c.cfg.Profile != ProfileSwarm || f.calm {
		return
	}
	draws := f.c.src.Stream(rng.Key{Host: healHost, Purpose: rng.PurposeFault})
	order := make([]netsim.HostID, 0, len(f.c.servers))
	for _, s := range f.c.servers {
		order = append(order, s.host)
	}
	order = drawSome(order, len(order), &draws)
	for _, h := range order[len(order)/2+1:] {
		f.c.servers[h].fate = fate(draws.Below(int64(numFates)))
	}
}

// mend makes a server whole and has it run.
func (s *server) mend() {
	s.downs.clear()
	s.mendDisk(func(*diskFault) bool { return true })
	s.failures = 0
	s.clockFaults.clear()
	s.setClock()
	if s.hold.active() {
		s.unpause()
	}
	s.start(0)
}

// cutOff takes the ways between a server and the healed ones.
func (f *faults) cutOff(s *server) {
	for _, healed := range f.c.healed() {
		f.c.net.Blackhole(s.host, healed.host, true)
		f.c.net.Blackhole(healed.host, s.host, true)
	}
}

// healed lists the servers that must come to work again.
func (c *cluster) healed() []*server {
	return slices.DeleteFunc(slices.Clone(c.servers), func(s *server) bool { return s.fate != fateHealed })
}
