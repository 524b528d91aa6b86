package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// scene is three servers with disks, of which a test tells what happens to them.
type scene struct {
	teller
	writers [3]*store.LogWriter
}

func newScene() *scene {
	s := &scene{teller: newTeller()}
	for i := range s.writers {
		s.writers[i] = store.NewLogWriter(1 << 10)
		s.do(i+1, store.Op{Kind: store.OpRecover, Keep: 10})
	}
	return s
}

// do carries out operations on a server's disk, one after the other.
func (s *scene) do(server int, ops ...store.Op) {
	sv := s.servers[server-1]
	for i := range ops {
		r, err := store.Do(sv.disk, ops[i])
		if err != nil {
			panic(err)
		}
		s.judge(sv, s.replication.done(sv, &ops[i], r))
	}
}

func record(at proto.Zxid) store.Record {
	return store.NewRecord(&proto.Txn{TxnHeader: proto.TxnHeader{Zxid: at, Type: proto.OpError}, Err: proto.NoNode})
}

// write plans a write of the log without its fsync.
func (s *scene) write(server int, at proto.Zxid) {
	s.do(server, s.writers[server-1].Append(nil, []store.Record{record(at)})...)
}

func (s *scene) sync(server int) { s.do(server, s.writers[server-1].Fsync(nil)...) }

// log makes transactions durable.
func (s *scene) log(server int, at ...proto.Zxid) {
	for _, z := range at {
		s.write(server, z)
		s.sync(server)
	}
}

func (s *scene) accept(server int, e proto.Epoch) {
	s.do(server, store.EpochOps(nil, store.AcceptedEpochFile, e)...)
}

func (s *scene) adopt(server int, e proto.Epoch) {
	s.do(server, store.EpochOps(nil, store.CurrentEpochFile, e)...)
}

func (s *scene) ack(server int, at proto.Zxid) {
	s.tell(server, node.Note{Kind: node.NoteAckSent, Zxid: at})
}

func (s *scene) role(server int, r node.Role, leader proto.ServerID) {
	s.tell(server, node.Note{Kind: node.NoteRole, Role: r, Peer: leader})
}

func (s *scene) serve(server int) { s.tell(server, node.Note{Kind: node.NoteServing}) }

// commits tells of a commit as it is, without vouching for it.
func (s *scene) commits(server int, at proto.Zxid) {
	s.tell(server, node.Note{Kind: node.NoteCommitted, Zxid: at})
}

func (s *scene) applies(server int, at proto.Zxid) { s.apply(server, at, string(record(at).Payload())) }

func (s *scene) proposes(server int, at proto.Zxid) {
	s.propose(server, at, string(record(at).Payload()))
}

// reign has a leader begin an epoch that all servers promise and nobody else
// follows yet.
func (s *scene) reign(leader int, e proto.Epoch) {
	for i := range s.servers {
		s.accept(i+1, e)
		s.role(i+1, node.RoleFollowing, proto.ServerID(leader))
	}
	s.role(leader, node.RoleLeading, proto.ServerID(leader))
	s.adopt(leader, e)
}

// follow has a follower take over an epoch.
func (s *scene) follow(server int, e proto.Epoch) {
	s.adopt(server, e)
	s.ack(server, z(e, 0))
}

func (s *scene) establish(leader int, e proto.Epoch) {
	s.tell(leader, node.Note{Kind: node.NoteEstablished, Epoch: e, Zxid: s.replication.ghosts[leader-1].cached.tip()})
	s.serve(leader)
}

// fine is two transactions of the first epoch: the first is on all disks and
// applied by all, the second is on one disk and not committed. Server 1 leads.
func (s *scene) fine() {
	s.reign(1, 1)
	s.follow(2, 1)
	s.establish(1, 1)
	s.serve(2)
	s.follow(3, 1)
	s.serve(3)
	s.proposes(1, z(1, 1))
	s.log(2, z(1, 1))
	s.ack(2, z(1, 1))
	s.log(1, z(1, 1))
	s.commits(1, z(1, 1))
	s.applies(1, z(1, 1))
	s.applies(2, z(1, 1))
	s.log(3, z(1, 1))
	s.ack(3, z(1, 1))
	s.applies(3, z(1, 1))
	s.proposes(1, z(1, 2))
	s.log(1, z(1, 2))
}

// beginSnapshot leaves a snapshot unfinished.
func (s *scene) beginSnapshot(server int) {
	s.do(server, store.Op{Kind: store.OpCreate, Class: store.ClassSnapshot, Name: "snapshot.7.tmp"})
}

func (s *scene) vote(server int, e proto.Epoch, at proto.Zxid) {
	s.tell(server, node.Note{Kind: node.NoteVote, Epoch: e, Zxid: at})
}

