package fault

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault/netem"
)

const (
	ms = time.Millisecond
	s1 = time.Second
)

func names(list ...string) []string { return list }

// at gives a statement that takes effect at 1s.
func at(s Statement) Statement {
	s.At = s1
	return s
}

func TestParse(t *testing.T) {
	leader, one, zk1 := names("leader"), names("one"), names("zk1")
	kill := func(s Statement) Statement {
		s.Action, s.Nodes = ActionKill, zk1
		return s
	}
	net := func(n Net) Statement {
		return at(Statement{Action: ActionNet, Nodes: leader, Peers: one, Net: n})
	}
	disk := func(d Disk) Statement {
		return at(Statement{Action: ActionDisk, Nodes: zk1, Disk: d})
	}
	clock := func(c Clock) Statement {
		return at(Statement{Action: ActionClock, Nodes: zk1, Clock: c})
	}
	loss35 := netem.Netem{Delay: 500 * ms, Jitter: 100 * ms, Loss: 1503238553}
	for line, want := range map[string]Statement{
		// When.
		"at 10s kill zk1":                  kill(Statement{At: 10 * s1}),
		" at\t0s for 1ns  kill zk1 # a #b": kill(Statement{For: 1}),
		"at 0s kill zk1 #":                 kill(Statement{}),
		"from 5s to 1m kill zk1":           kill(Statement{At: 5 * s1, For: 55 * s1}),
		"every .5s kill zk1":               kill(Statement{When: WhenEvery, Every: 500 * ms}),
		"every 1s p=1/3 kill zk1":          kill(Statement{When: WhenEvery, Every: s1, P: Ratio{1, 3}}),
		"every 1s p=0% kill zk1":           kill(Statement{When: WhenEvery, Every: s1, P: Ratio{0, 100}}),
		"every 1s p=5/5 kill zk1":          kill(Statement{When: WhenEvery, Every: s1, P: Ratio{5, 5}}),
		"on zk2:txnlog.fsync#6 before kill zk1": kill(Statement{When: WhenOn, On: Event{Kind: EventDisk, Node: "zk2",
			Class: FilesTxnLog, Disk: OpFsync, N: 6, Before: true}}),
		"on c1.create#1 kill zk1":               kill(Statement{When: WhenOn, On: Event{Kind: EventRequest, Node: "c1", Request: proto.OpCreate, N: 1}}),
		"on zk3.NEWLEADER after kill zk1":       kill(Statement{When: WhenOn, On: Event{Kind: EventMessage, Node: "zk3", Message: Message(proto.PktNewLeader)}}),
		"on zk3.NOTIFICATION kill zk1":          kill(Statement{When: WhenOn, On: Event{Kind: EventMessage, Node: "zk3"}}),
		"on zk3:all.create kill zk1":            kill(Statement{When: WhenOn, On: Event{Kind: EventDisk, Node: "zk3", Disk: OpCreate}}),
		"on zk3:config.list#2 before kill zk1":  kill(Statement{When: WhenOn, On: Event{Kind: EventDisk, Node: "zk3", Class: FilesConfig, Disk: OpList, N: 2, Before: true}}),
		"on c10.createSession before kill zk1":  kill(Statement{When: WhenOn, On: Event{Kind: EventRequest, Node: "c10", Request: proto.OpCreateSession, Before: true}}),
		"on zk1:snapshot.rename after kill zk1": kill(Statement{When: WhenOn, On: Event{Kind: EventDisk, Node: "zk1", Class: FilesSnapshot, Disk: OpRename}}),

		// Processes.
		"at 1s crash one":                 at(Statement{Action: ActionCrash, Nodes: one}),
		"at 1s crash zk1,zk3 keep-all":    at(Statement{Action: ActionCrash, Nodes: names("zk1", "zk3"), Power: PowerKeepAll}),
		"at 1s crash leader subset":       at(Statement{Action: ActionCrash, Nodes: leader, Power: PowerSubset}),
		"at 1s crash all lose-unsynced":   at(Statement{Action: ActionCrash, Nodes: names("all"), Power: PowerLoseUnsynced}),
		"at 1s kill minority-third":       at(Statement{Action: ActionKill, Nodes: names("minority-third")}),
		"at 1s start zk1":                 at(Statement{Action: ActionStart, Nodes: zk1}),
		"at 1s stop followers":            at(Statement{Action: ActionStop, Nodes: names("followers")}),
		"at 1s pause primaries":           at(Statement{Action: ActionPause, Nodes: names("primaries")}),
		"at 1s pause leader:log":          at(Statement{Action: ActionPause, Nodes: leader, Stage: Stage{Kind: StageLog}}),
		"at 1s pause zk1:sender":          at(Statement{Action: ActionPause, Nodes: zk1, Stage: Stage{Kind: StageSender}}),
		"at 1s pause zk1:sender/zk2":      at(Statement{Action: ActionPause, Nodes: zk1, Stage: Stage{StageSender, "zk2"}}),
		"at 1s pause zk1,zk3:receiver/c2": at(Statement{Action: ActionPause, Nodes: names("zk1", "zk3"), Stage: Stage{StageReceiver, "c2"}}),
		"at 1s resume majority":           at(Statement{Action: ActionResume, Nodes: names("majority")}),

		// The network.
		"at 1s net leader -> one netem delay 500ms 100ms loss 35%":                            net(Net{Kind: NetNetem, Netem: loss35}),
		"at 1s net leader <-> one netem":                                                      net(Net{Kind: NetNetem, Both: true}),
		"at 1s net leader -> one tc qdisc add dev eth0 root netem delay 500ms 100ms loss 35%": net(Net{Kind: NetNetem, Netem: loss35}),
		"at 1s net leader -> one netem sudo tc qdisc change root netem delay 2":               net(Net{Kind: NetNetem, Netem: netem.Netem{Delay: 2000}}),
		"at 1s net leader -> one sudo tc qdisc del dev eth0 root":                             net(Net{Kind: NetClear}),
		"at 1s net leader -> one blackhole":                                                   net(Net{Kind: NetBlackhole}),
		"at 1s net leader -> one refuse":                                                      net(Net{Kind: NetRefuse}),
		"at 1s net leader -> one reset":                                                       net(Net{Kind: NetReset}),
		"at 1s net leader -> one noreset":                                                     net(Net{Kind: NetNoReset}),
		"at 1s net leader <-> one clog":                                                       net(Net{Kind: NetClog, Both: true}),
		"at 1s net leader -> one clear":                                                       net(Net{Kind: NetClear}),
		"at 1s net leader -> one sndbuf 64k":                                                  net(Net{Kind: NetSndBuf, Size: 65536}),
		"at 1s net leader -> one checksum off":                                                net(Net{Kind: NetChecksum}),
		"at 1s net leader -> one checksum on":                                                 net(Net{Kind: NetChecksum, On: true}),
		"at 1s net c1,zk1 -> zk2,c3 blackhole":                                                at(Statement{Action: ActionNet, Nodes: names("c1", "zk1"), Peers: names("zk2", "c3"), Net: Net{Kind: NetBlackhole}}),
		"at 1s flap zk1,c1 2s 300ms":                                                          at(Statement{Action: ActionFlap, Nodes: names("zk1", "c1"), Down: 2 * s1, Up: 300 * ms}),
		"at 1s swizzle all 10s":                                                               at(Statement{Action: ActionSwizzle, Nodes: names("all"), Span: 10 * s1}),
		"at 1s partition {zk1} | {zk2 zk3}":                                                   at(Statement{Action: ActionPartition, Groups: [][]string{{"zk1"}, {"zk2", "zk3"}}}),
		"at 1s partition {zk1,c1}|{ zk2  zk3 }| {c2}":                                         at(Statement{Action: ActionPartition, Groups: [][]string{{"zk1", "c1"}, {"zk2", "zk3"}, {"c2"}}}),
		"at 1s partition one":                                                                 at(Statement{Action: ActionPartition, Shape: ShapeOne}),
		"at 1s partition majority":                                                            at(Statement{Action: ActionPartition, Shape: ShapeMajority}),
		"at 1s partition minority-third":                                                      at(Statement{Action: ActionPartition, Shape: ShapeMinorityThird}),
		"at 1s partition majorities-ring":                                                     at(Statement{Action: ActionPartition, Shape: ShapeMajoritiesRing}),
		"at 1s partition bridge":                                                              at(Statement{Action: ActionPartition, Shape: ShapeBridge}),
		"at 1s partition primaries":                                                           at(Statement{Action: ActionPartition, Shape: ShapePrimaries}),
		"at 1s maxconn minority 3":                                                            at(Statement{Action: ActionMaxConn, Nodes: names("minority"), Limit: 3}),
		"at 1s heal":                                                                          at(Statement{Action: ActionHeal}),

		// Clocks.
		"at 1s clock zk1 offset +3s":                       clock(Clock{Kind: ClockOffset, By: 3 * s1}),
		"at 1s clock zk1 offset 3s":                        clock(Clock{Kind: ClockOffset, By: 3 * s1}),
		"at 1s clock zk1 step -250ms":                      clock(Clock{Kind: ClockStep, By: -250 * ms}),
		"at 1s clock zk1 drift -200 ppm":                   clock(Clock{Kind: ClockDrift, PPM: -200}),
		"at 1s clock zk1 drift +1000000 ppm":               clock(Clock{Kind: ClockDrift, PPM: DriftMax}),
		"at 1s clock zk1 strobe 200ms 20ms":                clock(Clock{Kind: ClockStrobe, By: 200 * ms, Period: 20 * ms}),
		"at 1s clock zk1 reset":                            clock(Clock{Kind: ClockReset}),
		"at 1s clock zk1 offset -2562047h47m16.854775808s": clock(Clock{Kind: ClockOffset, By: -1 << 63}),

		// Disks.
		"at 1s disk zk1 latency 20ms":                                     disk(Disk{Kind: DiskLatency, Delay: 20 * ms}),
		"at 1s disk zk1:txnlog latency 1e1MS .5ms":                        disk(Disk{Kind: DiskLatency, Class: FilesTxnLog, Delay: 10 * ms, Jitter: ms / 2}),
		"at 1s disk zk1 latency 1m30s p=1/2":                              disk(Disk{Kind: DiskLatency, Delay: 90 * s1, P: Ratio{1, 2}}),
		"at 1s disk zk1:all hang":                                         disk(Disk{Kind: DiskHang}),
		"at 1s disk zk1:epoch hang path=accepted* n=3 ops=fsync,write":    disk(Disk{Kind: DiskHang, Class: FilesEpoch, Path: "accepted*", N: 3, Ops: DiskOps(0).With(OpFsync).With(OpWrite)}),
		"at 1s disk zk1:snapshot error ENOSPC ops=write p=35%":            disk(Disk{Kind: DiskError, Class: FilesSnapshot, Errno: ENOSPC, Ops: DiskOps(0).With(OpWrite), P: Ratio{35, 100}}),
		"at 1s disk zk1:config error EIO":                                 disk(Disk{Kind: DiskError, Class: FilesConfig, Errno: EIO}),
		"at 1s disk zk1 error EROFS ops=open,create,read,rename,truncate": disk(Disk{Kind: DiskError, Errno: EROFS, Ops: DiskOps(0).With(OpOpen).With(OpCreate).With(OpRead).With(OpRename).With(OpTruncate)}),
		"at 1s disk zk1 error EDQUOT n=1":                                 disk(Disk{Kind: DiskError, Errno: EDQUOT, N: 1}),
		"at 1s disk zk1 error EMFILE ops=list":                            disk(Disk{Kind: DiskError, Errno: EMFILE, Ops: DiskOps(0).With(OpList)}),
		"at 1s disk zk1 error EINTR ops=remove path=log.[0-9]#":           disk(Disk{Kind: DiskError, Errno: EINTR, Ops: DiskOps(0).With(OpRemove), Path: "log.[0-9]#"}),
		"at 1s disk zk1:txnlog clear":                                     disk(Disk{Kind: DiskClear, Class: FilesTxnLog}),

		// Clients.
		"at 1s client c1 expire":          at(Statement{Action: ActionClient, Nodes: names("c1"), Client: ClientExpire}),
		"at 1s client c1 cut":             at(Statement{Action: ActionClient, Nodes: names("c1"), Client: ClientCut}),
		"at 1s client c1 cut zk1,zk2":     at(Statement{Action: ActionClient, Nodes: names("c1"), Peers: names("zk1", "zk2"), Client: ClientCut}),
		"at 1s client c1 cut leader":      at(Statement{Action: ActionClient, Nodes: names("c1"), Peers: leader, Client: ClientCut}),
		"at 1s client c1 drop-reply":      at(Statement{Action: ActionClient, Nodes: names("c1"), Client: ClientDropReply}),
		"at 1s client c123 drop-request ": at(Statement{Action: ActionClient, Nodes: names("c123"), Client: ClientDropRequest}),
	} {
		got, err := Parse(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
		again, err := Parse(got.String())
		require.NoError(t, err, got.String())
		assert.Equal(t, want, again, line)
		assert.True(t, again.Equal(got), line)
	}
}
