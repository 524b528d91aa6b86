package node

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// What keeps clients from taking more of a server than they should: bounds on
// connections, on requests that are under way, and on what waits to be read by
// a client. The connection that goes too far waits or is closed; nobody else is.

// demand is what clients have asked of this server.
type demand struct {
	clients     int
	perAddress  map[string]int
	outstanding int             // requests that were read and are not answered
	inside      int             // those of them that are in the pipeline
	waiting     queue[*request] // the others, which may not enter it yet
	large       int64           // bytes of large requests that are not answered
	tokens      int
	filled      time.Duration // when tokens were added last
	flooded     []flooded     // connections that are closed at the end of the step
}

// flooded is a connection for which more waits than may, or that watches too much.
type flooded struct {
	conn   *conn
	reason string // as things were when it went too far: they change within a step
}

// forget is for a server whose connections have all been closed.
func (l *demand) forget() {
	l.clients, l.outstanding, l.inside, l.large = 0, 0, 0, 0
	clear(l.perAddress)
	l.waiting.clear()
	l.flooded = nil
}

// admitClient counts a connection, or says why there is no room for it.
func (n *Node) admitClient(c *conn) (reason string) {
	l, cfg := &n.demand, &n.cfg.Clients
	host := hostOf(c.addr)
	switch {
	case cfg.MaxConns > 0 && l.clients >= cfg.MaxConns:
		return fmt.Sprintf("Too many connections - max is %d", cfg.MaxConns)
	case cfg.MaxPerAddress > 0 && l.perAddress[host] >= cfg.MaxPerAddress:
		return fmt.Sprintf("Too many connections from %s - max is %d", host, cfg.MaxPerAddress)
	}
	l.clients++
	l.perAddress[host]++
	return ""
}

// clientLeft is the opposite of admitClient; what the connection still had under
// way weighs on nobody any more.
func (n *Node) clientLeft(c *conn) {
	l, cc := &n.demand, c.client
	host := hostOf(c.addr)
	l.clients--
	if l.perAddress[host]--; l.perAddress[host] == 0 {
		delete(l.perAddress, host)
	}
	l.outstanding -= cc.outstanding
	l.inside -= cc.inside
	l.large -= cc.large
	cc.outstanding, cc.inside, cc.large = 0, 0, 0
	n.letIn()
}

// takeToken takes one of the tokens that ConnectRequests need.
func (n *Node) takeToken() bool {
	l, cfg := &n.demand, &n.cfg.Clients
	if cfg.Tokens == 0 {
		return true
	}
	if fills := int64((n.now - l.filled) / cfg.TokenEvery); fills > 0 {
		l.filled += time.Duration(fills) * cfg.TokenEvery
		missing := int64(cfg.Tokens - l.tokens)
		l.tokens += int(min(missing, min(fills, missing)*int64(cfg.TokenCount)))
	}
	if l.tokens == 0 {
		return false
	}
	l.tokens--
	return true
}

// outstandingLimit is how many requests may be under way here: the ensemble's
// limit, divided among those that do not lead.
func (n *Node) outstandingLimit() int {
	limit := n.cfg.Clients.Outstanding
	if v := len(n.voters); v > 2 {
		limit /= v - 1
	}
	return limit
}

// A connection is not read from as long as the answers to what it has asked for
// would pile up: those that wait to be read by the client, and those to come,
// which are taken to be as long as the last ones were.
const (
	windowBytes      = 1 << 20
	replySizeAtFirst = 16 << 10
)

// mayAsk reports whether another request is read from a connection that has so
// many bytes unsent.
func (n *Node) mayAsk(cc *clientConn, unsent int64) bool {
	if cc.outstanding > 0 && n.demand.outstanding > n.outstandingLimit() {
		return false
	}
	return unsent+int64(cc.outstanding)*cc.replySize <= min(windowBytes, int64(n.cfg.Clients.MaxUnsent)/2)
}

// holdReading leaves requests where they are until readOn finds that the
// connection may ask again.
func (n *Node) holdReading(c *conn) {
	if !c.client.stopped {
		c.client.stopped = true
		n.out.Gates = append(n.out.Gates, ReadGate{c.id, false})
	}
}

// readOn goes on reading from a connection that had to wait, once unsent bytes
// are few enough.
func (n *Node) readOn(c *conn, unsent int64) {
	cc := c.client
	if cc == nil || !cc.stopped || c.flushClose || !n.mayAsk(cc, unsent) {
		return
	}
	cc.stopped = false
	n.out.Gates = append(n.out.Gates, ReadGate{c.id, true})
	n.pump(c)
}

// isLarge reports whether a frame of so many bytes counts as a large request.
func (n *Node) isLarge(size int) bool {
	return n.cfg.Clients.LargeRequest > 0 && size > n.cfg.Clients.LargeRequest
}

