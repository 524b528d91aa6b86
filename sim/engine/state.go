package engine

import (
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// Moment is a place in a run at which it is to stop. The zero value is none.
type Moment struct {
	Step uint64        // after this step; 0: no bound
	At   time.Duration // after the first step at this instant or later; 0: no bound

	Start bool // before the first step
}

// Reached reports whether a run has come to the moment when it is at now, after step.
func (m Moment) Reached(step uint64, now time.Duration) bool {
	return m.Start || m.Step > 0 && step >= m.Step || m.At > 0 && now >= m.At
}

// ServerState is what a server was at the end of a run, as far as its driver
// knows it.
type ServerState struct {
	ID            proto.ServerID
	Process       string // up, booting or down
	Role          node.Role
	Established   proto.Epoch // that it leads with a quorum; else 0
	Serving       bool
	AcceptedEpoch proto.Epoch // on its disk
	CurrentEpoch  proto.Epoch // on its disk
	History       proto.Zxid  // last transaction in its tree
	Digest        int64       // of that tree
	Conns         int         // streams with clients and other servers
	Life          int64       // how many processes have ended before this one
}

var processNames = [...]string{"down", "booting", "up"}

// states tells what every server is now.
func (c *cluster) states() []ServerState {
	list := make([]ServerState, 0, len(c.servers))
	for _, s := range c.servers {
		v := &s.seen
		list = append(list, ServerState{
			ID: s.id, Process: processNames[s.state], Role: v.role, Established: v.established, Serving: v.serving,
			AcceptedEpoch: v.acceptedEpoch, CurrentEpoch: v.currentEpoch, History: v.history, Digest: v.digest,
			Conns: s.conns.count(), Life: s.life,
		})
	}
	return list
}
