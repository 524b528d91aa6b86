package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
)

// server drives the planned operations of one server onto a disk and lets
// crashes fall between them.
type server struct {
	t       *rapid.T
	disk    *disksim.Disk
	draw    rng.Stream
	scribe  *scribe
	w       *store.LogWriter
	synced  proto.Zxid // everything up to it was covered by a completed fsync
	epoch   proto.Epoch
	current proto.Epoch // completed write of currentEpoch
	fuel    int         // operations until the next crash
}

func newServer(t *rapid.T) *server {
	s := &server{t: t, disk: disksim.New(), epoch: 1, w: store.NewLogWriter(4 << 10)}
	s.draw = rng.New(rapid.Uint64().Draw(t, "seed")).Stream(rng.Key{Purpose: rng.PurposeCrash})
	r := mustRecover(t, s.disk)
	s.scribe = newScribe(r.Tree)
	s.refuel()
	return s
}

func (s *server) refuel() { s.fuel = rapid.IntRange(0, 60).Draw(s.t, "fuel") }

// run carries out ops, or some of them and then crashes and recovers.
func (s *server) run(ops []store.Op) bool {
	for _, op := range ops {
		if s.fuel == 0 {
			s.crash()
			return false
		}
		s.fuel--
		do(s.t, s.disk, op)
	}
	return true
}

func (s *server) crash() {
	// The process dies, a new one reads the page cache, then the power fails:
	// what the new one saw must not vanish.
	var seen proto.Zxid
	if rapid.Bool().Draw(s.t, "killed first") {
		seen = mustRecover(s.t, s.disk).LastLogged
	}
	power := rapid.SampledFrom([]disksim.Power{disksim.LoseUnsynced, disksim.KeepAll, disksim.Subset}).Draw(s.t, "power")
	s.disk.Crash(power, &s.draw)
	r := mustRecover(s.t, s.disk)
	checkPrefix(s.t, s.scribe, r)
	require.GreaterOrEqual(s.t, r.LastLogged, max(s.synced, seen))
	require.GreaterOrEqual(s.t, r.CurrentEpoch, s.current)
	require.GreaterOrEqual(s.t, r.AcceptedEpoch, r.CurrentEpoch)
	require.LessOrEqual(s.t, r.AcceptedEpoch, s.epoch)

	after := newScribe(r.Tree)
	after.digests = s.scribe.digests
	for z := range after.digests { // order-free: only deletes
		if z > r.LastLogged {
			delete(after.digests, z)
		}
	}
	s.scribe, s.synced, s.w = after, r.LastLogged, store.NewLogWriter(4<<10)
	s.current = r.CurrentEpoch
	s.refuel()
	// A restarted server joins a later epoch, so a zxid stays one transaction.
	s.takeOver()
}

// takeOver begins an epoch.
func (s *server) takeOver() {
	s.epoch++
	e := s.epoch
	if !s.run(store.EpochOps(nil, store.AcceptedEpochFile, e)) ||
		!s.run(store.AnnounceEpochOps(nil, e)) || !s.append() {
		return
	}
	if s.run(store.EpochOps(nil, store.CurrentEpochFile, e)) {
		s.current = e
	}
}

func (s *server) append() bool {
	var batch []store.Record
	for range rapid.IntRange(1, 4).Draw(s.t, "batch") {
		batch = append(batch, s.scribe.write(s.epoch, rapid.IntRange(0, 99).Draw(s.t, "op")))
	}
	ops := s.w.Append(nil, batch)
	last := s.scribe.zxid
	if !s.run(s.w.Fsync(ops)) {
		return false
	}
	s.synced = last
	s.scribe.apply(last)
	return true
}

// snapshot writes the tree while transactions are logged between the pieces.
func (s *server) snapshot() {
	if s.w.Roll(); s.scribe.tree.LastProcessed() == 0 {
		return
	}
	w := store.NewSnapshotWriter(s.scribe.tree.LastProcessed())
	ops := w.Begin(nil)
	sn := s.scribe.tree.NewSnapshot()
	for done := false; !done; {
		var b []byte
		b, done = sn.Append(nil, 120)
		if !s.run(w.Chunk(ops, b)) {
			return
		}
		if ops = nil; !s.append() {
			return
		}
	}
	w.SetDigest(s.scribe.tree.LastProcessed(), s.scribe.tree.Digest())
	s.run(w.Finish(nil))
}

// cut truncates as the leader of a later epoch would demand.
func (s *server) cut() {
	z := s.synced - proto.Zxid(rapid.IntRange(0, 3).Draw(s.t, "back"))
	if _, known := s.scribe.digests[z]; !known {
		return
	}
	r := do(s.t, s.disk, store.Op{Kind: store.OpCutLog, Off: int64(z), Keep: keepAll})
	checkPrefix(s.t, s.scribe, r)
	require.Equal(s.t, z, r.LastLogged)
	for other := range s.scribe.digests { // order-free: only deletes
		if other > z {
			delete(s.scribe.digests, other)
		}
	}
	after := newScribe(r.Tree)
	after.digests = s.scribe.digests
	s.scribe, s.synced = after, z
	s.w.Roll()
	s.takeOver()
}

func TestRecoveryAfterAnyCrash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newServer(t)
		s.takeOver()
		t.Repeat(map[string]func(*rapid.T){
			"append":   func(*rapid.T) { s.append() },
			"append2":  func(*rapid.T) { s.append() },
			"roll":     func(*rapid.T) { s.w.Roll() },
			"snapshot": func(*rapid.T) { s.snapshot() },
			"takeOver": func(*rapid.T) { s.takeOver() },
			"cut":      func(*rapid.T) { s.cut() },
			"crash":    func(*rapid.T) { s.crash() },
		})
	})
}
