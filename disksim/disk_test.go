package disksim

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
)

// subject is a disk under test: a Disk, or one with a planted defect.
type subject interface {
	store.FS
	Crash(Power, *rng.Stream)
}

// pick draws a number in [0, n).
type pick func(what string, n int) int

// pair is a disk beside its reference.
type pair struct {
	disk subject
	ref  *reference
}

// session compares disks with their references over a drawn sequence of
// operations, crashes and clones.
type session struct {
	pick  pick
	names []string
	kinds []store.OpKind
	pairs []pair
	clone func(subject) subject // nil: this disk has no clones
	loan  []loan
}

// loan is content that ReadFile handed out, and what it was then.
type loan struct {
	content []byte
	was     string
}

func plainClone(s subject) subject { return s.(*Disk).Clone() }

// newSession draws whether to go through everything, or to dwell on names or on
// the content of one file, where clones and crashes meet in few steps.
func newSession(p pick, disk subject, clone func(subject) subject) *session {
	s := &session{pick: p, clone: clone, pairs: []pair{{disk, &reference{}}}}
	content := []store.OpKind{store.OpWrite, store.OpWrite, store.OpWrite, store.OpTruncate, store.OpFsync}
	names := []store.OpKind{store.OpCreate, store.OpCreate, store.OpRename, store.OpRemove, store.OpSyncDir}
	switch p("focus", 3) {
	case 0:
		s.names, s.kinds = []string{"a", "b", "c"}, slices.Concat(content, names)
	case 1:
		s.names, s.kinds = []string{"a", "b", "c"}, names
	case 2:
		s.names, s.kinds = []string{"a"}, content
		s.begin(store.Op{Kind: store.OpCreate, Name: "a"}, store.Op{Kind: store.OpSyncDir})
	}
	return s
}

// begin carries out operations that cannot fail.
func (s *session) begin(ops ...store.Op) {
	for _, op := range ops {
		_ = do(s.pairs[0].disk, op)
		s.pairs[0].ref.carryOut(op)
	}
}

func (s *session) run(steps int) error {
	for range steps {
		if err := s.step(s.pairs[s.pick("disk", len(s.pairs))]); err != nil {
			return err
		}
	}
	for _, p := range s.pairs {
		if err := s.compare(p); err != nil {
			return err
		}
	}
	for _, l := range s.loan {
		if string(l.content) != l.was {
			return fmt.Errorf("content handed out changed from %q to %q", l.was, l.content)
		}
	}
	return nil
}

func (s *session) step(p pair) error {
	switch s.pick("verb", 14) {
	case 0:
		return s.crash(p)
	case 1:
		if s.clone != nil && len(s.pairs) < 4 {
			s.pairs = append(s.pairs, pair{s.clone(p.disk), p.ref.clone()})
		}
		return nil
	case 2:
		return s.borrow(p)
	case 3:
		return s.compare(p)
	}
	return s.operate(p, s.op(p))
}

// op draws an operation. No file gets more than eight unsynced ones, for the
// reference goes through all their subsets.
func (s *session) op(p pair) store.Op {
	op := store.Op{Kind: s.kinds[s.pick("kind", len(s.kinds))], Name: s.names[s.pick("name", len(s.names))]}
	switch op.Kind {
	case store.OpRename:
		op.To = s.names[s.pick("to", len(s.names))]
	case store.OpTruncate:
		op.Off = int64(s.pick("size", 12))
	case store.OpWrite:
		op.Off = int64(s.pick("off", 10))
		op.Data = []byte("ABCDEFGH"[s.pick("from", 4):][:s.pick("len", 5)])
	}
	if p.ref.unsynced(op.Name) >= 8 {
		op.Kind = store.OpFsync
	}
	return op
}

func (s *session) operate(p pair, op store.Op) error {
	err := do(p.disk, op)
	if p.ref.carryOut(op) {
		return err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%v of a missing file: %v", op.Kind, err)
	}
	return nil
}

func do(d store.FS, op store.Op) error {
	switch op.Kind {
	case store.OpCreate:
		return d.Create(op.Name)
	case store.OpWrite:
		return d.WriteAt(op.Name, op.Off, op.Data)
	case store.OpTruncate:
		return d.Truncate(op.Name, op.Off)
	case store.OpFsync:
		return d.Sync(op.Name)
	case store.OpRename:
		return d.Rename(op.Name, op.To)
	case store.OpRemove:
		return d.Remove(op.Name)
	}
	return d.SyncDir()
}

func (s *session) crash(p pair) error {
	power := Power(s.pick("power", 3))
	draw := rng.New(uint64(s.pick("crash seed", 1<<16))).Stream(rng.Key{Purpose: rng.PurposeCrash})
	p.disk.Crash(power, &draw)
	got, err := filesOf(p.disk)
	if err != nil {
		return err
	}
	allowed := false
	switch power {
	case LoseUnsynced:
		allowed = maps.Equal(got, p.ref.lost())
	case KeepAll:
		allowed = maps.Equal(got, p.ref.files())
	case Subset:
		allowed = p.ref.allows(got)
	}
	if !allowed {
		return fmt.Errorf("crash with %v left %q after %+v", power, got, *p.ref)
	}
	p.ref.restart(got)
	return nil
}

func (s *session) borrow(p pair) error {
	content, err := p.disk.ReadFile("a")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.loan = append(s.loan, loan{content, string(content)})
	return err
}

// compare checks the cached state, and for a plain disk what Durable and the
// counters say.
func (s *session) compare(p pair) error {
	got, err := filesOf(p.disk)
	if err != nil {
		return err
	}
	if want := p.ref.files(); !maps.Equal(got, want) {
		return fmt.Errorf("files are %q, want %q", got, want)
	}
	disk, plain := p.disk.(*Disk)
	if !plain {
		return nil
	}
	durable, err := filesOf(disk.Durable())
	if err != nil {
		return err
	}
	if want := p.ref.lost(); !maps.Equal(durable, want) {
		return fmt.Errorf("durable is %q, want %q", durable, want)
	}
	if want := p.ref.bytes(); disk.Bytes() != want {
		return fmt.Errorf("%d bytes, want %d", disk.Bytes(), want)
	}
	if disk.Unsynced() == 0 && !maps.Equal(got, durable) {
		return fmt.Errorf("nothing unsynced, yet a crash takes %q back to %q", got, durable)
	}
	return nil
}

func (r *reference) bytes() (sum int64) {
	for _, content := range r.files() {
		sum += int64(len(content))
	}
	return sum
}

func TestAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }
		require.NoError(t, newSession(p, New(), plainClone).run(rapid.IntRange(1, 60).Draw(t, "steps")))
	})
}
