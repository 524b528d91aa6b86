package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// teller tells a cluster's checks what servers 1 to 3 do.
type teller struct{ *cluster }

func newTeller() teller {
	return teller{newCluster(Config{Servers: 3, Clients: NoClients}.withDefaults())}
}

func z(epoch proto.Epoch, counter uint32) proto.Zxid { return proto.MakeZxid(epoch, counter) }

func (t teller) tell(server int, n node.Note) { t.note(t.servers[server-1], &n) }

func (t teller) propose(server int, at proto.Zxid, payload string) {
	t.tell(server, node.Note{Kind: node.NoteProposed, Zxid: at, Payload: []byte(payload)})
}

// apply tells of a transaction, which somebody has proposed before, whoever it was.
func (t teller) apply(server int, at proto.Zxid, payload string) {
	if e := t.checks.ledger.entry(at); e.proposedBy == 0 {
		e.proposedBy, e.proposed = 1, hashOf([]byte(payload))
	}
	t.tell(server, node.Note{Kind: node.NoteApplied, Zxid: at, Payload: []byte(payload), Digest: int64(hashOf([]byte(payload)))})
}

func (t teller) load(server int, at proto.Zxid, digest int64) {
	t.tell(server, node.Note{Kind: node.NoteLoaded, Zxid: at, Digest: digest})
}

func (t teller) lead(server int, e proto.Epoch) {
	t.tell(server, node.Note{Kind: node.NoteRole, Role: node.RoleLeading})
	t.tell(server, node.Note{Kind: node.NoteEstablished, Epoch: e, Zxid: t.servers[server-1].seen.history})
}

// commit tells of a transaction that a quorum has on disk.
func (t teller) commit(server int, at proto.Zxid) {
	t.checks.ledger.entry(at).safe = true
	t.tell(server, node.Note{Kind: node.NoteCommitted, Zxid: at})
}

// fine is a history without fault: two epochs, a loss of what was not committed,
// a restart.
func (t teller) fine() {
	for s := 1; s <= 3; s++ {
		t.tell(s, node.Note{Kind: node.NoteAcceptedEpoch, Epoch: 1})
		t.tell(s, node.Note{Kind: node.NoteCurrentEpoch, Epoch: 1})
	}
	t.lead(3, 1)
	for s := 1; s <= 3; s++ {
		t.apply(s, z(1, 1), "a")
		t.apply(s, z(1, 2), "b")
	}
	t.commit(3, z(1, 1))
	t.commit(3, z(1, 2))
	t.servers[2].seen.died()
	t.load(3, z(1, 3), 77) // logged, not committed
	t.lead(2, 2)
	t.apply(2, z(2, 1), "c")
	t.apply(1, z(2, 1), "c")
	t.commit(2, z(2, 1))
	t.load(3, z(1, 2), int64(hashOf([]byte("b"))))
	t.apply(3, z(2, 1), "c")
}

func TestChecksAcceptAnHonestHistory(t *testing.T) {
	c := newTeller()
	c.fine()
	require.Nil(t, c.violation)
	assert.EqualValues(t, 2, c.counts.Elections)
	assert.EqualValues(t, 3, c.counts.Txns)
	assert.Same(t, c.servers[1], c.leader())
}

func TestChecksFindEachDefect(t *testing.T) {
	for name, defect := range map[string]struct {
		property proto.Property
		server   proto.ServerID
		tell     func(t teller)
	}{
		"accepted epoch decreases": {proto.EpochMonotonic, 1, func(t teller) {
			t.tell(1, node.Note{Kind: node.NoteAcceptedEpoch, Epoch: 3})
			t.servers[0].seen.died()
			t.tell(1, node.Note{Kind: node.NoteAcceptedEpoch, Epoch: 2})
		}},
		"current epoch decreases": {proto.EpochMonotonic, 2, func(t teller) {
			t.tell(2, node.Note{Kind: node.NoteCurrentEpoch, Epoch: 0})
		}},
		"current epoch passes accepted epoch": {proto.EpochMonotonic, 2, func(t teller) {
			t.tell(2, node.Note{Kind: node.NoteCurrentEpoch, Epoch: 2})
		}},
		"an epoch is older after a restart": {proto.EpochMonotonic, 3, func(t teller) {
			t.judge(t.servers[2], t.checks.reread(&t.servers[2].seen, 1, 0))
		}},
		"two leaders of an epoch":         {proto.Leadership, 1, func(t teller) { t.lead(1, 2) }},
		"two leaders of an earlier epoch": {proto.Leadership, 2, func(t teller) { t.lead(2, 1) }},
		"applied twice":                   {proto.TotalOrder, 1, func(t teller) { t.apply(1, z(2, 1), "c") }},
		"applied backwards": {proto.TotalOrder, 1, func(t teller) {
			t.apply(1, z(2, 2), "d")
			t.apply(1, z(2, 1), "c")
		}},
		"applied back into an earlier epoch": {proto.GlobalPrimaryOrder, 1, func(t teller) { t.apply(1, z(1, 2), "b") }},
		"a gap in an epoch":                  {proto.LocalPrimaryOrder, 1, func(t teller) { t.apply(1, z(2, 3), "e") }},
		"a gap at the beginning of an epoch": {proto.LocalPrimaryOrder, 1, func(t teller) { t.apply(1, z(3, 2), "e") }},
		"another transaction": {proto.Agreement, 3, func(t teller) {
			t.apply(1, z(2, 2), "d")
			t.apply(3, z(2, 2), "D")
		}},
		"a transaction left out between epochs": {proto.PrefixConsistency, 3, func(t teller) {
			t.apply(1, z(2, 2), "d")
			t.apply(1, z(3, 1), "e")
			t.apply(3, z(3, 1), "e")
		}},
		"another tree after a load": {proto.DigestEquality, 3, func(t teller) { t.load(3, z(2, 1), 5) }},
		"another tree after a transaction": {proto.DigestEquality, 2, func(t teller) {
			t.apply(1, z(2, 2), "d")
			t.tell(2, node.Note{Kind: node.NoteApplied, Zxid: z(2, 2), Payload: []byte("d"), Digest: 6})
		}},
		"a leader without the last epoch": {proto.LeaderCompleteness, 3, func(t teller) {
			t.load(3, z(1, 2), int64(hashOf([]byte("b"))))
			t.lead(3, 3)
		}},
		"a leader without the last transaction": {proto.LeaderCompleteness, 3, func(t teller) {
			t.commit(2, z(2, 2))
			t.lead(3, 3)
		}},
		"a leader with another history": {proto.LeaderCompleteness, 1, func(t teller) {
			t.commit(2, z(2, 2))
			t.apply(1, z(4, 1), "f") // directly after 2.1
			t.lead(1, 5)
		}},
		"a commit that a later leader does not hold": {proto.LeaderCompleteness, 2, func(t teller) {
			t.lead(1, 3)
			t.commit(2, z(2, 2))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newTeller()
			c.fine()
			require.Nil(t, c.violation)
			defect.tell(c)
			require.NotNil(t, c.violation)
			assert.Equal(t, defect.property, c.violation.Property)
			assert.Equal(t, defect.server, c.violation.Server)
			assert.NotEmpty(t, c.violation.Detail)
		})
	}
}
