package main

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
)

// collector tells of one server, in the names of ZooKeeper's metrics where there
// are such: all that mntr tells, and what only the driver knows.
type collector struct{ h *host.Host }

// measured is a metric of what mntr tells: of its key, which is its name too. What
// is a word there is the label of a metric that is 1.
type measured struct {
	key, help string
	kind      prometheus.ValueType
	label     string // "" for a number
	desc      *prometheus.Desc
}

func describe(m measured) measured {
	var labels []string
	if m.label != "" {
		labels = []string{m.label}
	}
	m.desc = prometheus.NewDesc(m.key, m.help, labels, nil)
	return m
}

func level(key, help string) measured {
	return describe(measured{key: key, help: help, kind: prometheus.GaugeValue})
}

func count(key, help string) measured {
	return describe(measured{key: key, help: help, kind: prometheus.CounterValue})
}

func label(key, name, help string) measured {
	return describe(measured{key: key, help: help, kind: prometheus.GaugeValue, label: name})
}

// ofMonitor has every key that mntr can have; a test compares them.
var ofMonitor = []measured{
	label("version", "version", "1 with the version of the server."),
	label("server_state", "state", "1 with what the server is: leader, follower, standalone, or leaderelection."),
	label("peer_state", "state", "1 with the role and the phase of a member of an ensemble."),
	level("znode_count", "Znodes, the root counted twice as mntr does."),
	level("ephemerals_count", "Ephemeral znodes."),
	level("approximate_data_size", "Bytes of all paths and data."),
	level("watch_count", "Watches of this server's clients."),
	level("num_alive_connections", "Connections of clients."),
	level("outstanding_requests", "Requests that were read and are not answered."),
	level("avg_latency", "Mean time of requests, in ms, since srst."),
	level("min_latency", "Shortest time of a request, in ms, since srst."),
	level("max_latency", "Longest time of a request, in ms, since srst."),
	count("packets_received", "Packets of clients, since srst."),
	count("packets_sent", "Packets to clients, since srst."),
	level("global_sessions", "Sessions of the ensemble."),
	level("local_sessions", "Sessions of this server alone."),
	level("uptime", "Time since the process began, in ms."),
	level("quorum_size", "Voters of the ensemble."),
	level("learners", "Connections of learners, on the leader."),
	level("synced_followers", "Followers that are in sync, on the leader."),
	level("synced_non_voting_followers", "Followers without a vote that are in sync, on the leader."),
	level("synced_observers", "Observers that are in sync, on the leader."),
	level("pending_syncs", "Syncs that wait for an answer, on the leader."),
	level("leader_uptime", "Time since the leader leads, in ms."),
	level("last_proposal_size", "Bytes of the last proposal, on the leader; -1 is none."),
	level("min_proposal_size", "Bytes of the smallest proposal, on the leader; -1 is none."),
	level("max_proposal_size", "Bytes of the largest proposal, on the leader; -1 is none."),
	level("open_file_descriptor_count", "Open files of the process."),
	level("max_file_descriptor_count", "Files that the process may have open."),
	level("last_client_response_size", "Bytes of the last response; -1 is none."),
	level("min_client_response_size", "Bytes of the smallest response; -1 is none."),
	level("max_client_response_size", "Bytes of the largest response; -1 is none."),
	count("auth_failed_count", "Authentications of clients that failed."),
	count("proposal_count", "Transactions that this server has proposed."),
	count("throttled_ops", "Requests that were answered THROTTLEDOP."),
	count("stale_requests_dropped", "Requests whose connection had gone before they were looked at."),
	count("large_requests_rejected", "Large requests for which there was no room."),
	count("connection_rejected", "Connections of clients that were refused because of a bound."),
	count("connection_drop_count", "Connections of clients that this server closed."),
	count("cnxn_closed_without_zk_server_running", "Connections that asked for a session while there was no quorum."),
	count("sessionless_connections_expired", "Connections that never asked for a session in time."),
	count("looking_count", "Times that this server began to look for a leader."),
}

// metric describes one of what mntr does not tell.
type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	get  func(host.Stats, nodeFacts) float64
}

func gauge(name, help string, get func(host.Stats, nodeFacts) float64) metric {
	return metric{prometheus.NewDesc(name, help, nil, nil), prometheus.GaugeValue, get}
}

func counter(name, help string, get func(host.Stats, nodeFacts) float64) metric {
	return metric{prometheus.NewDesc(name, help, nil, nil), prometheus.CounterValue, get}
}

// nodeFacts are what the core tells.
type nodeFacts struct {
	monitor         []node.Measure
	leader, serving bool
	epoch, zxid     int64
	counted         node.Counters
}

var metrics = []metric{
	counter("request_latency_count", "Requests that were answered, since srst.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.counted.Requests) }),
	counter("request_latency_sum", "Time that these took, in ms.", func(_ host.Stats, n nodeFacts) float64 { return inMillis(n.counted.LatencySum) }),
	gauge("is_leader", "1 on the leader.", func(_ host.Stats, n nodeFacts) float64 { return flag(n.leader) }),
	gauge("is_serving", "1 while clients are served.", func(_ host.Stats, n nodeFacts) float64 { return flag(n.serving) }),
	gauge("current_epoch", "Epoch whose history this server has.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.epoch) }),
	gauge("last_zxid_counter", "Lower half of the zxid that was applied last.", func(_ host.Stats, n nodeFacts) float64 { return float64(uint32(n.zxid)) }),
	counter("connections_accepted_total", "Connections of clients that were accepted.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.Accepted) }),
	counter("bytes_received_count", "Bytes received on all ports.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.BytesReceived) }),
	counter("bytes_sent_count", "Bytes sent on all ports.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.BytesSent) }),
	counter("fsynctime_count", "Fsyncs of the transaction log.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.LogFsyncs) }),
	counter("fsynctime_sum", "Time of these fsyncs, in ms.", func(s host.Stats, _ nodeFacts) float64 { return inMillis(s.LogFsyncTime) }),
	gauge("fsynctime_max", "Longest of them since the last scrape, in ms.", func(s host.Stats, _ nodeFacts) float64 { return inMillis(s.FsyncTimeMax) }),
	counter("fsync_threshold_exceed_count", "Fsyncs that took longer than fsync.warningthresholdms.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.SlowFsyncs) }),
	counter("core_steps_total", "Events that the core has handled.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.Steps) }),
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Describe is part of prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range ofMonitor {
		ch <- m.desc
	}
	for _, m := range metrics {
		ch <- m.desc
	}
}

// Collect is part of prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	var facts nodeFacts
	c.h.Look(func(n *node.Node) {
		_, epoch := n.Epochs()
		facts = nodeFacts{monitor: n.Monitor(), counted: n.Counters(), leader: n.Role() == node.RoleLeading, serving: n.Serving(),
			epoch: int64(epoch), zxid: int64(n.Tree().LastProcessed())}
	})
	told := map[string]string{}
	for _, m := range facts.monitor {
		told[m.Key] = m.Value
	}
	for _, m := range ofMonitor {
		if value, ok := told[m.key]; ok {
			m.collect(ch, value)
		}
	}
	stats := c.h.Stats()
	for _, m := range metrics {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.get(stats, facts))
	}
}

func (m *measured) collect(ch chan<- prometheus.Metric, value string) {
	if m.label != "" {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, 1, value)
		return
	}
	if number, err := strconv.ParseFloat(value, 64); err == nil {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, number)
	}
}
