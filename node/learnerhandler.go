package node

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// handlerState is how far a learner has come.
type handlerState uint8

const (
	handlerNew           handlerState = iota // FOLLOWERINFO is awaited
	handlerWaitsForEpoch                     // LEADERINFO will follow
	handlerPromises                          // ACKEPOCH is awaited
	handlerWaitsForSync                      // the leader must adopt its epoch first
	handlerSyncing                           // the ACK of NEWLEADER is awaited
	handlerSynced                            // it has the leader's history
	handlerServing                           // UPTODATE is sent
)

// learnerHandler is the leader's side of one learner's connection.
type learnerHandler struct {
	conn      *conn
	sid       proto.ServerID
	state     handlerState
	accepted  proto.Epoch
	last      proto.Zxid // end of its log when it connected
	lastHeard time.Duration
	deadline  int // tick by which it must be heard again to count

	forwarding bool // it gets every PROPOSAL and COMMIT
	snap       *ztree.Snapshot
	held       []byte // packets that must follow the snapshot

	pingsSent, pongs int64

	// One PROPOSAL at a time is timed, from its writing to its ACK.
	tracked        proto.Zxid
	trackedEnd     int64 // position in the stream
	trackedWritten bool
	trackedAt      time.Duration
	lastQueued     proto.Zxid
	lastQueuedEnd  int64
}

func (n *Node) learnerAccepted(c *conn) {
	if n.leader == nil || n.stopping {
		n.closeConn(c)
		return
	}
	l := n.leader
	c.handler = &learnerHandler{conn: c, lastHeard: n.now,
		deadline: l.tick + n.cfg.InitLimit + n.cfg.SyncLimit}
	l.handlers = append(l.handlers, c.handler)
}

func (n *Node) handlerGone(h *learnerHandler) {
	if n.leader != nil {
		n.leader.handlers = slices.DeleteFunc(n.leader.handlers, func(o *learnerHandler) bool { return o == h })
	}
}

// handlerPacket handles the first packet in b.
func (n *Node) handlerPacket(c *conn, b []byte) (int, error) {
	p, k, err := proto.DecodePacket(b)
	if k == 0 || err != nil {
		return 0, err
	}
	h := c.handler
	h.lastHeard = n.now
	h.deadline = max(h.deadline, n.leader.tick+n.cfg.SyncLimit)
	return k, n.learnerSays(h, &p)
}

func (n *Node) learnerSays(h *learnerHandler, p *proto.Packet) error {
	switch {
	case p.Type == proto.PktFollowerInfo && h.state == handlerNew:
		return n.followerInfo(h, p)
	case p.Type == proto.PktAckEpoch && h.state == handlerPromises:
		return n.ackEpoch(h, p)
	case p.Type == proto.PktAck && h.state == handlerSyncing:
		return n.ackNewLeader(h, p)
	case p.Type == proto.PktAck && h.state >= handlerSynced:
		n.ackArrived(h.sid, p.Zxid)
		h.proposalAcked(p.Zxid)
		return nil
	case p.Type == proto.PktPing && h.state >= handlerSynced:
		return n.learnerPinged(h, p.Data)
	case p.Type == proto.PktRequest && h.state == handlerServing:
		return n.requestForwarded(h, p)
	case p.Type == proto.PktRevalidate && h.state == handlerServing:
		return n.revalidateAsked(h, p.Data)
	}
	return fmt.Errorf("%v from learner %v in state %d", p.Type, h.sid, h.state)
}

// followerInfo: a learner says who it is and which epoch it accepted last.
func (n *Node) followerInfo(h *learnerHandler, p *proto.Packet) error {
	info, err := proto.DecodeLearnerInfo(p.Data)
	if err != nil {
		return err
	}
	if !n.voters.IsVoter(info.Server) || info.Server == n.id {
		return fmt.Errorf("%v is not another voter of this ensemble", info.Server)
	}
	if info.ConfigVersion > 0 {
		return fmt.Errorf("%v has a newer configuration (version %d); reconfiguration is not part of this version", info.Server, info.ConfigVersion)
	}
	n.replaceHandler(h, info.Server)
	h.sid, h.accepted, h.state = info.Server, p.Zxid.Epoch(), handlerWaitsForEpoch
	if n.leader.epoch != 0 && h.accepted > n.leader.epoch {
		n.outbid(h)
		return nil
	}
	if n.leader.promised {
		n.sendLeaderInfo(h)
		return nil
	}
	n.epochReported(h.sid, h.accepted)
	return nil
}

