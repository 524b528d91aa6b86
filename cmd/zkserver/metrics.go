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
