package node

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

// A follower may have decided before its leader has, which then refuses it. It
// dials again for so long, at intervals of LeaderDialDelay.
const (
	leaderDialTime  = 500 * time.Millisecond
	leaderDialDelay = 100 * time.Millisecond
)

func (c *Config) leaderDialDelay() time.Duration {
	if c.LeaderDialDelay > 0 {
		return c.LeaderDialDelay
	}
	return leaderDialDelay
}

// leaderDialTries is how often it is dialled at most.
func (c *Config) leaderDialTries() int { return int(max(leaderDialTime/c.leaderDialDelay(), 1)) }

// learner is what a server keeps while it follows, from the decision of the
// election until it gives up.
type learner struct {
	leader    proto.ServerID
	conn      *conn
	tries     int
	heard     bool // the leader has said something
	lastHeard time.Duration
	epoch     proto.Epoch // of LEADERINFO; 0 before

	// Synchronisation.
	mode       SyncKind // 0 until the first packet of it
	busy       bool     // packets wait until the disk is done
	loader     *ztree.Loader
	loaded     bool       // the loader is done, the signature is awaited
	label      proto.Zxid // of the snapshot being received
	cutFirst   bool       // the log goes on beyond the label: cut it
	hold       bool       // what arrives is not logged yet: a snapshot must be durable first
	later      bool       // a planted bug: what arrives is not logged yet
	catchingUp bool       // a planted bug: the ACK of NEWLEADER waits for what is logged now
	memoryLost bool       // memory is not what the disk holds
	newLeader  bool       // NEWLEADER has arrived
	until      proto.Zxid // the last transaction that came before it
	acksOpen   bool       // its ACK is out: proposals are acknowledged
	writing    bool       // currentEpoch is being written

	pendingSyncs queue[*request]
	revalidating map[proto.SessionID]*conn
	touched      map[proto.SessionID]int32 // sessions heard of since the last ping, with timeouts in ms
	touchOrder   []proto.SessionID
}

func (n *Node) startFollowing(leader proto.ServerID) {
	n.learner = &learner{leader: leader, lastHeard: n.now,
		revalidating: map[proto.SessionID]*conn{}, touched: map[proto.SessionID]int32{}}
	n.arm(TimerPhase, 0, n.ticks(n.cfg.InitLimit))
	n.dialLeader()
}

func (n *Node) dialLeader() {
	l := n.learner
	if l == nil || n.stopping {
		return
	}
	l.tries++
	l.conn = n.dial(l.leader, PortQuorum)
	l.conn.learner = l
}

// leaderConnected introduces this server.
func (n *Node) leaderConnected(c *conn) {
	l := c.learner
	l.lastHeard = n.now
	info := proto.AppendLearnerInfo(nil, proto.LearnerInfo{Server: n.id, Protocol: proto.LearnerProtocol})
	n.sendPacket(c, &proto.Packet{Type: proto.PktFollowerInfo, Zxid: proto.MakeZxid(n.acceptedEpoch, 0), Data: info})
}

// leaderConnLost: a leader that has not begun to lead refuses at first; one
// that hangs up later is not followed any more.
func (n *Node) leaderConnLost(c *conn) {
	l := c.learner
	if l != n.learner || n.stopping {
		return
	}
	if !l.heard && l.tries < n.cfg.leaderDialTries() {
		n.arm(TimerLearnerDial, 0, n.cfg.leaderDialDelay())
		return
	}
	n.giveUp("connection to the leader lost")
}

// readLimit is how long the leader may be silent.
func (n *Node) readLimit() time.Duration {
	if n.learner.acksOpen {
		return n.ticks(n.cfg.SyncLimit)
	}
	return n.ticks(n.cfg.InitLimit)
}

func (n *Node) learnerReadTimeout() {
	l := n.learner
	if l == nil || n.stopping {
		return
	}
	left := l.lastHeard + n.readLimit() - n.now
	if left <= 0 && l.busy {
		left = n.readLimit() // nobody listens; the disk decides
	}
	if left <= 0 {
		n.giveUp(fmt.Sprintf("leader silent for %v", n.readLimit()))
		return
	}
	n.arm(TimerLearnerRead, 0, left)
}

