package shrink

import (
	"slices"
	"strconv"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// fewerServers tries ensembles with fewer servers, the smallest first. Those of an
// even number are left alone: they bear no more than with one server less. What
// names a server that is no more names another one.
func (s *search) fewerServers() {
	if s.opts.KeepSize {
		return
	}
	var list []engine.Config
	for n := 1; n < s.best.Servers; n += 2 {
		cfg := s.best
		cfg.Servers = n
		cfg.Schedule = renamed(cfg.Schedule, fault.ServerNumber, "zk", n, &cfg)
		list = append(list, s.anew(cfg)...)
	}
	s.adopt(list)
}

// plainer takes the profile in which nothing is drawn but what statements say.
func (s *search) plainer() {
	if s.opts.KeepSize {
		return
	}
	cfg := s.best
	cfg.Profile = engine.ProfileLAN
	s.adopt(s.anew(cfg))
}

// fewerClients lets clients be idle, which leaves all others as they are, and
// then tries loads of fewer clients.
func (s *search) fewerClients() {
	if s.opts.KeepSize || s.best.Clients < 1 {
		return
	}
	var list []engine.Config
	for _, n := range [...]int{0, 1, 2, 3, 5} {
		if n < s.best.Clients {
			cfg := s.best
			cfg.Clients, cfg.Skip = n, nil
			cfg.Schedule = renamed(cfg.Schedule, fault.ClientNumber, "c", n, &cfg)
			if n == 0 {
				cfg.Clients = engine.NoClients
			}
			list = append(list, s.anew(cfg)...)
		}
	}
	s.adopt(list)
	s.idleClients()
}

// idleClients leaves all tasks of clients out.
func (s *search) idleClients() {
	at := s.atWork()
	drop(len(at), 1, func(from, to int) bool {
		cfg := s.best
		cfg.Skip = slices.Clone(cfg.Skip)
		for _, client := range at[from:to] {
			cfg.Skip = slices.DeleteFunc(cfg.Skip, func(t engine.TaskSpan) bool { return t.Client == client })
			cfg.Skip = append(cfg.Skip, engine.TaskSpan{Client: client, From: 1})
		}
		if s.adopt(same(cfg)) < 0 {
			return false
		}
		at = slices.Delete(at, from, to)
		return true
	}, s.over)
}

// atWork lists the clients that have something to do.
func (s *search) atWork() []int {
	var at []int
	for client := 1; client <= s.best.Clients; client++ {
		idle := slices.ContainsFunc(s.best.Skip, func(t engine.TaskSpan) bool { return t.Client == client && t.All() })
		if !idle {
			at = append(at, client)
		}
	}
	return at
}

// renamed gives a schedule for fewer hosts of a kind, without the statements that
// then make no sense.
func renamed(schedule []fault.Statement, number func(string) int, prefix string, n int, cfg *engine.Config) []fault.Statement {
	var list []fault.Statement
	name := func(old string) string {
		if k := number(old); k > n && n > 0 {
			return prefix + strconv.Itoa((k-1)%n+1)
		}
		return old
	}
	for _, st := range schedule {
		st = withNames(st, name)
		if st.Validate(cfg.Servers, max(0, cfg.Clients)) == nil {
			list = append(list, st)
		}
	}
	return append([]fault.Statement{}, list...)
}

// withNames gives a statement with its names mapped, each list without
// repetitions.
func withNames(st fault.Statement, name func(string) string) fault.Statement {
	st.Nodes, st.Peers = mapped(st.Nodes, name), mapped(st.Peers, name)
	groups := st.Groups
	st.Groups = nil
	for _, g := range groups {
		st.Groups = append(st.Groups, mapped(g, name))
	}
	st.On.Node = name(st.On.Node)
	if st.Stage.Peer != "" {
		st.Stage.Peer = name(st.Stage.Peer)
	}
	return st
}

func mapped(names []string, name func(string) string) []string {
	var out []string
	for _, old := range names {
		if now := name(old); !slices.Contains(out, now) {
			out = append(out, now)
		}
	}
	return out
}
