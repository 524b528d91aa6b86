package engine

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
)

// The defaults and bounds of a run.
const (
	defaultServers = 5
	defaultClients = 10
	defaultFor     = time.Minute
	defaultProfile = ProfileLAN

	clientsMax = 1000
	forMax     = 1000 * time.Hour
)

// ServersMax bounds an ensemble.
const ServersMax = 9

// The profiles.
const (
	ProfileLAN   = "lan"   // no faults but those asked for
	ProfileSwarm = "swarm" // each seed draws faults of its own, unless Config.Schedule says which
)

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	if c.Servers == 0 {
		c.Servers = defaultServers
	}
	if c.Clients == 0 {
		c.Clients = defaultClients
	}
	if c.For == 0 {
		c.For = defaultFor
	}
	if c.Profile == "" {
		c.Profile = defaultProfile
	}
	return c
}

// check says why a configuration cannot be run, and how to mend it.
func (c Config) check() error {
	switch {
	case c.Servers < 1 || c.Servers > ServersMax:
		return fmt.Errorf("an ensemble of %d servers cannot be run: ask for 1 to %d", c.Servers, ServersMax)
	case c.Clients < NoClients || c.Clients > clientsMax:
		return fmt.Errorf("%d clients cannot be run: ask for at most %d", c.Clients, clientsMax)
	case c.For <= 0:
		return fmt.Errorf("a run cannot last %v: ask for more than nothing, as in 60s", c.For)
	case c.For > forMax:
		return fmt.Errorf("a run cannot last %v: ask for at most %v", c.For, forMax)
	case c.Profile != ProfileLAN && c.Profile != ProfileSwarm:
		return fmt.Errorf("there is no profile %q in this version: ask for lan or swarm", c.Profile)
	}
	for _, t := range c.Skip {
		if err := t.check(c.Clients); err != nil {
			return err
		}
	}
	if err := c.Redraw.Only.check(); err != nil {
		return err
	}
	return c.checkFaults()
}

// checkFaults checks the statements that were asked for.
func (c Config) checkFaults() error {
	for _, list := range [...][]fault.Statement{c.Schedule, c.Faults} {
		for i := range list {
			if err := c.checkFault(&list[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c Config) checkFault(s *fault.Statement) error {
	if err := s.Validate(c.Servers, max(c.Clients, 0)+c.programClients()); err != nil {
		return err
	}
	switch {
	case s.At < 0 || s.For < 0:
		return fmt.Errorf("fault %q has a negative time: let it begin at 0s or later and last longer than nothing", s)
	case s.At >= c.For:
		return fmt.Errorf("fault %q comes at %v, but the run ends at %v: let it come earlier, or run for longer", s, s.At, c.For)
	case tooOften(s):
		return fmt.Errorf("fault %q does something more than once in %v: let it be less often", s, periodMin)
	case s.Net.Kind == fault.NetChecksum:
		return fmt.Errorf("fault %q is not part of this version: segments are never corrupted here", s)
	}
	return nil
}

// periodMin bounds how often a statement may take effect, or change by itself:
// more often is no other fault, and a run with it would hardly ever end.
const periodMin = time.Millisecond

func tooOften(s *fault.Statement) bool {
	return s.When == fault.WhenEvery && s.Every < periodMin ||
		s.Action == fault.ActionFlap && s.Down+s.Up < periodMin ||
		s.Clock.Kind == fault.ClockStrobe && s.Clock.Period < periodMin
}

// serverConfigs are the configurations of the servers.
func serverConfigs(cfg Config, d *drawn) []node.Config {
	members := make([]node.Server, cfg.Servers)
	for i := range members {
		id := proto.ServerID(i + 1)
		members[i] = node.Server{ID: id, QuorumAddr: id.String() + ":2888", ElectionAddr: id.String() + ":3888"}
	}
	configs := make([]node.Config, cfg.Servers)
	for i := range configs {
		configs[i] = node.Config{
			ID: members[i].ID, Servers: members,
			TickTime: d.tick, InitLimit: 10, SyncLimit: syncLimit,
			MinSessionTimeout: 2 * d.tick, MaxSessionTimeout: 20 * d.tick,
			SnapCount: 500, CommitLogCount: 100, PreAllocSize: 64 << 10,
			SessionSecret: []byte("zksim"), Bugs: cfg.Bugs,
			Clients: node.ClientsConfig{Words: []string{"*"}, Port: 2181},
		}
	}
	return configs
}

// syncLimit is how many ticks leader and follower bear each other's silence.
const syncLimit = 5

// sessionTimeout is what clients ask for.
const sessionTimeout = 6 * time.Second
