// Package faultgen draws fault statements for property tests: any that an
// ensemble can carry out, and whole schedules that do not contradict themselves.
//
// It imports sim/fault with its netem, and rapid; no package but tests imports it.
package faultgen

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/fault/netem"
)

// Generator draws one statement of any kind for so many servers, at least 1, and
// clients, which begins before the horizon, at least 1ms. Each passes Validate.
func Generator(servers, clients int, horizon time.Duration) *rapid.Generator[fault.Statement] {
	e := ensemble{servers, clients, horizon}
	return rapid.Custom(e.statement).Filter(func(s fault.Statement) bool { return s.Validate(servers, clients) == nil })
}

// Schedule draws up to max statements that pass ValidateAll together.
func Schedule(servers, clients int, horizon time.Duration, max int) *rapid.Generator[[]fault.Statement] {
	return rapid.Map(rapid.SliceOfN(Generator(servers, clients, horizon), 0, max), func(drawn []fault.Statement) []fault.Statement {
		kept := []fault.Statement{} // not nil: that would be no schedule at all
		for _, s := range drawn {
			if longer := append(kept, s); fault.ValidateAll(longer, servers, clients) == nil {
				kept = longer
			}
		}
		return kept
	})
}

// ensemble is what statements are drawn for.
type ensemble struct {
	servers, clients int
	horizon          time.Duration
}

func (e ensemble) statement(t *rapid.T) fault.Statement {
	var s fault.Statement
	e.when(t, &s)
	e.action(t, &s)
	if s.When == fault.WhenAt && s.Lasts() && rapid.Bool().Draw(t, "ends") {
		s.For = e.span(t, "for")
	}
	return s
}

// span draws a time of whole milliseconds up to the horizon.
func (e ensemble) span(t *rapid.T, label string) time.Duration {
	return time.Duration(rapid.Int64Range(1, max(1, e.horizon.Milliseconds())).Draw(t, label)) * time.Millisecond
}

// periodsMax is how often a statement that repeats itself does so at most before
// the horizon: what it does stays, and each further effect makes a run slower.
const periodsMax = 60

// period draws a time between one effect of a statement and the next.
func (e ensemble) period(t *rapid.T) time.Duration {
	return max(e.span(t, "every"), (e.horizon / periodsMax).Round(time.Millisecond))
}

func (e ensemble) when(t *rapid.T, s *fault.Statement) {
	s.When = oneOf(t, "when", fault.WhenAt, fault.WhenAt, fault.WhenEvery, fault.WhenOn)
	switch s.When {
	case fault.WhenAt:
		s.At = e.span(t, "at") - time.Millisecond
	case fault.WhenEvery:
		s.Every, s.P = e.period(t), ratio(t)
	case fault.WhenOn:
		s.On = e.event(t)
	}
}

func oneOf[T any](t *rapid.T, label string, of ...T) T { return rapid.SampledFrom(of).Draw(t, label) }

// ratio draws a probability, or none.
func ratio(t *rapid.T) fault.Ratio {
	den := oneOf[int64](t, "den", 0, 100, 1, 2, 20, 1000)
	return fault.Ratio{Num: rapid.Int64Range(0, den).Draw(t, "num"), Den: den}
}

func (e ensemble) event(t *rapid.T) fault.Event {
	ev := fault.Event{N: rapid.Int64Range(0, 20).Draw(t, "n"), Before: rapid.Bool().Draw(t, "before")}
	kinds := []fault.EventKind{fault.EventDisk, fault.EventMessage}
	if e.clients > 0 {
		kinds = append(kinds, fault.EventRequest)
	}
	ev.Kind = oneOf(t, "event", kinds...)
	switch ev.Kind {
	case fault.EventDisk:
		ev.Node, ev.Class, ev.Disk = e.server(t), class(t), diskOp(t)
	case fault.EventMessage:
		ev.Node, ev.Message = e.server(t), oneOf(t, "message", fault.Messages()...)
	case fault.EventRequest:
		ev.Node, ev.Request = e.client(t), oneOf(t, "request", fault.Requests()...)
	}
	return ev
}

