package engine

import (
	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// expiry judges that a leader gives no session up before it has heard nothing of
// it for its timeout (G14), by the leader's own clock. That sessions are given
// up in time is judged in the liveness phase, when all clients are silent.
type expiry struct {
	last map[proto.SessionID]linearizability.Touch // of the process that leads
}

// heard keeps the latest sign of life. A new leader hears of every session when
// it takes over, so nothing of an earlier reign remains.
func (x *expiry) heard(s *server, n *node.Note) {
	if x.last == nil {
		x.last = map[proto.SessionID]linearizability.Touch{}
	}
	x.last[n.Session] = linearizability.Touch{Session: n.Session, At: s.clock.now(s.now()), Timeout: n.Timeout}
}

// expired judges an expiry.
func (x *expiry) expired(s *server, id proto.SessionID) *proto.Violation {
	t, ok := x.last[id]
	if !ok {
		return found(proto.SessionExpiry, "leader", "%v gives up the session %v, of which it has never heard", s.id, id)
	}
	e := linearizability.Expiry{Session: id, At: s.clock.now(s.now())}
	return linearizability.CheckExpiry([]linearizability.Touch{t}, []linearizability.Expiry{e}, 0)
}
