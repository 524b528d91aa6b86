package engine

import (
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/fault/netem"
)

// What the classes of a swarm draw.

func one(s fault.Statement) []fault.Statement { return []fault.Statement{s} }

// down ends processes: mostly one, or the leader, now and then all.
func (d *drawer) down(a fault.Action) []fault.Statement {
	s := fault.Statement{Action: a, Nodes: d.pick(fault.NodeOne, fault.NodeOne, fault.NodeLeader, fault.NodeLeader,
		fault.NodeMinority, fault.NodeMajority, fault.NodeAll)}
	if a == fault.ActionCrash {
		s.Power = d.power()
	}
	return one(d.until(s))
}

// crashAt lets a server lose power at a step that matters; it comes back later.
func (d *drawer) crashAt() []fault.Statement {
	name := d.server()
	on := fault.Event{Node: name, Before: d.Chance(1, 2)}
	if d.Chance(1, 2) {
		messages := [...]proto.PacketType{proto.PktNewLeader, proto.PktFollowerInfo, proto.PktUpToDate, proto.PktDiff,
			proto.PktTrunc, proto.PktSnap, proto.PktLeaderInfo, proto.PktAckEpoch, proto.PktAck, proto.PktProposal, proto.PktCommit}
		m := messages[d.Below(int64(len(messages)))]
		on.Kind, on.Message, on.N = fault.EventMessage, fault.Message(m), d.Between(1, 3)
	} else {
		ops := [...]fault.DiskOp{fault.OpFsync, fault.OpFsync, fault.OpWrite, fault.OpRename, fault.OpCreate}
		on.Kind, on.Disk = fault.EventDisk, ops[d.Below(int64(len(ops)))]
		on.Class = fault.FileClass(d.Between(int64(fault.FilesTxnLog), int64(fault.FilesEpoch)))
		on.N = d.Between(1, 4)
		if on.Class == fault.FilesTxnLog {
			on.N = d.Between(1, 2000)
		}
	}
	return []fault.Statement{
		{When: fault.WhenOn, On: on, Action: fault.ActionCrash, Nodes: []string{name}, Power: d.power()},
		{At: d.at + d.lasting(), Action: fault.ActionStart, Nodes: []string{name}},
	}
}

func (d *drawer) partition() []fault.Statement {
	shapes := []fault.Shape{fault.ShapeOne, fault.ShapeMajority, fault.ShapePrimaries}
	if n := len(d.c.servers); n >= 3 {
		shapes = append(shapes, fault.ShapeMajoritiesRing, fault.ShapeBridge)
		if n >= 4 {
			shapes = append(shapes, fault.ShapeMinorityThird)
		}
	}
	return one(d.until(fault.Statement{Action: fault.ActionPartition, Shape: shapes[d.Below(int64(len(shapes)))]}))
}

// net disturbs the way between servers, in one direction or both.
func (d *drawer) net(n fault.Net) []fault.Statement { return one(d.until(d.between(n))) }

func (d *drawer) between(n fault.Net) fault.Statement {
	return fault.Statement{Action: fault.ActionNet, Net: n, Nodes: d.nodes(),
		Peers: d.pick(fault.NodeOne, fault.NodeOne, fault.NodeMinority, fault.NodeMajority, fault.NodeFollowers, fault.NodeAll)}
}

// halfOpen cuts a server off so that its peers do not hear that it is gone: it
// crashes or is killed behind the cut, and what it would answer later is lost.
func (d *drawer) halfOpen() []fault.Statement {
	name := []string{d.server()}
	cut := d.until(fault.Statement{Action: fault.ActionNet, Nodes: name, Peers: []string{fault.NodeAll},
		Net: fault.Net{Kind: fault.NetBlackhole, Both: true}})
	if d.Chance(1, 3) {
		return one(cut)
	}
	noReset := cut
	noReset.Net.Kind, noReset.For = fault.NetNoReset, cut.For+d.lasting()
	gone := fault.Statement{At: d.at + min(cut.For, d.span(0, time.Second)), For: d.lasting(), Action: fault.ActionCrash, Nodes: name}
	if d.Chance(1, 2) {
		gone.Action = fault.ActionKill
	}
	return []fault.Statement{cut, noReset, gone}
}

func (d *drawer) slow() []fault.Statement {
	delay := time.Duration(d.Between(1, 100)) * 10 * time.Millisecond
	return d.net(fault.Net{Kind: fault.NetNetem, Both: d.Chance(1, 2),
		Netem: netem.Netem{Delay: delay, Jitter: delay * time.Duration(d.Between(0, 4)) / 4}})
}