func (e ensemble) server(t *rapid.T) string { return oneOf(t, "server", hosts("zk", e.servers)...) }

func (e ensemble) client(t *rapid.T) string { return oneOf(t, "client", hosts("c", e.clients)...) }

func hosts(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i+1)
	}
	return names
}

func class(t *rapid.T) fault.FileClass {
	return fault.FileClass(rapid.IntRange(int(fault.FilesAll), int(fault.FilesConfig)).Draw(t, "class"))
}

func diskOp(t *rapid.T) fault.DiskOp {
	return fault.DiskOp(rapid.IntRange(int(fault.OpOpen), int(fault.OpList)).Draw(t, "op"))
}

// nodes draws a group, or names of servers.
func (e ensemble) nodes(t *rapid.T) []string {
	if rapid.Bool().Draw(t, "by name") {
		return subset(t, hosts("zk", e.servers))
	}
	var words []string
	for _, w := range fault.GroupWords() {
		if fault.GroupSize(w, e.servers) > 0 {
			words = append(words, w)
		}
	}
	return []string{oneOf(t, "group", words...)}
}

// anyNodes draws a group, or names of servers and clients.
func (e ensemble) anyNodes(t *rapid.T) []string {
	if e.clients > 0 && rapid.Bool().Draw(t, "with clients") {
		return subset(t, e.names())
	}
	return e.nodes(t)
}

func (e ensemble) names() []string { return append(hosts("zk", e.servers), hosts("c", e.clients)...) }

// subset draws some of the names, at least one.
func subset(t *rapid.T, names []string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, min(len(names), 4), rapid.ID[string]).Draw(t, "names")
}

func (e ensemble) action(t *rapid.T, s *fault.Statement) {
	actions := []fault.Action{fault.ActionCrash, fault.ActionKill, fault.ActionStart, fault.ActionStop, fault.ActionPause,
		fault.ActionResume, fault.ActionFlap, fault.ActionSwizzle, fault.ActionMaxConn, fault.ActionHeal, fault.ActionClock, fault.ActionDisk}
	if e.servers > 1 {
		actions = append(actions, fault.ActionNet, fault.ActionPartition)
	}
	if e.clients > 0 {
		actions = append(actions, fault.ActionClient)
	}
	s.Action = oneOf(t, "action", actions...)
	switch s.Action {
	case fault.ActionNet:
		s.Nodes, s.Peers, s.Net = e.anyNodes(t), e.anyNodes(t), net(t)
	case fault.ActionFlap:
		s.Nodes, s.Down, s.Up = e.anyNodes(t), e.span(t, "down"), e.span(t, "up")
	case fault.ActionSwizzle:
		s.Nodes, s.Span = e.anyNodes(t), e.span(t, "span")
	case fault.ActionPartition:
		e.partition(t, s)
	case fault.ActionHeal:
	case fault.ActionClient:
		e.clientFault(t, s)
	default:
		s.Nodes = e.nodes(t)
		e.serverFault(t, s)
	}
}

func (e ensemble) serverFault(t *rapid.T, s *fault.Statement) {
	switch s.Action {
	case fault.ActionCrash:
		s.Power = fault.Power(rapid.IntRange(0, int(fault.PowerSubset)).Draw(t, "power"))
	case fault.ActionPause:
		s.Stage = e.stage(t)
	case fault.ActionMaxConn:
		s.Limit = rapid.Int64Range(1, 60).Draw(t, "limit")
	case fault.ActionClock:
		s.Clock = e.clock(t)
	case fault.ActionDisk:
		s.Disk = e.disk(t)
	}
}

func (e ensemble) stage(t *rapid.T) fault.Stage {
	st := fault.Stage{Kind: fault.StageKind(rapid.IntRange(0, int(fault.StageReceiver)).Draw(t, "stage"))}
	if st.Kind >= fault.StageSender && rapid.Bool().Draw(t, "one peer") {
		st.Peer = oneOf(t, "peer", e.names()...)
	}
	return st
}

