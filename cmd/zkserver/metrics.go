package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
)

// metricsSettings say where the Prometheus endpoint is, if anywhere: as with
// ZooKeeper on port 7000 if only the class of the provider is named.
type metricsSettings struct {
	address     string // of the command line; counts before the others
	host, port  string
	asked, none bool
}

const metricsPortDefault = "7000"

func (m *metricsSettings) listenAddress() string {
	switch {
	case m.address != "":
		return m.address
	case m.none || !m.asked && m.port == "":
		return ""
	case m.port == "":
		return net.JoinHostPort(m.host, metricsPortDefault)
	}
	return net.JoinHostPort(m.host, m.port)
}

// profileVariable, when it is set, has the endpoint offer Go's profiles too, for
// those who measure the server.
const profileVariable = "ZKSERVER_PPROF"

// listenMetrics opens the port of the endpoint, nil if none is wanted.
func (s *settings) listenMetrics() (net.Listener, error) {
	addr := s.metrics.listenAddress()
	if addr == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for metrics: %w", addr, err)
	}
	return l, nil
}

// serveMetrics answers scrapes until the server that it returns is closed.
func serveMetrics(l net.Listener, h *host.Host) *http.Server {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{h}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	if os.Getenv(profileVariable) != "" {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }()
	return s
}

// collector tells of one server, in the names of ZooKeeper's metrics where there
// are such.
type collector struct{ h *host.Host }

// metric describes one of them.
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
	znodes, ephemerals, sessions, quorum int
	leader, serving                      bool
	epoch, zxid, dataSize                int64
	counted                              node.Counters
}

var metrics = []metric{
	gauge("znode_count", "Znodes.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.znodes) }),
	gauge("ephemerals_count", "Ephemeral znodes.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.ephemerals) }),
	gauge("approximate_data_size", "Bytes of all paths and data.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.dataSize) }),
	gauge("outstanding_requests", "Requests that were read and are not answered.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.counted.Outstanding) }),
	counter("packets_received", "Packets of clients, since srst.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.counted.PacketsReceived) }),
	counter("packets_sent", "Packets to clients, since srst.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.counted.PacketsSent) }),
	counter("request_latency_count", "Requests that were answered, since srst.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.counted.Requests) }),
	counter("request_latency_sum", "Time that these took, in ms.", func(_ host.Stats, n nodeFacts) float64 { return inMillis(n.counted.LatencySum) }),
	gauge("max_latency", "Longest of them, in ms.", func(_ host.Stats, n nodeFacts) float64 { return inMillis(n.counted.LatencyMax) }),
	counter("connection_drop_count", "Connections of clients that this server closed.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.counted.Dropped) }),
	counter("throttled_ops", "Requests that were answered THROTTLEDOP.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.counted.ThrottledOps) }),
	gauge("global_sessions", "Sessions of the ensemble.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.sessions) }),
	gauge("quorum_size", "Voters of the ensemble.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.quorum) }),
	gauge("is_leader", "1 on the leader.", func(_ host.Stats, n nodeFacts) float64 { return flag(n.leader) }),
	gauge("is_serving", "1 while clients are served.", func(_ host.Stats, n nodeFacts) float64 { return flag(n.serving) }),
	gauge("current_epoch", "Epoch whose history this server has.", func(_ host.Stats, n nodeFacts) float64 { return float64(n.epoch) }),
	gauge("last_zxid_counter", "Lower half of the zxid that was applied last.", func(_ host.Stats, n nodeFacts) float64 { return float64(uint32(n.zxid)) }),
	gauge("num_alive_connections", "Connections of clients.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.Connections) }),
	counter("connections_accepted_total", "Connections of clients that were accepted.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.Accepted) }),
	counter("connection_rejected", "Connections of clients that were refused because of a bound.", func(s host.Stats, _ nodeFacts) float64 { return float64(s.Refused) }),
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
	for _, m := range metrics {
		ch <- m.desc
	}
}

// Collect is part of prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	var facts nodeFacts
	c.h.Look(func(n *node.Node) {
		_, epoch := n.Epochs()
		facts = nodeFacts{znodes: n.Tree().NodeCount(), ephemerals: n.Tree().EphemeralCount(), dataSize: n.Tree().DataSize(),
			sessions: n.Tree().SessionCount(), quorum: c.h.Voters(), counted: n.Counters(),
			leader: n.Role() == node.RoleLeading, serving: n.Serving(), epoch: int64(epoch), zxid: int64(n.Tree().LastProcessed())}
	})
	stats := c.h.Stats()
	for _, m := range metrics {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.get(stats, facts))
	}
}
