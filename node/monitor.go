package node

import "strconv"

// Measure is a line of the word mntr, and of whatever else tells operators how a
// server is doing: a key of ZooKeeper's without its zk_, and a number or a word.
type Measure struct{ Key, Value string }

// monitor collects them.
type monitor struct{ all []Measure }

func (m *monitor) text(key, value string) { m.all = append(m.all, Measure{key, value}) }

func (m *monitor) number(key string, value int64) { m.text(key, strconv.FormatInt(value, 10)) }

// Monitor tells what mntr does. Which keys there are depends on whether the server
// is alone, and leads. mntr itself is answered while clients are served only.
func (n *Node) Monitor() []Measure {
	m := &monitor{}
	k := &n.counters
	m.text("version", n.cfg.Clients.Version)
	m.text("server_state", n.serverState())
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
	return m.all
}

// serverState is the mode, or that there is none.
func (n *Node) serverState() string {
	if n.role == RoleLooking {
		return "leaderelection"
	}
	return n.mode()
}

// peerState is the state that a member of an ensemble is in.
func (n *Node) peerState() string {
	state := "following"
	switch {
	case n.role == RoleLooking:
		return "looking"
	case n.leader != nil:
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
