package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/adler32"

	"github.com/zksim/zksim/node/proto"
)

// logHeader begins every log: magic ZKLG, version 2, database id 0.
const logHeader = "ZKLG\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"

// flaw says why no record can be read at some place. The zero value is none.
type flaw struct {
	what      string
	want, got int64
}

func (f flaw) String() string {
	if f.want == f.got {
		return f.what
	}
	return fmt.Sprintf("%s: want 0x%x, got 0x%x", f.what, f.want, f.got)
}

// parseRecord returns the length of the record at the start of b.
func parseRecord(b []byte) (int, flaw) {
	if len(b) < recordHead+txnHeadSize+recordTail {
		return 0, flaw{what: fmt.Sprintf("%d bytes are no record", len(b))}
	}
	sum := int64(binary.BigEndian.Uint64(b))
	size := int64(int32(binary.BigEndian.Uint32(b[8:])))
	if size < txnHeadSize || size > int64(len(b)-recordHead-recordTail) {
		return 0, flaw{what: fmt.Sprintf("record of %d bytes, %d left", size, len(b)-recordHead)}
	}
	end := recordHead + int(size)
	if b[end] != recordEnd {
		return 0, flaw{"end of record", recordEnd, int64(b[end])}
	}
	if got := int64(adler32.Checksum(b[recordHead:end])); got != sum {
		return 0, flaw{"checksum", sum, got}
	}
	return end + recordTail, flaw{}
}

// findRecord returns where in b, at from or later, the first valid record with
// a zxid above z lies, or -1. Records that a torn one carries in its own data
// are found too; refusing to start is then the safe mistake.
func findRecord(b []byte, from int, z proto.Zxid) int {
	b = trimZeros(b) // no record ends in a zero
	for at := from; at+recordHead+txnHeadSize+recordTail <= len(b); at++ {
		// A checksum has 32 bits in its 64, and a length is never 0: this
		// passes over zeros and most garbage without summing anything.
		if binary.BigEndian.Uint32(b[at:]) != 0 || binary.BigEndian.Uint32(b[at+8:]) == 0 {
			continue
		}
		if zxidOf(b[at:]) <= z {
			continue
		}
		if n, _ := parseRecord(b[at:]); n > 0 {
			return at
		}
	}
	return -1
}

// logReader walks the records of one log.
type logReader struct {
	name string
	data []byte // the whole file
	off  int    // of the next record
	last proto.Zxid
	flaw flaw // why the walk ended, unless at a clean end
}

// newLogReader stands before the first record. A header that a crash left
// unwritten or half written is a flaw at offset 0; any other is an error,
// because a file of somebody else's must not be taken for a torn log.
func newLogReader(name string, data []byte) (*logReader, error) {
	r := &logReader{name: name, data: data}
	if bytes.HasPrefix(data, []byte(logHeader)) {
		r.off = len(logHeader)
		return r, nil
	}
	head := data[:min(len(data), len(logHeader))]
	n := 0
	for n < len(head) && head[n] == logHeader[n] {
		n++
	}
	if !allZero(head[n:]) {
		return nil, fmt.Errorf("%w: %s: offset 0: want header %x, got %x", ErrDamagedLog, name, logHeader, head)
	}
	r.flaw = flaw{what: "header was not written"}
	return r, nil
}

// next returns the next record, or false at the end of what can be read.
// The error tells of a valid record that is not where its zxid belongs.
func (r *logReader) next() (Record, bool, error) {
	rest := r.data[r.off:]
	if r.flaw.what != "" || len(rest) == 0 {
		return Record{}, false, nil
	}
	n, f := parseRecord(rest)
	if n == 0 {
		if !allZero(rest) { // zeros are preallocated space
			r.flaw = f
		}
		return Record{}, false, nil
	}
	rec := Record{zxidOf(rest), rest[:n:n]}
	if err := r.checkShape(rec.Zxid); err != nil {
		return Record{}, false, err
	}
	r.off += n
	r.last = rec.Zxid
	return rec, true, nil
}

// checkShape checks what must hold inside any one log: it is named after its
// first transaction and its zxids rise without a gap.
func (r *logReader) checkShape(z proto.Zxid) error {
	if r.empty() {
		if LogName(z) == r.name {
			return nil
		}
		return r.damaged("begins with %v (%s)", z, z.Hex())
	}
	if !z.Follows(r.last) {
		return r.damaged("%v (%s) after %v (%s)", z, z.Hex(), r.last, r.last.Hex())
	}
	return nil
}

// empty reports whether no record has been read yet.
func (r *logReader) empty() bool { return r.off <= len(logHeader) }

func (r *logReader) damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s: offset %d: %s", ErrDamagedLog, r.name, r.off, fmt.Sprintf(format, args...))
}

// cut describes the end of the file as a torn tail.
func (r *logReader) cut() Cut {
	return Cut{File: r.name, Offset: int64(r.off), Bytes: lostBytes(r.data[r.off:]), Reason: r.flaw.String()}
}

// lostBytes counts the bytes of a torn tail up to the last that is not zero.
func lostBytes(tail []byte) int64 { return int64(len(trimZeros(tail))) }

// trimZeros cuts off the zeros at the end: preallocated space, tens of megabytes.
func trimZeros(b []byte) []byte {
	for len(b) >= len(zeros) && string(b[len(b)-len(zeros):]) == zeros {
		b = b[:len(b)-len(zeros)]
	}
	return bytes.TrimRight(b, "\x00")
}

const zeros = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

func allZero(b []byte) bool {
	for len(b) > len(zeros) {
		if string(b[:len(zeros)]) != zeros {
			return false
		}
		b = b[len(zeros):]
	}
	return string(b) == zeros[:len(b)]
}