// learnerBytes handles the first packet in b, or a piece of a snapshot.
func (n *Node) learnerBytes(c *conn, b []byte) (int, error) {
	l := c.learner
	l.lastHeard = n.now
	if l.busy {
		return 0, nil
	}
	if l.loader != nil {
		return n.snapshotBytes(l, b)
	}
	p, k, err := proto.DecodePacket(b)
	if k == 0 || err != nil {
		return 0, err
	}
	if !l.heard {
		l.heard = true
		n.disarm(TimerPhase, 0)
		n.arm(TimerLearnerRead, 0, n.readLimit())
	}
	return k, n.leaderSays(l, &p)
}

func (n *Node) leaderSays(l *learner, p *proto.Packet) error {
	switch {
	case p.Type == proto.PktLeaderInfo && l.epoch == 0:
		return n.leaderInfo(l, p.Zxid.Epoch())
	case l.epoch == 0:
		return fmt.Errorf("%v before LEADERINFO", p.Type)
	case l.mode == 0:
		return n.syncBegins(l, p)
	}
	switch p.Type {
	case proto.PktProposal:
		return n.proposalArrived(l, p)
	case proto.PktCommit:
		n.commitArrived(l, p.Zxid)
		return nil
	case proto.PktNewLeader:
		return n.newLeaderArrived(l, p.Zxid)
	case proto.PktUpToDate:
		return n.upToDate(l)
	case proto.PktPing:
		n.answerPing(l, p.Zxid)
		return nil
	case proto.PktSync:
		return n.syncArrived(l)
	case proto.PktRevalidate:
		return n.revalidateAnswered(l, p.Data)
	}
	return fmt.Errorf("%v from the leader", p.Type)
}

// leaderInfo: the leader names the epoch that it wants to lead. A promise is on
// disk before it is given.
func (n *Node) leaderInfo(l *learner, e proto.Epoch) error {
	l.epoch = e
	switch {
	case e > n.acceptedEpoch:
		n.writeAcceptedEpoch(e)
	case e == n.acceptedEpoch:
		n.sendAckEpoch(epochNotCounted)
	default:
		return fmt.Errorf("leader offers epoch %d, %d is promised", e, n.acceptedEpoch)
	}
	return nil
}

// zxidNowhere is reported by a learner that a leader's TRUNC could not help: no
// history holds it, so the leader can only answer with a snapshot.
const zxidNowhere proto.Zxid = 1

func (n *Node) sendAckEpoch(current proto.Epoch) {
	n.setPhase(PhaseSynchronization)
	last := n.lastLogged
	if n.needSnapshot {
		last = zxidNowhere
	}
	l := n.learner
	n.sendPacket(l.conn, &proto.Packet{Type: proto.PktAckEpoch, Zxid: last,
		Data: proto.AppendInt(nil, int32(current))})
	if l.epoch > n.currentEpoch {
		// What will be logged before currentEpoch is written can belong to the new
		// epoch already: a crash in between must not look like a damaged disk.
		n.stopReading(l)
		n.ops = store.AnnounceEpochOps(n.scratch(), l.epoch)
		n.write(LaneMain, n.ops, thenAnnounced, 0)
	}
}

// announced: the disk knows which epoch is being taken over; the leader may be heard.
func (n *Node) announced() {
	if !n.stopping && n.learner != nil {
		n.goOnReading(n.learner)
	}
}

// stopReading lets the leader's packets wait in their stream until the disk is
// done: they would pile up here.
func (n *Node) stopReading(l *learner) {
	l.busy = true
	n.out.Gates = append(n.out.Gates, ReadGate{l.conn.id, false})
}

func (n *Node) goOnReading(l *learner) {
	l.busy, l.lastHeard = false, n.now
	n.out.Gates = append(n.out.Gates, ReadGate{l.conn.id, true})
	n.pump(l.conn)
}

// proposalArrived takes a transaction into the tail. It is logged at once,
// except while a snapshot that must come before it is not durable.
func (n *Node) proposalArrived(l *learner, p *proto.Packet) error {
	prop, err := n.decodeProposal(p)
	if err != nil {
		return err
	}
	last := n.lastLogged
	if k := n.tail.len(); k > 0 {
		last = n.tail.at(k - 1).zxid()
	}
	if !prop.zxid().Follows(last) {
		return fmt.Errorf("PROPOSAL %v after %v", prop.zxid(), last)
	}
	n.tail.push(prop)
	if !l.hold && !l.later {
		n.logProposal(prop)
	}
	return nil
}