// outbid: a voter has promised a later epoch than this leader's, to somebody who
// never led. It can't go back behind its promise, so it would stay out for as
// long as this reign lasts; the next one begins above what it promised.
func (n *Node) outbid(h *learnerHandler) {
	n.heardEpoch = max(n.heardEpoch, h.accepted)
	n.giveUp(fmt.Sprintf("%v has promised epoch %d, this one is %d", h.sid, h.accepted, n.leader.epoch))
}

// replaceHandler drops an older connection of the same learner: its other end
// is gone, or the learner would not have made a new one.
func (n *Node) replaceHandler(h *learnerHandler, sid proto.ServerID) {
	for _, o := range slices.Clone(n.leader.handlers) {
		if o != h && o.sid == sid {
			n.drop(o.conn, fmt.Sprintf("learner %v connected again", sid))
		}
	}
}

func (n *Node) sendLeaderInfo(h *learnerHandler) {
	h.state = handlerPromises
	n.sendPacket(h.conn, &proto.Packet{Type: proto.PktLeaderInfo, Zxid: proto.MakeZxid(n.leader.epoch, 0),
		Data: proto.AppendInt(nil, proto.LearnerProtocol)})
}

// ackEpoch: a learner has promised the new epoch and says how far its history
// goes. Somebody with a newer history than the leader's must not be led by it.
func (n *Node) ackEpoch(h *learnerHandler, p *proto.Packet) error {
	d := proto.NewDecoder(p.Data)
	current := proto.Epoch(d.Int())
	if d.Err() != nil {
		return d.Err()
	}
	l := n.leader
	h.last = p.Zxid
	newer := current > l.ownEpoch || current == l.ownEpoch && p.Zxid > l.ownZxid
	if !l.adopting && current != epochNotCounted && newer {
		return fmt.Errorf("%v has a newer history (%d, %v) than its leader (%d, %v)", h.sid, current, p.Zxid, l.ownEpoch, l.ownZxid)
	}
	h.state = handlerWaitsForSync
	if l.adopted {
		n.synchroniseSoon(h)
		return nil
	}
	if current != epochNotCounted {
		n.epochAcked(h.sid)
	}
	return nil
}

// synchroniseSoon synchronises a learner that came to an established leader. If
// its log ends with a transaction that is still on its way here, that must not
// be cut off and sent again: its copy may be what a commit rests on. Since the
// learner has it on disk, it counts as acknowledged; and the learner waits until
// this server has applied as much.
func (n *Node) synchroniseSoon(h *learnerHandler) {
	if n.tail.find(h.last) == nil {
		n.synchronise(h)
		return
	}
	for i := 0; i < n.tail.len() && n.tail.at(i).zxid() <= h.last; i++ {
		n.ackArrived(h.sid, n.tail.at(i).zxid())
	}
}

// synchroniseWaiting synchronises the learners whose transactions have now been
// applied.
func (n *Node) synchroniseWaiting() {
	for _, h := range n.leader.handlers {
		if h.state == handlerWaitsForSync && n.tail.find(h.last) == nil {
			n.synchronise(h)
		}
	}
}

// epochNotCounted in an ACKEPOCH says that the learner had promised this epoch
// before, perhaps to another server.
const epochNotCounted proto.Epoch = -1

func (n *Node) ackNewLeader(h *learnerHandler, p *proto.Packet) error {
	l := n.leader
	if p.Zxid != proto.MakeZxid(l.epoch, 0) {
		return fmt.Errorf("%v acknowledges %v before NEWLEADER", h.sid, p.Zxid)
	}
	h.state = handlerSynced
	if l.established {
		n.sendUpToDate(h)
	}
	n.newLeaderAcked(h.sid)
	return nil
}

func (n *Node) sendUpToDate(h *learnerHandler) {
	h.state = handlerServing
	n.sendPacket(h.conn, &proto.Packet{Type: proto.PktUpToDate, Zxid: -1})
}

