package engine

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// ghost is what a server's disk holds, known from the operations that were
// carried out on it and not from what the server says. It survives the process,
// as the disk does.
type ghost struct {
	cached  chain // what a process that starts now finds
	synced  chain // what is fsynced, under names that a loss of power may take
	durable chain // what a loss of power leaves at least

	log      string // the file that is appended to
	end      int64  // of what was written to it
	unnamed  bool   // the file that holds the end of the history has a name that power may take
	incoming chain  // the history that a SNAP brought and the snapshot will stand for

	accepted, current epochGhost
}

// epochGhost is one of the epoch files.
type epochGhost struct{ temp, cached, durable proto.Epoch }

// The layout of a log, as far as it is needed to see zxids in what is written:
// header of the file; checksum and length before a payload, a byte after it; in
// the payload the zxid.
const (
	logHeadSize    = 16
	recordHeadSize = 12
	recordEndSize  = 1
	payloadZxid    = 12
)

// wrote takes in a write of the log. Zxids rise without gap, and so do offsets
// (LogShape).
func (g *ghost) wrote(op *store.Op) *proto.Violation {
	if len(op.Data) == 0 {
		return nil
	}
	if op.Name != g.log || op.Off != g.end {
		return found(proto.LogShape, "log", "wrote at offset %d of %s; what was written ends at %d of %s", op.Off, op.Name, g.end, g.log)
	}
	g.end += int64(len(op.Data))
	b := op.Data
	if op.Off == 0 {
		b = b[min(logHeadSize, len(b)):]
	}
	for len(b) >= recordHeadSize+payloadZxid+8 {
		z := proto.Zxid(binary.BigEndian.Uint64(b[recordHeadSize+payloadZxid:]))
		if !z.Follows(g.cached.tip()) {
			return found(proto.LogShape, "log", "logged %s after %s", both(z), both(g.cached.tip()))
		}
		g.cached = g.cached.with(z)
		b = b[min(recordHeadSize+int(binary.BigEndian.Uint32(b[8:]))+recordEndSize, len(b)):]
	}
	return nil
}

// fsynced takes in an fsync of a log.
func (g *ghost) fsynced(name string) {
	if name != g.log {
		return
	}
	g.synced = g.cached.copyTo(g.synced)
	if !g.unnamed {
		g.settle()
	}
}

// named takes in a sync of the directory: all names are durable.
func (g *ghost) named() {
	g.unnamed = false
	g.accepted.durable, g.current.durable = g.accepted.cached, g.current.cached
	g.settle()
}

func (g *ghost) settle() { g.durable = g.synced.copyTo(g.durable) }

// created takes in a new file.
func (g *ghost) created(op *store.Op) {
	if op.Class == store.ClassTxnLog {
		g.log, g.end, g.unnamed = op.Name, 0, true
	}
}

// wroteEpoch takes in what a temporary epoch file holds.
func (g *ghost) wroteEpoch(op *store.Op) {
	e, err := strconv.ParseInt(string(op.Data), 10, 64)
	if f := g.epochFile(strings.TrimSuffix(op.Name, ".tmp")); f != nil && err == nil {
		f.temp = proto.Epoch(e)
	}
}

func (g *ghost) epochFile(name string) *epochGhost {
	switch name {
	case store.AcceptedEpochFile.String():
		return &g.accepted
	case store.CurrentEpochFile.String():
		return &g.current
	}
	return nil
}

// renamedEpoch takes in an epoch that becomes the one that is read (R1).
func (g *ghost) renamedEpoch(op *store.Op) *proto.Violation {
	f := g.epochFile(op.To)
	if f == nil {
		return nil
	}
	before := f.cached
	f.cached = f.temp
	switch {
	case f.cached < before:
		return found(proto.EpochMonotonic, op.To, "wrote %s %d over %d", op.To, f.cached, before)
	case g.current.cached > g.accepted.cached:
		return found(proto.EpochMonotonic, op.To, "currentEpoch is %d with acceptedEpoch %d", g.current.cached, g.accepted.cached)
	}
	return nil
}

// snapshotNamed gives the zxid of a snapshot that got its name.
func snapshotNamed(op *store.Op) (proto.Zxid, bool) {
	hex, ok := strings.CutPrefix(op.To, "snapshot.")
	z, err := strconv.ParseInt(hex, 16, 64)
	return proto.Zxid(z), ok && err == nil
}

// renamedSnapshot takes in a snapshot that got its name. One that stands for a
// history that this disk does not have came from the leader, and replaces it.
func (g *ghost) renamedSnapshot(z proto.Zxid) {
	if g.cached.holds(z) {
		return
	}
	g.cached = g.incoming.copyTo(g.cached)
	g.synced = g.cached.copyTo(g.synced)
	g.unnamed = true
}

// cut takes in that the log was cut after z, and everything synced.
func (g *ghost) cut(z proto.Zxid) {
	g.cached = g.cached.upTo(z)
	g.synced = g.cached.copyTo(g.synced)
	g.log = ""
	g.named()
}

// recovered takes in what a process has found on the disk; recovery syncs it.
// Everything that was durable must be there (R8).
func (g *ghost) recovered(r *store.Recovered) *proto.Violation {
	if v := g.survives(r); v != nil {
		return v
	}
	if r.LastLogged == g.durable.tip() {
		g.cached = g.durable.copyTo(g.cached)
	} else {
		g.cached = g.cached.upTo(r.LastLogged)
	}
	g.synced = g.cached.copyTo(g.synced)
	g.accepted.cached, g.current.cached = r.AcceptedEpoch, r.CurrentEpoch
	g.log = ""
	g.named()
	return nil
}

// survives judges what was found on this disk or on a copy of it, after any
// crash: at least what was durable, at most what was written.
func (g *ghost) survives(r *store.Recovered) *proto.Violation {
	last := r.LastLogged
	switch {
	case last != g.durable.tip() && (last != 0 && !g.cached.holds(last)):
		return found(proto.ReloadEquality, "recovery", "found a history that ends with %s; %s was written, of it %s fsynced",
			both(last), both(g.cached.tip()), both(g.durable.tip()))
	case last < g.durable.tip() && g.cached.begins(g.durable):
		return found(proto.ReloadEquality, "recovery", "found a history that ends with %s, %s was fsynced", both(last), both(g.durable.tip()))
	case r.AcceptedEpoch < g.accepted.durable || r.CurrentEpoch < g.current.durable:
		return found(proto.ReloadEquality, "recovery", "found epochs %d and %d, %d and %d were durable",
			r.AcceptedEpoch, r.CurrentEpoch, g.accepted.durable, g.current.durable)
	}
	return nil
}

// honest compares a vote with the disk (VoteHonesty).
func (g *ghost) honest(n *node.Note) *proto.Violation {
	if n.Zxid == g.cached.tip() && n.Epoch == g.current.cached {
		return nil
	}
	return found(proto.VoteHonesty, "election", "votes with epoch %d and %s; its disk holds epoch %d and %s",
		n.Epoch, both(n.Zxid), g.current.cached, both(g.cached.tip()))
}