func net(t *rapid.T) fault.Net {
	n := fault.Net{Kind: fault.NetKind(rapid.IntRange(1, int(fault.NetChecksum)).Draw(t, "net")), Both: rapid.Bool().Draw(t, "both")}
	switch n.Kind {
	case fault.NetNetem:
		n.Netem = impairment(t)
	case fault.NetSndBuf:
		n.Size = rapid.Int64Range(1, netem.SizeMax).Draw(t, "size")
	case fault.NetChecksum:
		n.On = rapid.Bool().Draw(t, "on")
	}
	return n
}

func impairment(t *rapid.T) netem.Netem {
	micros := rapid.Int64Range(0, 5_000_000)
	n := netem.Netem{
		Delay:  time.Duration(micros.Draw(t, "delay")) * time.Microsecond,
		Jitter: min(netem.JitterMax, time.Duration(micros.Draw(t, "jitter"))*time.Microsecond),
	}
	if rapid.Bool().Draw(t, "lossy") {
		n.Loss = netem.Chance(rapid.Uint32().Draw(t, "loss"))
	}
	return n
}

// partition draws a shape that divides the servers, or groups.
func (e ensemble) partition(t *rapid.T, s *fault.Statement) {
	s.Shape = fault.Shape(rapid.IntRange(0, int(fault.ShapePrimaries)).Draw(t, "shape"))
	if s.Shape != fault.ShapeGroups && s.Validate(e.servers, e.clients) == nil {
		return
	}
	s.Shape = fault.ShapeGroups
	names := rapid.Permutation(e.names()).Draw(t, "order")
	names = names[:rapid.IntRange(2, len(names)).Draw(t, "members")]
	first := rapid.IntRange(1, len(names)-1).Draw(t, "first")
	s.Groups = [][]string{names[:first:first], names[first:]}
	if rapid.Bool().Draw(t, "bridge") {
		s.Groups[0] = append(s.Groups[0], names[first])
	}
}

func (e ensemble) clock(t *rapid.T) fault.Clock {
	c := fault.Clock{Kind: fault.ClockKind(rapid.IntRange(1, int(fault.ClockReset)).Draw(t, "clock"))}
	switch c.Kind {
	case fault.ClockOffset, fault.ClockStep:
		c.By = e.span(t, "by")
		if rapid.Bool().Draw(t, "back") {
			c.By = -c.By
		}
	case fault.ClockDrift:
		c.PPM = rapid.Int64Range(-fault.DriftMax, fault.DriftMax).Draw(t, "ppm")
	case fault.ClockStrobe:
		c.By, c.Period = e.span(t, "by"), e.span(t, "period")
	}
	return c
}

func (e ensemble) disk(t *rapid.T) fault.Disk {
	d := fault.Disk{Kind: fault.DiskKind(rapid.IntRange(1, int(fault.DiskClear)).Draw(t, "disk")), Class: class(t)}
	switch d.Kind {
	case fault.DiskClear:
		return d
	case fault.DiskLatency:
		d.Delay = e.span(t, "latency")
		d.Jitter = e.span(t, "jitter") - time.Millisecond
	case fault.DiskError:
		d.Errno = fault.Errno(rapid.IntRange(1, int(fault.EINTR)).Draw(t, "errno"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "ops") {
		d.Ops = d.Ops.With(diskOp(t))
	}
	d.P, d.N = ratio(t), rapid.Int64Range(0, 100).Draw(t, "count")
	d.Path = oneOf(t, "path", "", "log.*", "snapshot.?", "*Epoch", "[a-z]*")
	return d
}

func (e ensemble) clientFault(t *rapid.T, s *fault.Statement) {
	s.Nodes = []string{e.client(t)}
	s.Client = fault.ClientFault(rapid.IntRange(1, int(fault.ClientDropRequest)).Draw(t, "fault"))
	if s.Client == fault.ClientCut && rapid.Bool().Draw(t, "from some") {
		s.Peers = e.nodes(t)
	}
}
