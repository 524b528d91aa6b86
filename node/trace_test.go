package node_test

import (
	"fmt"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// tracer reads along what one server sends to another on the quorum port.
type tracer struct {
	buf    []byte
	loader *ztree.Loader // inside the database of a SNAP
	skip   int           // bytes of the signature behind it
	last   proto.Zxid    // of the history sent so far
	until  proto.Zxid    // and when NEWLEADER was sent
}

// trace prints the packets that leave and holds the rules of acknowledging
// against the disk, at the moment they leave.
func (l *link) trace(from *end, data []byte) {
	t := &l.traces[0]
	if from == l.ends[1] {
		t = &l.traces[1]
	}
	t.buf = append(t.buf, data...)
	for t.next(from) {
	}
}

func (t *tracer) next(from *end) bool {
	if t.loader != nil {
		n, done, err := t.loader.Feed(t.buf)
		if err != nil {
			from.host.w.t.Fatalf("SNAP of %v: %v", from.host.id, err)
		}
		t.buf = t.buf[n:]
		if !done {
			return false
		}
		t.loader, t.skip = nil, 4+len("BenWasHere")
	}
	if len(t.buf) < t.skip {
		return false
	}
	t.buf, t.skip = t.buf[t.skip:], 0
	p, n, err := proto.DecodePacket(t.buf)
	if err != nil {
		from.host.w.t.Fatalf("%v sends %v", from.host.id, err)
	}
	if n == 0 {
		return false
	}
	t.buf = t.buf[n:]
	switch p.Type {
	case proto.PktSnap:
		t.loader = ztree.NewLoader()
		t.last = p.Zxid
	case proto.PktDiff, proto.PktTrunc, proto.PktProposal:
		t.last = p.Zxid
	case proto.PktNewLeader:
		t.until = t.last
	}
	from.host.sent(from, &p)
	return true
}

// sent looks at one packet that leaves a server.
func (h *host) sent(from *end, p *proto.Packet) {
	topic := "packets"
	if p.Type == proto.PktPing {
		topic = "pings"
	}
	to := "?"
	if peer := from.peer.host; peer != nil {
		to = peer.id.String()
	}
	h.w.log(topic, "%v > %s %s", h.id, to, describePacket(p))
	switch p.Type {
	case proto.PktAck:
		h.checkAck(p.Zxid, from.link.traces[1].until)
	case proto.PktAckEpoch:
		h.checkAckEpoch()
	}
}

func describePacket(p *proto.Packet) string {
	switch p.Type {
	case proto.PktAckEpoch:
		d := proto.NewDecoder(p.Data)
		return fmt.Sprintf("ACKEPOCH %v (currentEpoch %d)", p.Zxid, d.Int())
	case proto.PktRequest:
		if r, err := proto.DecodeForwardedRequest(p.Data); err == nil {
			return fmt.Sprintf("REQUEST %v", r.Type)
		}
	case proto.PktRevalidate, proto.PktUpToDate, proto.PktSync:
		return p.Type.String()
	}
	return fmt.Sprintf("%v %v", p.Type, p.Zxid)
}

// checkAck: what is acknowledged survives a loss of power; NEWLEADER stands for
// the epoch and the whole history that came before it, which ends with until (R6).
func (h *host) checkAck(z, until proto.Zxid) {
	r := h.durable()
	switch {
	case z.Counter() == 0 && r.LastLogged < until:
		h.w.t.Fatalf("AckOrder: %v acknowledges NEWLEADER %v, its disk ends at %v, the history at %v", h.id, z, r.LastLogged, until)
	case z.Counter() == 0 && r.CurrentEpoch != z.Epoch():
		h.w.t.Fatalf("AckOrder: %v acknowledges NEWLEADER %v, its disk has currentEpoch %d", h.id, z, r.CurrentEpoch)
	case z.Counter() != 0 && r.LastLogged < z:
		h.w.t.Fatalf("AckOrder: %v acknowledges %v, its disk ends at %v", h.id, z, r.LastLogged)
	}
}

// checkAckEpoch: a promise is on disk before it is given (R1).
func (h *host) checkAckEpoch() {
	accepted, _ := h.core.Epochs()
	if r := h.durable(); r.AcceptedEpoch != accepted {
		h.w.t.Fatalf("EpochMonotonic: %v promises epoch %d, its disk has acceptedEpoch %d", h.id, accepted, r.AcceptedEpoch)
	}
}

// checkCommitted: a quorum has what is committed on disk (R5), and keeps it also
// when a learner cuts its log. Whoever has a later transaction has all that were
// committed before.
func (w *world) checkCommitted(by *host, z proto.Zxid) {
	if w.liars {
		return
	}
	have := 0
	for _, h := range w.hosts {
		if h.durable().LastLogged >= z {
			have++
		}
	}
	if 2*have <= len(w.hosts) {
		w.t.Fatalf("DurableQuorum: at %v, %v is committed, and %d disks of %d hold it", by.id, z, have, len(w.hosts))
	}
}

// note prints a fact and holds trees against each other (R7).
func (h *host) note(n *node.Note) {
	if n.Kind == node.NoteApplied || n.Kind == node.NoteLoaded {
		if want, known := h.w.trees[n.Zxid]; known && want != n.Digest {
			h.w.t.Fatalf("DigestEquality: %v at %v has digest %#x, another server %#x", h.id, n.Zxid, n.Digest, want)
		}
		h.w.trees[n.Zxid] = n.Digest
	}
	switch n.Kind {
	case node.NoteCommitted:
		h.w.checkCommitted(h, n.Zxid)
		h.w.committed = max(h.w.committed, n.Zxid)
	case node.NoteTruncated:
		h.w.checkCommitted(h, h.w.committed)
	}
	switch n.Kind {
	case node.NoteSync:
		h.w.facts[n.Sync.String()]++
	case node.NoteEstablished:
		h.w.facts["elections"]++
	case node.NoteGaveUp:
		h.w.facts["gave up"]++
	case node.NoteSnapshotDone:
		h.w.facts["snapshots"]++
	case node.NoteQuotaExceeded:
		h.w.facts["quotas passed"]++
	}
	topic, text := describeNote(n)
	h.w.log(topic, "%v %s", h.id, text)
}

// describeNote gives a note's topic and its words.
func describeNote(n *node.Note) (topic, text string) {
	switch n.Kind {
	case node.NoteRole:
		if n.Role == node.RoleFollowing {
			return "core", fmt.Sprintf("FOLLOWING %v", n.Peer)
		}
		return "core", n.Role.String()
	case node.NotePhase:
		return "phase", n.Phase.String()
	case node.NoteVote:
		return "vote", fmt.Sprintf("votes (epoch %d, zxid %v, sid %d) in round %d", n.Epoch, n.Zxid, int64(n.Peer), int64(n.Round))
	case node.NoteElected:
		return "vote", fmt.Sprintf("elects %v (epoch %d, zxid %v) in round %d", n.Peer, n.Epoch, n.Zxid, int64(n.Round))
	case node.NoteAcceptedEpoch:
		return "epoch", fmt.Sprintf("acceptedEpoch %d", n.Epoch)
	case node.NoteCurrentEpoch:
		return "epoch", fmt.Sprintf("currentEpoch %d", n.Epoch)
	case node.NoteSync:
		return "core", fmt.Sprintf("synchronises %v: %v %v", n.Peer, n.Sync, n.Zxid)
	case node.NoteEstablished:
		return "core", fmt.Sprintf("established epoch %d", n.Epoch)
	case node.NoteServing:
		return "core", fmt.Sprintf("serving in epoch %d at %v", n.Epoch, n.Zxid)
	case node.NoteApplied:
		return "applied", fmt.Sprintf("applied %v%s", n.Zxid, describeTxn(n.Payload))
	case node.NoteLoaded:
		return "loaded", fmt.Sprintf("loaded %v", n.Zxid)
	case node.NoteProposed:
		return "txns", fmt.Sprintf("proposed %v", n.Zxid)
	case node.NoteCommitted:
		return "txns", fmt.Sprintf("committed %v", n.Zxid)
	case node.NoteDurable:
		return "txns", fmt.Sprintf("durable %v", n.Zxid)
	case node.NoteAckSent:
		return "acks", fmt.Sprintf("acknowledges %v", n.Zxid)
	case node.NoteSessionOpened:
		return "sessions", "session opened"
	case node.NoteSessionHeard:
		return "heard", "session heard"
	case node.NoteSessionExpired:
		return "sessions", "session expired"
	case node.NoteSessionClosed:
		return "sessions", "session closed"
	case node.NoteSnapshotDone:
		return "snapshots", fmt.Sprintf("snapshot %v", n.Zxid)
	case node.NoteTooBusyToSnap:
		return "core", fmt.Sprintf("too busy to snap at %v", n.Zxid)
	case node.NoteTailCut:
		return "core", "cut " + n.Text
	case node.NoteTruncated:
		return "core", fmt.Sprintf("truncated to %v", n.Zxid)
	case node.NoteGaveUp:
		return "core", "gave up: " + n.Text
	case node.NoteConnClosed:
		return "conns", "closes: " + n.Text
	}
	return "core", fmt.Sprintf("note %d", n.Kind)
}

func describeTxn(payload []byte) string {
	txn, err := proto.DecodeTxn(payload)
	if err != nil {
		return " " + err.Error()
	}
	if txn.Path != "" {
		return fmt.Sprintf(" %v %s", txn.Type, txn.Path)
	}
	if txn.Type == proto.OpError {
		return fmt.Sprintf(" error %v", txn.Err)
	}
	if len(txn.Paths) > 0 {
		return fmt.Sprintf(" %v %v", txn.Type, txn.Paths)
	}
	return fmt.Sprintf(" %v", txn.Type)
}