func (s *scene) cut(server int, at proto.Zxid) {
	s.writers[server-1].Roll()
	s.do(server, store.Op{Kind: store.OpCutLog, Off: int64(at), Keep: 10})
}

// snap gives a server the snapshot that its leader sent.
func (s *scene) snap(server int, at proto.Zxid) {
	s.tell(server, node.Note{Kind: node.NoteLoaded, Zxid: at, Digest: s.checks.ledger.entry(at).tree})
	name := store.SnapshotName(at)
	s.do(server, store.Op{Kind: store.OpCreate, Class: store.ClassSnapshot, Name: name + ".tmp"},
		store.Op{Kind: store.OpRename, Class: store.ClassSnapshot, Name: name + ".tmp", To: name},
		store.Op{Kind: store.OpSyncDir, Class: store.ClassSnapshot})
	s.writers[server-1].Roll()
}

func TestReplicationAcceptsHonestServers(t *testing.T) {
	s := newScene()
	s.fine()
	for i := 1; i <= 3; i++ { // server 1 loses what it alone has
		s.vote(i, 1, s.replication.ghosts[i-1].cached.tip())
	}
	s.reign(2, 2)
	s.follow(3, 2)
	s.establish(2, 2)
	s.tell(2, node.Note{Kind: node.NoteLoaded, Zxid: z(1, 1), Digest: s.checks.ledger.entry(z(1, 1)).tree})
	s.cut(1, z(1, 1))
	s.proposes(2, z(2, 1))
	s.log(2, z(2, 1))
	s.beginSnapshot(3)
	s.log(3, z(2, 1))
	s.commits(2, z(2, 1))
	s.snap(1, z(2, 1))
	s.follow(1, 2)
	s.log(1, z(2, 2))
	require.Nil(t, s.violation)
	assert.Equal(t, chain{z(1, 1), z(2, 2)}, s.replication.ghosts[0].durable)
	assert.Equal(t, chain{z(1, 1), z(2, 1)}, s.replication.committed)
}

