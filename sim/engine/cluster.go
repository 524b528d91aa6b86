package engine

import (
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// cluster is everything of one run: the kernel, the network, the servers zk1 to
// zkN on hosts 0 to N-1, and the clients on the hosts after them.
type cluster struct {
	cfg    Config
	drawn  drawn
	src    rng.Source
	chosen *rng.Control // what steers src
	clock  vtime.Clock
	kernel *kernel
	net    *netsim.Network

	servers   []*server
	ends      endTable
	stations  []*station
	loads     []*load
	programs  []*programClient
	hostNames []string
	newCore   func(node.Config, *store.Recovered) stepper

	counts       Counts
	leaders      uint64 // how many leaders were established
	checks       checks
	replication  replication
	watchdog     watchdog
	history      *linearizability.History
	doubts       []string // what checks could not decide
	faults       faults
	progress     progress
	violation    *proto.Violation
	story        story
	trace        *tracing       // nil: nobody wants to know
	stopped      bool           // at cfg.Until
	inCode       *programClient // whose code is at work
	programsOver bool           // no code of the program runs any more
	redrawn      bool           // at cfg.Redraw
	stepping     *server        // whose core is at work; for panics
	digest       eventHash      // of the event at work
	probe        [1]byte
}

// newCluster builds an ensemble and its clients; nothing has been started.
func newCluster(cfg Config) *cluster {
	c := &cluster{cfg: cfg, chosen: newControl(&cfg), newCore: newCore}
	c.src = rng.New(cfg.Seed).With(c.chosen)
	if cfg.Redraw.Step == 0 {
		c.redraw()
	}
	c.drawn = drawParameters(c.src, cfg.Profile)
	c.kernel = newKernel(&c.clock)
	c.net = netsim.New(&c.clock, c.src, c)
	c.net.SetDefaultLink(c.drawn.link)
	c.history = linearizability.New(expectedCalls(cfg))
	c.addServers()
	c.replication.init(c)
	c.addClients(max(cfg.Clients, 0))
	c.addPrograms()
	if c.kernel.narrator = newNarrator(c); c.kernel.narrator != nil {
		c.cfg.Trace = c.kernel.narrator
	}
	c.trace = newTracing(c)
	c.faults.c, c.faults.links.net, c.progress.c = c, c.net, c
	c.kernel.handlers = [numClasses]handler{
		classNet: c.net, classServer: (*serverEvents)(c), classClient: (*clientEvents)(c),
		classFault: &c.faults, classProgress: &c.progress,
	}
	return c
}

func newCore(cfg node.Config, recovered *store.Recovered) stepper { return node.New(cfg, recovered) }

func (c *cluster) addServers() {
	for _, cfg := range serverConfigs(c.cfg, &c.drawn) {
		s := newServer(c, cfg.ID, c.addHost(cfg.ID.String()))
		s.cfg = cfg
		c.servers = append(c.servers, s)
	}
}

func (c *cluster) addHost(name string) netsim.HostID {
	c.hostNames = append(c.hostNames, name)
	return c.net.AddHost()
}

// hostOf is the host of a server: ids count from 1, hosts from 0.
func (c *cluster) hostOf(id proto.ServerID) netsim.HostID { return netsim.HostID(id - 1) }

// turnDelay draws how long a stage waits for its turn.
func (c *cluster) turnDelay(s *rng.Stream) time.Duration {
	return s.Duration(c.drawn.turnMin, c.drawn.turnMax)
}

// judge makes a finding about a server the verdict of the run.
func (c *cluster) judge(s *server, v *proto.Violation) {
	if v != nil {
		v.Server = s.id
		c.blame(v)
	}
}

// blame keeps the first violation; what comes after it may be a consequence.
func (c *cluster) blame(v *proto.Violation) {
	if c.violation == nil && !c.cfg.ignores(v.Property) {
		v.At = c.clock.Now()
		c.violation = v
	}
}

// violate reports a violation that the driver itself has seen.
func (c *cluster) violate(p proto.Property, id proto.ServerID, place, format string, args ...any) {
	v := found(p, place, format, args...)
	v.Server = id
	c.blame(v)
}

// takeDigest ends the digest of the event at work.
func (c *cluster) takeDigest() uint64 {
	d := c.digest
	c.digest = hashStart
	return uint64(d)
}

// serverEvents and clientEvents are the cluster as handler of those classes.
type (
	serverEvents cluster
	clientEvents cluster
)

// Handle carries out an event of a server.
func (e *serverEvents) Handle(ev vtime.Event) uint64 {
	c := (*cluster)(e)
	c.watch()
	c.servers[ev.Host].handle(ev)
	return c.takeDigest()
}

// Handle carries out an event of a client.
func (e *clientEvents) Handle(ev vtime.Event) uint64 {
	c := (*cluster)(e)
	c.station(netsim.HostID(ev.Host)).handle(ev)
	return c.takeDigest()
}

func (c *cluster) isServer(h netsim.HostID) bool { return int(h) < len(c.servers) }

func (c *cluster) station(h netsim.HostID) *station { return c.stations[int(h)-len(c.servers)] }

// The cluster is the network's listener: it passes everything on to the host.

// Accepted is told by the network. Clients listen nowhere.
func (c *cluster) Accepted(h netsim.HostID, port netsim.Port, end netsim.EndID, peer netsim.HostID) {
	c.servers[h].accepted(end, port, peer)
}

// Connected is told by the network.
func (c *cluster) Connected(h netsim.HostID, end netsim.EndID) {
	if c.isServer(h) {
		c.servers[h].connected(end)
	} else {
		c.station(h).connected(end)
	}
}

// ConnectFailed is told by the network.
func (c *cluster) ConnectFailed(h netsim.HostID, end netsim.EndID) {
	if c.isServer(h) {
		c.servers[h].ended(end, node.EventConnectFailed)
	} else {
		c.station(h).ended(end)
	}
}

// Readable is told by the network.
func (c *cluster) Readable(h netsim.HostID, end netsim.EndID) {
	if c.isServer(h) {
		c.servers[h].arrived(end)
	} else {
		c.station(h).arrived(end)
	}
}

// Writable is told by the network.
func (c *cluster) Writable(h netsim.HostID, end netsim.EndID) {
	if c.isServer(h) {
		c.servers[h].drained(end)
	} else {
		c.station(h).drained(end)
	}
}

// Closed is told by the network.
func (c *cluster) Closed(h netsim.HostID, end netsim.EndID, _ bool) {
	if c.isServer(h) {
		c.servers[h].ended(end, node.EventClosed)
	} else {
		c.station(h).ended(end)
	}
}