// commitArrived: the oldest uncommitted proposal is committed. Any other zxid
// means that this server's history is not what the leader thinks it is.
func (n *Node) commitArrived(l *learner, z proto.Zxid) {
	p := n.tail.nextToCommit()
	if p == nil || p.zxid() != z {
		n.note(Note{Kind: NoteGaveUp, Zxid: z, Text: "COMMIT does not match the pending head"})
		n.exit(12, fmt.Sprintf("COMMIT %v does not match the pending head", z))
		return
	}
	n.tail.ncommitted++
	switch {
	case l.acksOpen && !l.later:
		n.committedNow(p)
	case l.hold && !l.newLeader:
		// The snapshot that will be written covers what is applied now.
		n.tail.popApplied()
		n.tree.Apply(&p.txn, nil, nil)
		n.committed.add(p.rec)
		n.lastLogged = z
	}
}

// learnerLogged: a batch is durable.
func (n *Node) learnerLogged(batch []*proposal) {
	l := n.learner
	if l.acksOpen {
		for _, p := range batch {
			n.sendAck(p.zxid())
		}
		return
	}
	if l.catchingUp {
		n.caughtUp(l)
		return
	}
	n.newLeaderDurable()
}

func (n *Node) sendAck(z proto.Zxid) {
	n.note(Note{Kind: NoteAckSent, Zxid: z})
	n.sendPacket(n.learner.conn, &proto.Packet{Type: proto.PktAck, Zxid: z})
}

// upToDate: a quorum follows the leader. Clients may come.
func (n *Node) upToDate(l *learner) error {
	if !l.acksOpen || n.serving {
		return fmt.Errorf("UPTODATE out of turn")
	}
	n.refreshVote(l.epoch)
	n.setPhase(PhaseBroadcast)
	n.sendAck(proto.MakeZxid(l.epoch, 0))
	n.startServing(l.epoch)
	if l.later {
		n.settleLater(l)
	}
	return nil
}

// answerPing tells the leader which sessions were heard of. A learner answers
// only while it follows: the leader's strict sync rests on that.
func (n *Node) answerPing(l *learner, z proto.Zxid) {
	if !l.acksOpen {
		return
	}
	var data []byte
	for _, id := range l.touchOrder {
		data = appendSessionTimeout(data, id, l.touched[id])
	}
	clear(l.touched)
	l.touchOrder = l.touchOrder[:0]
	n.sendPacket(l.conn, &proto.Packet{Type: proto.PktPing, Zxid: z, Data: data})
}

// touch remembers a sign of life for the next ping.
func (l *learner) touch(id proto.SessionID, timeout int32) {
	if _, known := l.touched[id]; !known {
		l.touchOrder = append(l.touchOrder, id)
	}
	l.touched[id] = timeout
}

// syncArrived completes the oldest sync of this server's clients.
func (n *Node) syncArrived(l *learner) error {
	if l.pendingSyncs.len() == 0 {
		return fmt.Errorf("SYNC that nobody asked for")
	}
	n.syncConfirmed(l.pendingSyncs.pop())
	return nil
}

// revalidate asks the leader whether a session that came to this server lives.
func (l *learner) revalidate(n *Node, c *conn) {
	l.revalidating[c.client.session] = c
	data := appendSessionTimeout(nil, c.client.session, c.client.timeoutMillis())
	n.sendPacket(l.conn, &proto.Packet{Type: proto.PktRevalidate, Zxid: -1, Data: data})
}

func (n *Node) revalidateAnswered(l *learner, data []byte) error {
	d := proto.NewDecoder(data)
	id, valid := proto.SessionID(d.Long()), d.Bool()
	if d.Err() != nil {
		return d.Err()
	}
	c := l.revalidating[id]
	delete(l.revalidating, id)
	if c != nil && !c.gone && !c.client.ready && !c.flushClose {
		n.revalidated(c, valid)
	}
	return nil
}
