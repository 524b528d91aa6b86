package host

import (
	"strconv"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/store"
)

// tell logs what the core has noted, in the words that operators look for. What
// happens with every transaction is not logged.
func (h *Host) tell(f *node.Note) {
	log := h.cfg.Logger
	switch f.Kind {
	case node.NoteRole:
		h.tellRole(f)
	case node.NoteElected:
		log.Info("elected", "leader", int64(f.Peer), "round", int64(f.Round), "took", h.now-h.looking)
	case node.NoteVote:
		log.Info("New election. My id = "+f.Peer.String(), "zxid", f.Zxid.Hex(), "peerEpoch", int64(f.Epoch), "round", int64(f.Round))
	case node.NotePhase:
		log.Info("Peer state changed", "phase", f.Phase.String())
	case node.NoteSync:
		log.Info("Synchronizing learner: sending "+f.Sync.String(), "learner", int64(f.Peer), "zxid", f.Zxid.Hex())
	case node.NoteEstablished:
		log.Info("Have quorum of supporters", "epoch", int64(f.Epoch))
	case node.NoteServing:
		log.Info("serving clients", "epoch", int64(f.Epoch), "zxid", f.Zxid.Hex())
	case node.NoteAcceptedEpoch:
		log.Info("accepted epoch", "epoch", int64(f.Epoch))
	case node.NoteCurrentEpoch:
		log.Info("current epoch", "epoch", int64(f.Epoch))
	default:
		h.tellMore(f)
	}
}

func (h *Host) tellMore(f *node.Note) {
	log := h.cfg.Logger
	switch f.Kind {
	case node.NoteSessionOpened:
		log.Info("Established session", "session", f.Session.String())
	case node.NoteSessionExpired:
		log.Info("Expiring session, timeout exceeded", "session", f.Session.String())
	case node.NoteSessionClosed:
		log.Info("Closed session", "session", f.Session.String())
	case node.NoteSnapshotDone:
		log.Info("Snapshot taken", "zxid", f.Zxid.Hex())
	case node.NoteTooBusyToSnap:
		log.Warn("Too busy to snap, skipping", "zxid", f.Zxid.Hex())
	case node.NoteTailCut:
		log.Warn("cut a torn tail of the log", "what", f.Text)
	case node.NoteTruncated:
		log.Warn("Truncating log to get in sync with the leader", "zxid", f.Zxid.Hex())
	case node.NoteGaveUp:
		log.Warn("Shutdown called", "role", f.Role.String(), "reason", f.Text)
	case node.NoteConnClosed:
		h.tellClosed(f)
	}
}

func (h *Host) tellRole(f *node.Note) {
	if f.Role == node.RoleLooking {
		h.looking = h.now
	}
	h.cfg.Logger.Info(f.Role.String(), "leader", int64(f.Peer))
	if f.Role != node.RoleLooking {
		h.cfg.Logger.Info(f.Role.String() + " - LEADER ELECTION TOOK - " + millis(h.now-h.looking) + " ms")
	}
}

// tellClosed says whose connection this server closes, and why. Of many clients
// in a second it says how many.
func (h *Host) tellClosed(f *node.Note) {
	peer, port := "unknown", "unknown"
	s := h.streams[f.Conn]
	if s != nil && s.port == node.PortClient && !h.quietFor().may(h.now) {
		return
	}
	if s != nil {
		port = portNames[s.port]
		if s.sock != nil {
			peer = s.sock.RemoteAddr().String()
		}
	}
	h.cfg.Logger.Info("Closed connection", "peer", peer, "port", port, "reason", f.Text)
}

// quietFor bounds the lines about closed connections of clients.
func (h *Host) quietFor() *quiet {
	if h.letting {
		return &h.refused
	}
	return &h.closed
}

// tellLeft tells of lines that were left out.
func (h *Host) tellLeft(what string) func(int) {
	return func(left int) {
		h.cfg.Logger.Info(what, "count", left, "within", time.Second)
	}
}

func (h *Host) slowFsync(op store.Op, took time.Duration) {
	h.stats.slow.Add(1)
	h.cfg.Logger.Warn("fsync-ing the write ahead log took "+millis(took)+"ms which will adversely affect operation latency",
		"file", op.Name, "took", took)
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
