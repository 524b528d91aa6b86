package store

import (
	"hash"
	"hash/adler32"

	"github.com/zksim/zksim/node/proto"
)

// snapshotHeader begins every snapshot: magic ZKSN, version 2, database id -1.
const snapshotHeader = "ZKSN\x00\x00\x00\x02\xff\xff\xff\xff\xff\xff\xff\xff"

// sealEnd closes each seal: the string "/".
const sealEnd = "\x00\x00\x00\x01/"

// sealSize is an int64 checksum and sealEnd.
const sealSize = 8 + len(sealEnd)

// SnapshotWriter plans the writing of one snapshot: Begin, any number of
// Chunks, then Finish or Abort. Until Finish renames it, the file has a
// temporary name, so that a snapshot under its own name is always whole.
type SnapshotWriter struct {
	name   string
	off    int64
	sum    hash.Hash32 // of everything planned so far
	at     proto.Zxid  // see SetDigest
	digest int64
}

// NewSnapshotWriter returns a writer of the snapshot that was begun at z.
func NewSnapshotWriter(z proto.Zxid) *SnapshotWriter {
	return &SnapshotWriter{name: SnapshotName(z), sum: adler32.New()}
}

// Begin plans the file and its header.
func (w *SnapshotWriter) Begin(ops []Op) []Op {
	ops = append(ops, Op{Kind: OpCreate, Class: ClassSnapshot, Name: w.name + tempSuffix})
	return w.Chunk(ops, []byte(snapshotHeader))
}

// Chunk plans the next piece of the body, which becomes the writer's.
func (w *SnapshotWriter) Chunk(ops []Op, b []byte) []Op {
	w.sum.Write(b)
	ops = append(ops, Op{Kind: OpWrite, Class: ClassSnapshot, Name: w.name + tempSuffix, Off: w.off, Data: b})
	w.off += int64(len(b))
	return ops
}

// SetDigest says, before Finish, what the tree was when the last piece of its
// body had been taken: the last transaction applied, and the digest then. Replay
// over the image must arrive at that digest at z; and an image whose z lies
// above the target of a truncation holds effects that the truncation undoes.
func (w *SnapshotWriter) SetDigest(z proto.Zxid, digest int64) { w.at, w.digest = z, digest }

// Finish plans the seal, the section of the digest (zxid 0 when SetDigest told
// none, as ZooKeeper 3.8.0 writes it) with its own seal, and then what makes the
// snapshot durable and gives it its name.
func (w *SnapshotWriter) Finish(ops []Op) []Op {
	b := w.seal(make([]byte, 0, digestSize+2*sealSize))
	b = proto.AppendInt(proto.AppendLong(b, int64(w.at)), proto.TxnDigestVersion)
	b = proto.AppendLong(b, w.digest)
	w.sum.Write(b[sealSize:])
	ops = append(ops, Op{Kind: OpWrite, Class: ClassSnapshot, Name: w.name + tempSuffix, Off: w.off, Data: w.seal(b)})
	return append(ops,
		Op{Kind: OpFsync, Class: ClassSnapshot, Name: w.name + tempSuffix},
		Op{Kind: OpRename, Class: ClassSnapshot, Name: w.name + tempSuffix, To: w.name},
		Op{Kind: OpSyncDir, Class: ClassSnapshot})
}

// seal appends the checksum of everything so far; a seal itself counts in the
// next one.
func (w *SnapshotWriter) seal(b []byte) []byte {
	at := len(b)
	b = append(proto.AppendLong(b, int64(w.sum.Sum32())), sealEnd...)
	w.sum.Write(b[at:])
	return b
}

// Abort plans the removal of the temporary file. An aborted snapshot must not
// be finished; one that is under way when the log is cut must be aborted.
func (w *SnapshotWriter) Abort(ops []Op) []Op {
	return append(ops, Op{Kind: OpRemove, Class: ClassSnapshot, Name: w.name + tempSuffix})
}
