package node

import "fmt"

// The words that tell of numbers: srvr, stat, cons, mntr.

func (n *Node) wordSrvr(b []byte, _ *conn, _ []byte) []byte {
	return n.appendServer(n.appendVersion(b))
}

func (n *Node) appendVersion(b []byte) []byte {
	return fmt.Appendf(b, "Zookeeper version: %s\n", n.cfg.Clients.Version)
}

// appendServer appends what srvr and stat have in common.
func (n *Node) appendServer(b []byte) []byte {
	k := &n.counters
	b = fmt.Appendf(b, "Latency min/avg/max: %d/%s/%d\n", k.latency.least, k.latency.decimal(), k.latency.most)
	b = fmt.Appendf(b, "Received: %d\nSent: %d\nConnections: %d\nOutstanding: %d\n", k.received, k.sent, n.demand.clients, n.demand.outstanding)
	b = fmt.Appendf(b, "Zxid: %s\nMode: %s\nNode count: %d\n", n.tree.LastProcessed().Hex(), n.mode(), n.shownNodes())
	if n.leader != nil && !n.alone() {
		b = fmt.Appendf(b, "Proposal sizes last/min/max: %d/%d/%d\n", k.proposals.last, k.proposals.least, k.proposals.most)
	}
	return b
}

// alone reports whether the server is an ensemble by itself.
func (n *Node) alone() bool { return len(n.voters) == 1 }

// mode is what a server is, in the words of clients.
func (n *Node) mode() string {
	switch {
	case n.alone():
		return "standalone"
	case n.leader != nil:
		return "leader"
	}
	return "follower"
}

// shownNodes counts the root twice, as ZooKeeper does, which knows it by two names.
func (n *Node) shownNodes() int { return n.tree.NodeCount() + 1 }

func (n *Node) wordStat(b []byte, _ *conn, _ []byte) []byte {
	b = append(n.appendVersion(b), "Clients:\n"...)
	for c := n.conns.first; c != nil; c = c.next {
		if c.client != nil {
			if n.isLong(b) {
				return n.cut(b)
			}
			b = append(n.appendConn(b, c), ")\n"...)
		}
	}
	return n.appendServer(append(b, '\n'))
}

func (n *Node) wordCons(b []byte, _ *conn, _ []byte) []byte {
	for c := n.conns.first; c != nil; c = c.next {
		if c.client != nil {
			if n.isLong(b) {
				return n.cut(b)
			}
			b = append(n.appendConnStats(n.appendConn(b, c), c.client), ")\n"...)
		}
	}
	return append(b, '\n')
}

// appendConn appends a connection as stat shows it, but for the bracket at the end.
func (n *Node) appendConn(b []byte, c *conn) []byte {
	cc := c.client
	return fmt.Appendf(b, " /%s[%d](queued=%d,recved=%d,sent=%d", c.addr, interest(c), cc.outstanding, cc.stats.received, cc.stats.sent)
}

// interest is what a server waits for on a connection: 1 to read, 4 to write.
func interest(c *conn) int {
	ops := 0
	if !c.client.asking && !c.client.stopped && !c.flushClose {
		ops |= 1
	}
	if c.queued > c.left {
		ops |= 4
	}
	return ops
}

// appendConnStats appends what only connections have that have a session.
func (n *Node) appendConnStats(b []byte, cc *clientConn) []byte {
	if !cc.ready {
		return b
	}
	s := &cc.stats
	b = fmt.Appendf(b, ",sid=%s,lop=%s,est=%d,to=%d", hexID(cc.session), s.last, s.began, cc.timeoutMillis())
	if s.cxid >= 0 {
		b = fmt.Appendf(b, ",lcxid=0x%x", s.cxid)
	}
	return fmt.Appendf(b, ",lzxid=%s,lresp=%d,llat=%d,minlat=%d,avglat=%d,maxlat=%d",
		s.zxid.Hex(), s.response, s.lastLatency, s.latency.least, s.latency.mean(), s.latency.most)
}

func (n *Node) wordMntr(b []byte, _ *conn, _ []byte) []byte {
	for _, m := range n.Monitor() {
		b = fmt.Appendf(b, "zk_%s\t%s\n", m.Key, m.Value)
	}
	return b
}