func TestReplicationFindsEachDefect(t *testing.T) {
	for name, defect := range map[string]struct {
		property proto.Property
		place    string
		happens  func(s *scene)
	}{
		"a commit that one disk has": {proto.DurableQuorum, "commit", func(s *scene) { s.commits(1, z(1, 2)) }},
		"a commit before the second fsync": {proto.DurableQuorum, "commit", func(s *scene) {
			s.write(2, z(1, 2))
			s.commits(1, z(1, 2))
		}},
		"a follower applies what one disk has": {proto.DurableQuorum, "applied", func(s *scene) { s.applies(2, z(1, 2)) }},
		"a leader serves what one disk has": {proto.DurableQuorum, "leader", func(s *scene) {
			s.reign(1, 2)
			s.establish(1, 2)
		}},
		"a follower serves what one disk has": {proto.DurableQuorum, "serving", func(s *scene) {
			s.role(2, node.RoleFollowing, 1)
			s.applies(2, z(1, 2))
			s.serve(2)
		}},
		"an ACK before the write": {proto.AckOrder, "proposal", func(s *scene) { s.ack(2, z(1, 2)) }},
		"an ACK before the fsync": {proto.AckOrder, "proposal", func(s *scene) {
			s.write(2, z(1, 2))
			s.ack(2, z(1, 2))
		}},
		"an ACK before the name is durable": {proto.AckOrder, "proposal", func(s *scene) {
			s.writers[1].Roll()
			s.write(2, z(1, 2))
			s.do(2, store.Op{Kind: store.OpFsync, Name: store.LogName(z(1, 2))})
			s.ack(2, z(1, 2))
		}},
		"an ACK of NEWLEADER before currentEpoch": {proto.AckOrder, "newleader", func(s *scene) {
			s.reign(1, 2)
			s.log(2, z(1, 2))
			s.ack(2, z(2, 0))
		}},
		"an ACK of NEWLEADER before currentEpoch is durable": {proto.AckOrder, "newleader", func(s *scene) {
			s.reign(1, 2)
			s.log(2, z(1, 2))
			ops := store.EpochOps(nil, store.CurrentEpochFile, 2)
			s.do(2, ops[:len(ops)-1]...)
			s.ack(2, z(2, 0))
		}},
		"currentEpoch before the history": {proto.AckOrder, "currentEpoch", func(s *scene) {
			s.reign(1, 2)
			s.adopt(2, 2)
		}},
		"currentEpoch before the fsync": {proto.AckOrder, "currentEpoch", func(s *scene) {
			s.reign(1, 2)
			s.write(2, z(1, 2))
			s.adopt(2, 2)
		}},
		"an epoch that nobody has begun": {proto.AckOrder, "currentEpoch", func(s *scene) {
			s.accept(2, 3)
			s.adopt(2, 3)
		}},
		"a history that goes on elsewhere": {proto.PrefixConsistency, "currentEpoch", func(s *scene) {
			s.reign(2, 2)
			s.log(2, z(2, 1))
			s.log(1, z(2, 1)) // behind its 1.2
			s.adopt(1, 2)
		}},
		"a leader adopts what another did": {proto.Leadership, "currentEpoch", func(s *scene) {
			s.reign(2, 2)
			s.role(3, node.RoleLeading, 3)
			s.adopt(3, 2)
		}},
		"a leader without what is committed": {proto.LeaderCompleteness, "currentEpoch", func(s *scene) {
			s.log(2, z(1, 2))
			s.commits(1, z(1, 2))
			s.reign(3, 2)
		}},
		"a proposal of another's epoch": {proto.Leadership, "propose", func(s *scene) { s.proposes(2, z(1, 2)) }},
		"a proposal made twice":         {proto.LocalPrimaryOrder, "propose", func(s *scene) { s.proposes(1, z(1, 2)) }},
		"a gap between proposals":       {proto.LocalPrimaryOrder, "propose", func(s *scene) { s.proposes(1, z(1, 4)) }},
		"a proposal on an earlier tree": {proto.PrimaryIntegrity, "propose", func(s *scene) { s.reign(1, 2); s.proposes(1, z(2, 1)) }},
		"applied and not proposed": {proto.Integrity, "applied", func(s *scene) {
			s.log(2, z(1, 2))
			s.checks.ledger.entry(z(1, 2)).proposedBy = 0
			s.tell(2, node.Note{Kind: node.NoteApplied, Zxid: z(1, 2)})
		}},
		"a ghost is applied in an epoch": {proto.PrimaryIntegrity, "applied", func(s *scene) {
			s.reign(2, 2)
			s.log(3, z(1, 2))
			s.replication.ghost(s.servers[2]).current.cached = 2
			s.servers[2].seen.serving = false
			s.applies(3, z(1, 2))
		}},
		"a gap in a log": {proto.LogShape, "log", func(s *scene) {
			s.writers[2].Roll()
			s.write(3, z(1, 3))
		}},
		"a log that goes back": {proto.LogShape, "log", func(s *scene) {
			s.writers[2].Roll()
			s.write(3, z(1, 1))
		}},
		"a hole between records": {proto.LogShape, "log", func(s *scene) {
			s.do(3, store.Op{Kind: store.OpWrite, Name: store.LogName(z(1, 1)), Off: 999, Data: record(z(1, 2)).Bytes})
		}},
		"a vote with too high a zxid":  {proto.VoteHonesty, "election", func(s *scene) { s.vote(2, 1, z(1, 2)) }},
		"a vote with too low a zxid":   {proto.VoteHonesty, "election", func(s *scene) { s.vote(1, 1, z(1, 1)) }},
		"a vote with another epoch":    {proto.VoteHonesty, "election", func(s *scene) { s.vote(1, 2, z(1, 2)) }},
		"acceptedEpoch decreases":      {proto.EpochMonotonic, "acceptedEpoch", func(s *scene) { s.accept(1, 0) }},
		"currentEpoch decreases":       {proto.EpochMonotonic, "currentEpoch", func(s *scene) { s.adopt(1, 0) }},
		"currentEpoch passes accepted": {proto.EpochMonotonic, "currentEpoch", func(s *scene) { s.adopt(1, 2) }},
		"TRUNC of what is committed":   {proto.Durability, "disk", func(s *scene) { s.cut(2, 0) }},
		"SNAP over what is committed": {proto.Durability, "disk", func(s *scene) {
			s.reign(2, 2)
			s.replication.ghosts[1].cached = chain{}
			s.snap(3, z(2, 1))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.fine()
			require.Nil(t, s.violation)
			defect.happens(s)
			require.NotNil(t, s.violation)
			assert.Equal(t, defect.property, s.violation.Property, "%v", s.violation)
			assert.Equal(t, defect.place, s.violation.Place)
			assert.NotEmpty(t, s.violation.Detail)
		})
	}
}

func TestIntegrityComparesTransactions(t *testing.T) {
	s := newScene()
	s.fine()
	s.log(2, z(1, 2))
	s.apply(2, z(1, 2), "something else")
	require.NotNil(t, s.violation)
	assert.Equal(t, proto.Integrity, s.violation.Property)
}

