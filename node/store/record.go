package store

import (
	"encoding/binary"
	"hash/adler32"

	"github.com/zksim/zksim/node/proto"
)

// The parts of a log record around its payload.
const (
	recordHead  = 12 // int64 checksum, int32 length
	recordTail  = 1
	recordEnd   = 0x42
	txnHeadSize = 32 // the payload's transaction header
	txnZxidAt   = 12 // the zxid in it
)

// Record is one transaction as the log holds it.
type Record struct {
	Zxid  proto.Zxid
	Bytes []byte // checksum (8), length (4), payload, 0x42; never changed
}

// NewRecord encodes txn.
func NewRecord(txn *proto.Txn) Record {
	return Record{txn.Zxid, AppendRecord(make([]byte, 0, roomOf(txn)), txn)}
}

// roomOf is about as long as the record of txn, with the list of permissions that
// most znodes have: enough that what is appended seldom has to be moved.
func roomOf(txn *proto.Txn) int {
	const around = 64 // paths, data and permissions have lengths, a digest follows
	n := recordHead + txnHeadSize + around + len(txn.Path) + len(txn.Data) + recordTail
	for i := range txn.Ops {
		n += around + len(txn.Ops[i].Path) + len(txn.Ops[i].Data)
	}
	return n
}

// RecordFromPayload frames an encoded transaction, which it copies. The payload
// is at least a transaction header long: whoever took it from the network has
// decoded it before.
func RecordFromPayload(payload []byte) Record {
	b := make([]byte, recordHead, recordHead+len(payload)+recordTail)
	b = sealRecord(append(b, payload...), 0)
	return Record{zxidOf(b), b}
}

// AppendRecord appends the log record of txn to b.
func AppendRecord(b []byte, txn *proto.Txn) []byte {
	at := len(b)
	b = append(b, make([]byte, recordHead)...)
	return sealRecord(proto.AppendTxn(b, txn), at)
}

// sealRecord fills the head of the record that begins at and ends with its
// payload, and closes it.
func sealRecord(b []byte, at int) []byte {
	payload := b[at+recordHead:]
	binary.BigEndian.PutUint64(b[at:], uint64(adler32.Checksum(payload)))
	binary.BigEndian.PutUint32(b[at+8:], uint32(len(payload)))
	return append(b, recordEnd)
}

// Payload returns the encoded transaction, a slice of Bytes.
func (r Record) Payload() []byte { return r.Bytes[recordHead : len(r.Bytes)-recordTail] }

// zxidOf reads the zxid of the record at the start of b.
func zxidOf(b []byte) proto.Zxid {
	return proto.Zxid(binary.BigEndian.Uint64(b[recordHead+txnZxidAt:]))
}
