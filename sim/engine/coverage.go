package engine

import (
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/fault"
)

// reached counts rare states of the ensemble, from what a server tells and what
// it was until then.
func (c *cluster) reached(s *server, n *node.Note) {
	switch n.Kind {
	case node.NoteEstablished:
		if c.led(s) {
			c.counts.TwoLeaders++
		}
	case node.NoteGaveUp:
		if n.Role == node.RoleLeading && s.seen.established != 0 {
			c.counts.QuorumsLost++
		}
	case node.NoteSessionExpired:
		if c.electing() {
			c.counts.ExpiriesInElection++
		}
	case node.NoteTailCut:
		c.counts.TornTails++
	case node.NoteTooBusyToSnap:
		c.counts.TooBusyToSnap++
	}
}

// led reports whether another process still believes that it leads with a quorum.
func (c *cluster) led(s *server) bool {
	for _, other := range c.servers {
		if other != s && other.seen.established != 0 {
			return true
		}
	}
	return false
}

// electing reports whether some server looks for a leader.
func (c *cluster) electing() bool {
	for _, s := range c.servers {
		if s.state == processUp && s.seen.role == node.RoleLooking {
			return true
		}
	}
	return false
}

// ending counts what a fault hits when it ends a process.
func (c *cluster) ending(s *server, action fault.Action) {
	if s.seen.joining() {
		c.counts.CrashesInSync++
	}
	if s.seen.established != 0 {
		c.counts.LeadersDown++
	}
	if !s.lanes[node.LaneSnapshot].empty() {
		c.counts.CrashesInSnapshot++
	}
	if action == fault.ActionCrash { // nobody is told: the other ends stay
		c.counts.HalfOpen += uint64(s.conns.count())
	}
}
