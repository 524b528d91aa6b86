package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// Recovered is what a directory holds.
type Recovered struct {
	Tree         *ztree.Tree // the snapshot and every logged transaction, committed or not
	LastLogged   proto.Zxid  // 0 for an empty database
	SnapshotZxid proto.Zxid  // name of the snapshot used
	// InexactUntil is above LastLogged when the snapshot holds effects of
	// transactions that the log does not have (they were applied, and lost with
	// an unsynced log): until the server has applied up to it, the tree may
	// differ from that of others at the same zxid. Else 0.
	InexactUntil proto.Zxid
	// Log is the last records that were read, at most as many as asked for,
	// contiguous up to LastLogged. It can begin before the snapshot.
	Log  []Record
	Base proto.Zxid // of the transaction before Log[0]; LastLogged when Log is empty

	AcceptedEpoch, CurrentEpoch proto.Epoch

	Cut      []Cut           // torn tails
	Refused  []error         // snapshots newer than the one used, which wrap ErrDamagedSnapshot
	Mismatch *DigestMismatch // the first digest that replay did not arrive at
}

// Cut is a torn tail that recovery removed.
type Cut struct {
	File   string
	Offset int64 // of the first bad byte
	Bytes  int64 // up to the last one that was not zero
	Reason string
}

// String tells it in a sentence.
func (c Cut) String() string {
	return fmt.Sprintf("%s: cut %d bytes at offset %d: %s", c.File, c.Bytes, c.Offset, c.Reason)
}

// DigestMismatch says that the recovered tree differs from the one that the
// leader foresaw, or that the snapshot's writer had.
type DigestMismatch struct {
	Zxid      proto.Zxid
	Want, Got int64
}

// Recover reads a directory back (protocol.md §8.3) and makes it ready for the
// next writer: it writes snapshot 0 into an untouched directory, cuts torn
// tails, removes temporary files, completes currentEpoch, and syncs what the
// caller is going to rely on. Recovered.Log holds at most keep records. After
// an error of this package the directory is as it was.
func Recover(fs FS, keep int) (*Recovered, error) {
	d, err := list(fs)
	if err != nil {
		return nil, err
	}
	if d.untouched() {
		if err := doAll(fs, emptySnapshot()); err != nil {
			return nil, err
		}
		if d, err = list(fs); err != nil {
			return nil, err
		}
	}
	h, err := read(fs, d, noLimit)
	if err != nil {
		return nil, err
	}
	if err := h.check(fs, d, h.last); err != nil {
		return nil, err
	}
	if err := doAll(fs, h.tidy(d)); err != nil {
		return nil, err
	}
	return h.recovered(keep), nil
}

// emptySnapshot plans the snapshot of a database in which nothing happened.
func emptySnapshot() []Op {
	w := NewSnapshotWriter(0)
	body, _ := ztree.New().NewSnapshot().Append(nil, maxInt)
	return w.Finish(w.Chunk(w.Begin(nil), body))
}

const maxInt = int(^uint(0) >> 1)

// history is everything that was read.
type history struct {
	*replay
	epochs
	refused []refusal
	inexact []proto.Zxid // snapshots up to limit that hold effects above it
}

// read loads the newest snapshot and replays the logs, up to limit. It changes
// nothing on disk.
func read(fs FS, d *directory, limit proto.Zxid) (*history, error) {
	h := new(history)
	im, err := h.load(fs, d, limit)
	if err != nil {
		return nil, err
	}
	h.replay = newReplay(fs, im, d.logs, limit)
	if err := h.run(); err != nil {
		return nil, h.withRefused(err)
	}
	if err := h.checkRefused(); err != nil {
		return nil, err
	}
	if h.epochs, err = readEpochs(fs, d, h.last); err != nil {
		return nil, err
	}
	return h, nil
}

// candidatesMax is how many snapshots are tried.
const candidatesMax = 100

// load returns the newest snapshot that can be read and holds nothing of what
// comes after limit.
func (h *history) load(fs FS, d *directory, limit proto.Zxid) (*image, error) {
	tried := 0
	for _, z := range slices.Backward(d.snapshots) {
		if z > limit {
			continue
		}
		if tried++; tried > candidatesMax {
			break
		}
		im, err := loadSnapshot(fs, z)
		switch {
		case errors.Is(err, ErrDamagedSnapshot):
			h.refused = append(h.refused, refusal{z, err})
		case err != nil:
			return nil, err
		case im.until > limit:
			h.inexact = append(h.inexact, z)
		default:
			return im, nil
		}
	}
	return nil, h.withRefused(fmt.Errorf("%w: %d snapshots, %d logs", ErrNoSnapshot, len(d.snapshots), len(d.logs)))
}

// refusal is a snapshot that could not be read.
type refusal struct {
	zxid proto.Zxid
	err  error
}

func (h *history) withRefused(err error) error {
	if len(h.refused) == 0 {
		return err
	}
	return fmt.Errorf("%w; %w", err, h.refused[0].err)
}

// checkRefused returns the error of a snapshot that cannot be read and whose
// history is not in the logs either: the server has promised more than it could
// now show. A snapshot gets its name when it is durable, so no crash does this.
func (h *history) checkRefused() error {
	for _, r := range h.refused {
		if r.zxid > h.last {
			return fmt.Errorf("the history ends at %v (%s): %w", h.last, h.last.Hex(), r.err)
		}
	}
	return nil
}

func (h *history) recovered(keep int) *Recovered {
	h.image.tree.SetLastProcessed(h.last)
	r := &Recovered{Tree: h.image.tree, LastLogged: h.last, SnapshotZxid: h.image.zxid,
		AcceptedEpoch: h.accepted, CurrentEpoch: h.current, Cut: h.cuts, Mismatch: h.mismatch}
	if h.image.until > h.last {
		r.InexactUntil = h.image.until
	}
	for _, refused := range h.refused {
		r.Refused = append(r.Refused, refused.err)
	}
	r.Log, r.Base = h.lastRecords(keep)
	return r
}

// lastRecords returns the last records, at most keep, and the zxid before them.
// Their bytes are copied: a file, most of which nobody needs, would live as long
// as one of them.
func (h *history) lastRecords(keep int) ([]Record, proto.Zxid) {
	recs, base := h.recs, h.base
	if drop := len(recs) - max(keep, 0); drop > 0 {
		recs, base = recs[drop:], recs[drop-1].Zxid
	}
	size := 0
	for _, r := range recs {
		size += len(r.Bytes)
	}
	own, room := make([]Record, len(recs)), make([]byte, 0, size)
	for i, r := range recs {
		at := len(room)
		room = append(room, r.Bytes...)
		own[i] = Record{r.Zxid, room[at:len(room):len(room)]}
	}
	return own, base
}