// learnerPinged: a learner answers a ping with the sessions it heard of.
func (n *Node) learnerPinged(h *learnerHandler, data []byte) error {
	d := proto.NewDecoder(data)
	for len(d.Rest()) > 0 && d.Err() == nil {
		id := proto.SessionID(d.Long())
		d.Int()
		if n.leader.established {
			n.leader.sessions.touch(n, id)
		}
	}
	if d.Err() != nil {
		return d.Err()
	}
	n.pongArrived(h)
	return nil
}

// requestForwarded: a learner's client wants to write or to sync.
func (n *Node) requestForwarded(h *learnerHandler, p *proto.Packet) error {
	f, err := proto.DecodeForwardedRequest(p.Data)
	if err != nil {
		return err
	}
	if !f.Type.IsWrite() && f.Type != proto.OpSync {
		return fmt.Errorf("%v forwarded by learner %v", f.Type, h.sid)
	}
	r := n.newRequest(f.Session, f.Cxid, f.Type, f.Body, origin{h.conn.id, true})
	r.ids = p.AuthInfo
	n.prep.push(r)
	n.ask(StagePrep)
	return nil
}

// revalidateAsked: a client has come to a learner with a session of its own.
func (n *Node) revalidateAsked(h *learnerHandler, data []byte) error {
	d := proto.NewDecoder(data)
	id, timeout := proto.SessionID(d.Long()), d.Int()
	if d.Err() != nil {
		return d.Err()
	}
	n.revalidateInOrder(id, timeout, origin{h.conn.id, true})
	return nil
}

// queueForLearner queues an encoded packet, behind the snapshot if one is being
// sent.
func (n *Node) queueForLearner(h *learnerHandler, packet []byte) {
	if h.snap != nil {
		h.held = append(h.held, packet...)
		return
	}
	n.setOut(h.conn, append(h.conn.buffer(), packet...))
}

func (h *learnerHandler) proposalQueued(z proto.Zxid) {
	h.lastQueued, h.lastQueuedEnd = z, h.conn.queued
	if h.tracked == 0 && h.state >= handlerSynced {
		h.track(z, h.conn.queued)
	}
}

func (h *learnerHandler) track(z proto.Zxid, end int64) {
	h.tracked, h.trackedEnd, h.trackedWritten = z, end, false
}

// proposalsWritten starts the clock of the tracked proposal once it has left.
func (n *Node) proposalsWritten(h *learnerHandler) {
	if h.tracked != 0 && !h.trackedWritten && h.conn.left >= h.trackedEnd {
		h.trackedWritten, h.trackedAt = true, n.now
	}
}

// proposalAcked moves on to the newest proposal when the tracked one is acknowledged.
func (h *learnerHandler) proposalAcked(z proto.Zxid) {
	if h.tracked == 0 || z < h.tracked {
		return
	}
	h.tracked = 0
	if h.lastQueued > z {
		h.track(h.lastQueued, h.lastQueuedEnd)
	}
}

// syncSignature ends the serialised database of a SNAP.
const syncSignature = "BenWasHere"

// produceSnapshot serialises at the pace of the stream. NEWLEADER goes out only
// behind the whole snapshot and every transaction that it may contain.
func (n *Node) produceSnapshot(h *learnerHandler, room int) {
	c := h.conn
	b := c.buffer()
	before := len(b)
	for h.snap != nil && len(b)-c.sent < room {
		var done bool
		if b, done = h.snap.Append(b, snapshotChunk); done {
			b = proto.AppendString(b, syncSignature)
			b = append(b, h.held...)
			b = proto.AppendPacket(b, n.newLeaderPacket())
			h.snap, h.held = nil, nil
		}
	}
	c.queued += int64(len(b) - before)
	c.out = b
}

func (n *Node) newLeaderPacket() *proto.Packet {
	return &proto.Packet{Type: proto.PktNewLeader, Zxid: proto.MakeZxid(n.leader.epoch, 0), Data: n.election.config}
}

func appendSessionTimeout(b []byte, id proto.SessionID, timeout int32) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(id))
	return binary.BigEndian.AppendUint32(b, uint32(timeout))
}
