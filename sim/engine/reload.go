package engine

import (
	"slices"
	"time"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
)

// reloads are the moments at which a copy of a disk is recovered and compared
// with what was written, told and acknowledged (R8). They fall directly after a
// disk operation, where a crash could.
type reloads struct {
	draws rng.Stream
	mean  time.Duration
	next  time.Duration
	count uint64
}

// reloadsPerRun is how many there are on average in the safety phase. Each costs
// about as much as a tenth of a virtual second.
const reloadsPerRun = 10

// reloadDrawKind keeps these draws apart from others for the same purpose.
const reloadDrawKind = 0x8001

func (l *reloads) init(c *cluster) {
	l.draws = c.src.Stream(rng.Key{Host: -1, Purpose: rng.PurposeNode, Kind: reloadDrawKind})
	l.mean = max(c.cfg.For/reloadsPerRun, 1)
	l.plan(0)
}

func (l *reloads) plan(now time.Duration) { l.next = now + l.draws.Duration(1, 2*l.mean) }

// due reports whether one of the moments has come, and draws the next one.
func (l *reloads) due(now time.Duration) bool {
	if now < l.next {
		return false
	}
	l.plan(now)
	return true
}

// reload recovers a copy of a server's disk: as a killed process leaves it, or
// as a loss of power does.
func (r *replication) reload(s *server) *proto.Violation {
	g := r.ghost(s)
	d := s.disk.Clone()
	power := disksim.Power(r.reloads.draws.Below(3))
	d.Crash(power, &r.reloads.draws)
	r.reloads.count++
	got, err := store.Recover(d, s.cfg.CommitLogCount)
	if err != nil {
		return found(proto.ReloadEquality, "reload", "a copy of the disk after %v cannot be recovered: %v", power, err)
	}
	if m := got.Mismatch; m != nil {
		return found(proto.ReloadEquality, "reload", "replay arrived at digest %#x after %s, %#x was foreseen", uint64(m.Got), both(m.Zxid), uint64(m.Want))
	}
	if v := g.reloaded(got, power); v != nil {
		return v
	}
	return r.sameState(g, got)
}

// reloaded compares history and epochs: after a loss of power they are exactly
// what is durable, after the end of the process exactly what was written.
func (g *ghost) reloaded(got *store.Recovered, power disksim.Power) *proto.Violation {
	if v := g.survives(got); v != nil || power == disksim.Subset {
		return v
	}
	want, accepted, current := g.cached, g.accepted.cached, g.current.cached
	if power == disksim.LoseUnsynced {
		want, accepted, current = g.durable, g.accepted.durable, g.current.durable
	}
	e := want.tip().Epoch() // of an epoch that is being taken over
	if got.LastLogged != want.tip() || got.AcceptedEpoch != max(accepted, e) || got.CurrentEpoch != max(current, e) {
		return found(proto.ReloadEquality, "reload", "a copy of the disk after %v holds %s, epochs %d and %d; it should hold %s, epochs %d and %d", power,
			both(got.LastLogged), got.AcceptedEpoch, got.CurrentEpoch, both(want.tip()), max(accepted, e), max(current, e))
	}
	return nil
}

// sameState compares tree and sessions with what they are at this zxid.
func (r *replication) sameState(g *ghost, got *store.Recovered) *proto.Violation {
	if got.InexactUntil != 0 {
		return found(proto.ReloadEquality, "reload", "the snapshot %s holds effects up to %s, the log ends with %s",
			both(got.SnapshotZxid), both(got.InexactUntil), both(got.LastLogged))
	}
	z := got.LastLogged
	if e := r.c.checks.ledger.entry(z); e.treeBy != 0 && e.tree != got.Tree.Digest() {
		return found(proto.ReloadEquality, "reload", "at %s the recovered tree has the digest %#x; that of %v had %#x",
			both(z), uint64(got.Tree.Digest()), e.treeBy, uint64(e.tree))
	}
	history := g.cached
	if !history.holds(z) {
		history = g.durable
	}
	want := r.sessionsAt(history, z)
	var have []proto.SessionID
	for _, s := range got.Tree.Sessions() {
		have = append(have, s.ID)
	}
	slices.Sort(have)
	if !slices.Equal(have, want) {
		return found(proto.ReloadEquality, "reload", "at %s the recovered sessions are %v, they should be %v", both(z), have, want)
	}
	return nil
}

// sessionsAt gives the sessions that are open in a history after z, sorted.
func (r *replication) sessionsAt(h chain, z proto.Zxid) []proto.SessionID {
	open := map[proto.SessionID]bool{}
	for _, t := range r.sessions {
		if t.zxid > z || !h.holds(t.zxid) {
			continue
		}
		if t.opens {
			open[t.session] = true
		} else {
			delete(open, t.session)
		}
	}
	list := make([]proto.SessionID, 0, len(open))
	for id := range open { // order-free: sorted below
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}
