package store

import (
	"fmt"
	"math"

	"github.com/zksim/zksim/node/proto"
)

// noLimit replays to the end of the log.
const noLimit proto.Zxid = math.MaxInt64

// replay reads the log over a snapshot: transactions above the snapshot's name
// are applied, those before it in the same file are remembered.
type replay struct {
	fs      FS
	image   *image
	logs    []proto.Zxid // the files to read, rising
	limit   proto.Zxid   // the last transaction to take
	reached bool         // the history ends exactly at limit
	torn    error        // with a limit: the flaw at which the history ends

	last     proto.Zxid // of the history so far
	recs     []Record   // contiguous up to last, once passed is set
	base     proto.Zxid // the zxid before recs[0]
	passed   bool       // the log has passed the snapshot's name
	end      logEnd
	cuts     []Cut
	mismatch *DigestMismatch
}

// logEnd is the place where the history ends; everything behind it is to go.
type logEnd struct {
	file int   // index of the last file with something to keep, or -1
	size int64 // what to keep of it
	trim bool  // it is longer than that
}

func newReplay(fs FS, im *image, logs []proto.Zxid, limit proto.Zxid) *replay {
	return &replay{fs: fs, image: im, logs: logsFrom(logs, im.zxid), limit: limit,
		last: im.zxid, base: im.zxid, end: logEnd{file: -1}}
}

// logsFrom returns those logs that can hold transactions above z: from the last
// one named z+1 or lower.
func logsFrom(logs []proto.Zxid, z proto.Zxid) []proto.Zxid {
	from := 0
	for i, first := range logs {
		if first <= z+1 {
			from = i
		}
	}
	return logs[from:]
}

// run reads the files until one of them ends the history.
func (r *replay) run() error {
	r.checkDigest(r.last, nil)
	for i, more := 0, true; more && i < len(r.logs); i++ {
		lr, err := openLog(r.fs, LogName(r.logs[i]))
		if err != nil {
			return err
		}
		if more, err = r.file(lr, i); err != nil {
			return err
		}
		if !lr.empty() {
			r.end = logEnd{file: i, size: int64(lr.off), trim: !more}
		}
	}
	r.pass()
	r.reached = r.reached || r.last == r.limit
	return nil
}

func openLog(fs FS, name string) (*logReader, error) {
	data, err := fs.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return newLogReader(name, data)
}

// file reads the i-th file and leaves lr at the end of what is to be kept. It
// returns false when the history ends in it.
func (r *replay) file(lr *logReader, i int) (bool, error) {
	for {
		at := lr.off
		rec, ok, err := lr.next()
		switch {
		case err != nil:
			return false, err
		case !ok && lr.flaw.what != "":
			return false, r.stopTorn(lr, i)
		case !ok:
			return true, nil
		case rec.Zxid > r.limit:
			lr.off = at
			r.stopAbove(rec.Zxid)
			return false, nil
		}
		if err := r.take(rec); err != nil {
			lr.off = at
			return false, lr.damaged("%v (%s): %v", rec.Zxid, rec.Zxid.Hex(), err)
		}
	}
}

// take adds one record to the history.
func (r *replay) take(rec Record) error {
	if rec.Zxid > r.image.zxid {
		r.pass()
		if err := r.apply(rec); err != nil {
			return err
		}
		r.last = rec.Zxid
	}
	r.recs = append(r.recs, rec)
	return nil
}

func (r *replay) apply(rec Record) error {
	if !rec.Zxid.Follows(r.last) {
		return fmt.Errorf("does not follow %v (%s)", r.last, r.last.Hex())
	}
	txn, err := proto.DecodeTxn(rec.Payload())
	if err != nil {
		return err
	}
	r.image.tree.Apply(&txn, nil, nil)
	r.checkDigest(rec.Zxid, &txn)
	return nil
}

// pass is called where the log passes the snapshot's name. It forgets the
// records up to there unless they lead to it: when the snapshot came from a
// leader they may belong to a history that was abandoned. The zxid before the
// oldest of them is not known, so that one only serves to name the base.
func (r *replay) pass() {
	if r.passed {
		return
	}
	r.passed = true
	if n := len(r.recs); n == 0 || r.recs[n-1].Zxid != r.image.zxid {
		r.recs = r.recs[:0]
		return
	}
	r.base = r.recs[0].Zxid
	r.recs = r.recs[1:]
}

// checkDigest compares the tree after z with what the snapshot and the leader
// foretold. An image is inexact until its last transaction has been replayed.
func (r *replay) checkDigest(z proto.Zxid, txn *proto.Txn) {
	im := r.image
	if r.mismatch != nil || z < im.until || !im.known && im.zxid != 0 {
		return
	}
	got := im.tree.Digest()
	if im.known && z == im.until && got != im.digest {
		r.mismatch = &DigestMismatch{z, im.digest, got}
	} else if txn != nil && txn.HasDigest && got != txn.Digest {
		r.mismatch = &DigestMismatch{z, txn.Digest, got}
	}
}

// stopAbove ends the history before the record of z, which is above the limit.
//
// An epoch's zxid 0 stands for the end of all epochs before it. That this log
// goes on with the epoch's first transaction proves that nothing is missing.
func (r *replay) stopAbove(z proto.Zxid) {
	r.reached = r.limit.Counter() == 0 && z == r.limit+1 && z.Follows(r.last)
}

// stopTorn ends the history at a flaw. Without a limit no valid record may
// follow it; what lies above a limit is going to be cut whatever it is.
func (r *replay) stopTorn(lr *logReader, i int) error {
	if r.limit != noLimit {
		r.torn = lr.damaged("%v", lr.flaw)
		return nil
	}
	if at := findRecord(lr.data, lr.off, lr.last); at >= 0 {
		return lr.damaged("%v; a valid record follows at offset %d", lr.flaw, at)
	}
	r.cuts = append(r.cuts, lr.cut())
	for _, first := range r.logs[i+1:] {
		if err := r.cutWhole(lr, LogName(first)); err != nil {
			return err
		}
	}
	return nil
}

// cutWhole reports a file after a torn one, in which nothing may be valid.
func (r *replay) cutWhole(torn *logReader, name string) error {
	data, err := r.fs.ReadFile(name)
	if err != nil {
		return err
	}
	if at := findRecord(data, 0, 0); at >= 0 {
		return torn.damaged("%v; a valid record follows in %s at offset %d", torn.flaw, name, at)
	}
	r.cuts = append(r.cuts, Cut{File: name, Bytes: lostBytes(data), Reason: "comes after a torn log"})
	return nil
}