// tooLarge judges a request by its length alone, before any of it is kept.
func (n *Node) tooLarge(size int) bool {
	return n.isLarge(size) && n.demand.large+int64(size) > n.cfg.Clients.LargeMax
}

// enter counts a request and lets it into the pipeline, or has it wait.
func (n *Node) enter(cc *clientConn, r *request) {
	l := &n.demand
	l.outstanding++
	cc.outstanding++
	if n.isLarge(r.size) {
		l.large += int64(r.size)
		cc.large += int64(r.size)
	}
	limit := n.cfg.Clients.MaxRequests
	if limit > 0 && (l.waiting.len() > 0 || l.inside >= limit) {
		l.waiting.push(r)
		return
	}
	n.submitCounted(cc, r)
}

func (n *Node) submitCounted(cc *clientConn, r *request) {
	n.demand.inside++
	cc.inside++
	n.submit(r)
}

// answered is told when a request of a connection got its reply.
func (n *Node) answered(c *conn, r *request) {
	cc := c.client
	n.demand.outstanding--
	n.demand.inside--
	cc.outstanding--
	cc.inside--
	if n.isLarge(r.size) {
		n.demand.large -= int64(r.size)
		cc.large -= int64(r.size)
	}
	n.letIn()
	n.readOn(c, c.queued-c.left)
}

// letIn lets requests into the pipeline as long as there is room. Those whose
// connections are gone are forgotten: nobody would hear what became of them. Where
// they are not, they weigh on nobody, as those whose connections go later.
func (n *Node) letIn() {
	l := &n.demand
	for l.waiting.len() > 0 && n.serving {
		r := l.waiting.at(0)
		c := n.conns.byID[r.from.conn]
		switch {
		case c == nil && !n.cfg.Clients.KeepStale:
			n.counters.stale++
			n.release(l.waiting.pop())
			continue
		case l.inside >= n.cfg.Clients.MaxRequests:
			return
		}
		l.waiting.pop()
		n.throttle(r)
		if c == nil {
			n.submit(r)
		} else {
			n.submitCounted(c.client, r)
		}
	}
}

// throttle marks a request that has waited for too long: it keeps its place in
// the pipeline, but nothing comes of it.
func (n *Node) throttle(r *request) {
	if wait := n.cfg.Clients.ThrottledWait; wait > 0 && n.now-r.began > wait {
		n.counters.throttledOps++
		r.throttled = true
		r.bad = proto.ThrottledOp
	}
}

// toClient queues what was appended to a client's buffer. Of what nobody reads
// only so much is kept: more closes the connection, at the end of the step, for
// this may come in the middle of a transaction.
func (n *Node) toClient(c *conn, b []byte) {
	cc := c.client
	if cc.flooded {
		return
	}
	size := len(b) - len(c.out)
	n.setOut(c, b)
	n.packetSent(cc, size-frameHead)
	cc.replySize = max(int64(size), cc.replySize-cc.replySize/16)
	if c.queued-c.left > int64(n.cfg.Clients.MaxUnsent) {
		n.flood(c, fmt.Sprintf("the client does not read: %d bytes wait for it", c.queued-c.left))
	}
}

// flood marks a connection that is closed at the end of the step.
func (n *Node) flood(c *conn, reason string) {
	if !c.client.flooded {
		c.client.flooded = true
		n.demand.flooded = append(n.demand.flooded, flooded{c, reason})
	}
}

// boundWatches closes a connection that has set more watches than may be: without
// a bound, one client could fill the memory by asking.
func (n *Node) boundWatches(c *conn, op *proto.Op) {
	if !op.Watch && !setsWatches(op.Type) {
		return
	}
	if w, most := n.watchesOf(c), n.cfg.Clients.MaxWatches; w > most {
		n.flood(c, fmt.Sprintf("the client watches too much: its watches take %d bytes, maxWatchBytes is %d", w, most))
	}
}

func setsWatches(t proto.OpCode) bool {
	return t == proto.OpSetWatches || t == proto.OpSetWatches2 || t == proto.OpAddWatch
}

// watchesOf is how many bytes a connection's watches take.
func (n *Node) watchesOf(c *conn) int64 { return n.watches.Bytes(ztree.Watcher(c.id)) }

// frameHead is the length of a frame's length.
const frameHead = 4

// dropFlooded closes the connections of clients that do not read, or that watch
// too much.
func (n *Node) dropFlooded() {
	for _, f := range n.demand.flooded {
		n.drop(f.conn, f.reason)
	}
	clear(n.demand.flooded)
	n.demand.flooded = n.demand.flooded[:0]
}
