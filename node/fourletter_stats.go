package node

import (
	"fmt"
	"strconv"
)

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
			b = append(n.appendConn(b, c), ")\n"...)
		}
	}
	return n.appendServer(append(b, '\n'))
}

func (n *Node) wordCons(b []byte, _ *conn, _ []byte) []byte {
	for c := n.conns.first; c != nil; c = c.next {
		if c.client != nil {
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

// monitor writes the lines of mntr.
type monitor struct{ b []byte }

func (m *monitor) text(key, value string) {
	m.b = append(append(append(append(append(m.b, "zk_"...), key...), '\t'), value...), '\n')
}

func (m *monitor) number(key string, value int64) { m.text(key, strconv.FormatInt(value, 10)) }

func (n *Node) wordMntr(b []byte, _ *conn, _ []byte) []byte {
	m := &monitor{b}
	k := &n.counters
	m.text("version", n.cfg.Clients.Version)
	m.text("server_state", n.mode())
	if !n.alone() {
		m.text("peer_state", n.peerState())
	}
	m.number("ephemerals_count", int64(n.tree.EphemeralCount()))
	m.number("num_alive_connections", int64(n.demand.clients))
	m.text("avg_latency", k.latency.decimal())
	if n.leader != nil && !n.alone() {
		n.monitorLeader(m)
	}
	m.number("outstanding_requests", int64(n.demand.outstanding))
	m.number("znode_count", int64(n.shownNodes()))
	m.number("global_sessions", int64(n.tree.SessionCount()))
	m.number("packets_sent", k.sent)
	m.number("packets_received", k.received)
	m.number("watch_count", int64(n.watches.Count()))
	m.number("min_latency", k.latency.least)
	m.number("max_latency", k.latency.most)
	m.number("approximate_data_size", n.tree.DataSize())
	n.monitorMachine(m)
	m.number("local_sessions", 0)
	m.number("uptime", millis(n.now-n.started))
	if !n.alone() {
		m.number("quorum_size", int64(len(n.voters)))
	}
	n.monitorCounters(m)
	return m.b
}

// peerState is the state that a member of an ensemble is in.
func (n *Node) peerState() string {
	state := "following"
	if n.leader != nil {
		state = "leading"
	}
	return state + " - " + [...]string{"election", "discovery", "synchronization", "broadcast"}[n.phase]
}

func (n *Node) monitorLeader(m *monitor) {
	l, s := n.leader, &n.counters.proposals
	synced := 0
	for _, h := range l.handlers {
		if h.state >= handlerSynced {
			synced++
		}
	}
	m.number("learners", int64(len(l.handlers)))
	m.number("synced_followers", int64(synced))
	m.number("synced_non_voting_followers", 0)
	m.number("synced_observers", 0)
	m.number("pending_syncs", int64(l.syncs.len()))
	m.number("leader_uptime", millis(n.now-l.since))
	m.number("last_proposal_size", s.last)
	m.number("min_proposal_size", s.least)
	m.number("max_proposal_size", s.most)
}

// monitorMachine leaves out what is not known.
func (n *Node) monitorMachine(m *monitor) {
	open, most := n.cfg.Clients.Machine.Descriptors()
	if open >= 0 {
		m.number("open_file_descriptor_count", open)
	}
	if most >= 0 {
		m.number("max_file_descriptor_count", most)
	}
}

func (n *Node) monitorCounters(m *monitor) {
	k := &n.counters
	m.number("last_client_response_size", k.responses.last)
	m.number("min_client_response_size", k.responses.least)
	m.number("max_client_response_size", k.responses.most)
	m.number("auth_failed_count", k.authFailed)
	m.number("proposal_count", k.proposed)
	m.number("throttled_ops", k.throttledOps)
	m.number("stale_requests_dropped", k.stale)
	m.number("large_requests_rejected", k.largeRefused)
	m.number("connection_rejected", k.rejected)
	m.number("connection_drop_count", k.dropped)
	m.number("cnxn_closed_without_zk_server_running", k.notServing)
	m.number("sessionless_connections_expired", k.sessionless)
	m.number("looking_count", k.lookings)
}