func (d *drawer) lossy() []fault.Statement {
	percent := uint64(d.Between(1, 60))
	n := netem.Netem{Loss: netem.Chance((percent*uint64(netem.Certain) + 50) / 100)}
	if d.Chance(1, 2) {
		n.Delay = time.Duration(d.Between(1, 50)) * 10 * time.Millisecond
	}
	return d.net(fault.Net{Kind: fault.NetNetem, Both: d.Chance(1, 2), Netem: n})
}

func (d *drawer) clogged() []fault.Statement {
	if d.Chance(1, 3) {
		return one(fault.Statement{At: d.at, Action: fault.ActionSwizzle, Nodes: d.pick(fault.NodeAll, fault.NodeMajority, fault.NodeFollowers),
			Span: d.lasting()})
	}
	return d.net(fault.Net{Kind: fault.NetClog, Both: d.Chance(1, 2)})
}

func (d *drawer) flapping() []fault.Statement {
	return one(d.until(fault.Statement{Action: fault.ActionFlap, Nodes: d.nodes(),
		Down: d.span(swarmGrain, 3*time.Second), Up: d.span(swarmGrain, 5*time.Second)}))
}

func (d *drawer) resets() []fault.Statement {
	s := d.between(fault.Net{Kind: fault.NetReset, Both: d.Chance(1, 2)})
	s.At = d.at
	return one(s)
}

func (d *drawer) smallBuffers() []fault.Statement {
	return d.net(fault.Net{Kind: fault.NetSndBuf, Size: d.Between(1, 64) * 64, Both: d.Chance(1, 2)})
}

func (d *drawer) fewConns() []fault.Statement {
	return one(d.until(fault.Statement{Action: fault.ActionMaxConn, Nodes: d.nodes(), Limit: d.Between(1, 4)}))
}

// disk gives a fault of disks, of one class of files or all.
func (d *drawer) disk(what fault.Disk) []fault.Statement {
	if d.Chance(1, 2) {
		what.Class = fault.FileClass(d.Between(int64(fault.FilesTxnLog), int64(fault.FilesEpoch)))
	}
	return one(d.until(fault.Statement{Action: fault.ActionDisk, Nodes: d.nodes(), Disk: what}))
}

func (d *drawer) diskStall() []fault.Statement {
	what := fault.Disk{Kind: fault.DiskHang}
	if d.Chance(2, 3) {
		what.Kind, what.Delay = fault.DiskLatency, time.Duration(d.Between(1, 200))*10*time.Millisecond
		what.Jitter = what.Delay * time.Duration(d.Between(0, 2)) / 2
	}
	if d.Chance(1, 2) {
		what.Ops = what.Ops.With(fault.OpFsync)
	}
	return d.disk(what)
}

func (d *drawer) diskError() []fault.Statement {
	what := fault.Disk{Kind: fault.DiskError, Errno: fault.Errno(d.Between(int64(fault.EIO), int64(fault.EINTR)))}
	if d.Chance(1, 2) {
		what.P = fault.Ratio{Num: 1, Den: d.Between(2, 50)}
	}
	if d.Chance(1, 2) {
		what.N = d.Between(1, 3)
	}
	return d.disk(what)
}

func (d *drawer) stage() fault.Stage {
	return fault.Stage{Kind: fault.StageKind(d.Between(int64(fault.StageElection), int64(fault.StageReceiver)))}
}

func (d *drawer) paused(stage fault.Stage) []fault.Statement {
	return one(d.until(fault.Statement{Action: fault.ActionPause, Nodes: d.nodes(), Stage: stage}))
}

func (d *drawer) clockJump() []fault.Statement {
	by := d.span(swarmGrain, 10*time.Second)
	if d.Chance(1, 3) {
		by *= 60
	}
	clock := fault.Clock{Kind: fault.ClockStrobe, By: by, Period: d.span(swarmGrain, 2*time.Second)}
	if d.Chance(2, 3) {
		clock = fault.Clock{Kind: fault.ClockOffset, By: by}
		if d.Chance(1, 2) {
			clock.Kind = fault.ClockStep
		}
		if d.Chance(1, 2) {
			clock.By = -by
		}
	}
	return one(d.until(fault.Statement{Action: fault.ActionClock, Nodes: d.nodes(), Clock: clock}))
}

// clockDrift has clocks run up to a fifth too fast or too slow.
func (d *drawer) clockDrift() []fault.Statement {
	ppm := d.Between(1, 200) * 1000
	if d.Chance(1, 2) {
		ppm = -ppm
	}
	return one(d.until(fault.Statement{Action: fault.ActionClock, Nodes: d.nodes(),
		Clock: fault.Clock{Kind: fault.ClockDrift, PPM: ppm}}))
}

func (d *drawer) client(what fault.ClientFault) []fault.Statement {
	s := fault.Statement{At: d.at, Action: fault.ActionClient, Nodes: []string{d.clientName()}, Client: what}
	if what == fault.ClientCut {
		s.For = d.lasting()
	}
	return one(s)
}