// A copy of a disk must give back what the ghost knows of it; each way in which
// the two can differ is found.
func TestReloadFindsEachDefect(t *testing.T) {
	for name, spoil := range map[string]func(s *scene, g *ghost){
		"nothing": nil,
		"a damaged log": func(s *scene, _ *ghost) { // a valid record follows
			d := s.servers[0].disk
			require.NoError(t, d.WriteAt(store.LogName(z(1, 1)), 40, []byte{1, 2, 3}))
			require.NoError(t, d.Sync(store.LogName(z(1, 1))))
		},
		"an unwritten transaction": func(_ *scene, g *ghost) {
			g.cached, g.synced, g.durable = g.cached.with(z(1, 3)), g.synced.with(z(1, 3)), g.durable.with(z(1, 3))
		},
		"one too many": func(_ *scene, g *ghost) {
			g.cached, g.synced, g.durable = chain{z(1, 1)}, chain{z(1, 1)}, chain{z(1, 1)}
		},
		"an accepted epoch": func(_ *scene, g *ghost) { g.accepted = epochGhost{2, 2, 2} },
		"a current epoch":   func(_ *scene, g *ghost) { g.current = epochGhost{2, 2, 2} },
		"another tree": func(s *scene, _ *ghost) {
			e := s.checks.ledger.entry(z(1, 2))
			e.treeBy, e.tree = 1, 4711
		},
		"a session": func(s *scene, _ *ghost) {
			s.replication.sessions = append(s.replication.sessions, sessionTxn{z(1, 1), 7, true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.fine()
			*s.checks.ledger.entry(z(1, 2)) = entry{} // the payloads of these tests are not those of trees
			if spoil != nil {
				spoil(s, s.replication.ghost(s.servers[0]))
			}
			for range 10 { // whatever power is drawn
				v := s.replication.reload(s.servers[0])
				if spoil == nil {
					require.Nil(t, v)
					continue
				}
				require.NotNil(t, v)
				assert.Equal(t, proto.ReloadEquality, v.Property)
			}
		})
	}
}

func TestRecoveryMustFindWhatIsDurable(t *testing.T) {
	s := newScene()
	s.fine()
	g := s.replication.ghost(s.servers[0])
	assert.NotNil(t, g.survives(&store.Recovered{LastLogged: z(1, 1), AcceptedEpoch: 1, CurrentEpoch: 1}))
	assert.NotNil(t, g.survives(&store.Recovered{LastLogged: z(1, 3), AcceptedEpoch: 1, CurrentEpoch: 1}))
	assert.NotNil(t, g.survives(&store.Recovered{LastLogged: z(1, 2), AcceptedEpoch: 1, CurrentEpoch: 0}))
	assert.Nil(t, g.survives(&store.Recovered{LastLogged: z(1, 2), AcceptedEpoch: 1, CurrentEpoch: 1}))
}

func TestSessionsOfAHistory(t *testing.T) {
	r := &replication{sessions: []sessionTxn{{z(1, 1), 7, true}, {z(1, 2), 8, true}, {z(1, 3), 9, true}, {z(2, 1), 7, false}}}
	h := chain{z(1, 2), z(2, 1)} // 1.3 was lost
	assert.Equal(t, []proto.SessionID{7, 8}, r.sessionsAt(h, z(1, 2)))
	assert.Equal(t, []proto.SessionID{8}, r.sessionsAt(h, z(2, 1)))
}

func TestReloadsComeAtDrawnMoments(t *testing.T) {
	c := newCluster(Config{Seed: 1, Servers: 3, For: 20 * time.Second}.withDefaults())
	c.run()
	require.Nil(t, c.violation)
	assert.Greater(t, c.replication.reloads.count, uint64(10))
	assert.Less(t, c.replication.reloads.count, uint64(40))
}

// The short form of a history agrees with the list of its transactions.
func TestChainProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (chain, []proto.Zxid) {
			var h chain
			var all []proto.Zxid
			for e := range 4 {
				for k := range rapid.IntRange(0, 3).Draw(t, name) {
					all = append(all, z(proto.Epoch(e+1), uint32(k+1)))
					h = h.with(all[len(all)-1])
				}
			}
			return h, all
		}
		h, all := draw("h")
		o, others := draw("o")
		common := proto.Zxid(0)
		for i := 0; i < len(all) && i < len(others) && all[i] == others[i]; i++ {
			common = all[i]
		}
		assert.Equal(t, common, h.common(o))
		assert.Equal(t, common == o.tip(), h.begins(o))
		at := z(proto.Epoch(rapid.IntRange(0, 5).Draw(t, "epoch")), uint32(rapid.IntRange(0, 4).Draw(t, "counter")))
		var kept chain
		holds := at == 0
		for _, x := range all {
			holds = holds || x == at
			if x <= at {
				kept = kept.with(x)
			}
		}
		if at.Counter() > 0 || at == 0 {
			assert.Equal(t, holds, h.holds(at), "%v in %v", at, h)
		}
		assert.ElementsMatch(t, kept, h.copyTo(nil).upTo(at), "%v up to %v", h, at)
	})
}
