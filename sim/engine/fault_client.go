package engine

import (
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/fault"
)

// clientFaults is what is wrong at the station of one client.
type clientFaults struct {
	dropReply   bool        // the next reply is lost with its connection
	dropRequest bool        // the next request is
	dead        client.Conn // that has lost a request: nothing passes any more
}

// pairsOfClient finds the ways that a fault of a client cuts.
func (f *faults) pairsOfClient(e *effect) []pair {
	var servers []netsim.HostID
	switch {
	case e.st.Client == fault.ClientCut && e.st.Peers != nil:
		servers = f.hosts(e.st.Peers, e.draws, nil)
		e.peers = servers
	case e.st.Client == fault.ClientCut, e.st.Client == fault.ClientExpire:
		servers = f.hosts([]string{fault.NodeAll}, e.draws, nil)
	}
	return product(e.hosts, servers, true)
}

// disturbClient carries out a fault of a client. Its session is expired by
// taking the network from it for as long as the leader needs to notice.
func (f *faults) disturbClient(e *effect) {
	st := f.c.station(e.hosts[0])
	switch e.st.Client {
	case fault.ClientCut:
		f.links.put(linkCut, e)
	case fault.ClientExpire:
		f.links.put(linkCut, e)
		f.after(st.core.Timeout()+f.c.ticks(expiryTicks), faultEnds, int64(e.id), 0)
	case fault.ClientDropReply:
		st.faults.dropReply = true
	case fault.ClientDropRequest:
		st.faults.dropRequest = true
	}
}

// expiryTicks is how many ticks over the timeout a leader needs at most to
// notice that a session is silent: one by which it rounds up, one until it looks.
const expiryTicks = 2

// lossMax is how long it takes at most until a client sees that its connection is lost.
const lossMax = 100 * time.Millisecond

// swallow loses what a client writes, if a fault says so, and then the connection.
func (st *station) swallow(c client.Conn) bool {
	if c == st.faults.dead {
		return true
	}
	if !st.faults.dropRequest || st.core.Outstanding() == 0 {
		return false
	}
	st.faults.dropRequest, st.faults.dead = false, c
	st.schedule(clientLost, int64(c), &alarm{wake: st.Now() + lossMax})
	return true
}

// lose ends a connection that has swallowed something, unless it is gone already.
func (st *station) lose(c client.Conn) {
	if st.faults.dead == c {
		st.faults.dead = 0
	}
	st.c.net.Close(netsim.EndID(c))
	st.core.Closed(c)
}

// intercept loses what has arrived together with the connection, if a fault says
// so and a reply may be among it.
func (st *station) intercept(end netsim.EndID) bool {
	if !st.faults.dropReply || st.core.Outstanding() == 0 || st.core.State() != client.Connected {
		return false
	}
	st.faults.dropReply = false
	st.lose(client.Conn(end))
	return true
}

// requests is the session of a client, as its load sees it: statements that wait
// for a request take effect before or after it.
type requests struct {
	*client.Client
	st *station
}

// Do makes a request.
func (r requests) Do(op *proto.Op, done client.Completion, tag int) int32 {
	if !r.st.watched {
		return r.Client.Do(op, done, tag)
	}
	h := happening{kind: fault.EventRequest, request: op.Type, before: true}
	name := r.st.c.hostNames[r.st.host]
	r.st.c.faults.happens(name, h)
	xid := r.Client.Do(op, done, tag)
	h.before = false
	r.st.c.faults.happens(name, h)
	return xid
}
