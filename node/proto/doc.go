// Package proto holds the vocabulary that every part of zksim shares: zxids,
// epochs, ids, error codes, the records of ZooKeeper's client, quorum, election
// and transaction formats, and the names of the checked properties.
//
// It imports nothing of this module. The independent model may import it, and
// nothing else of the server.
//
// Serialisation is ZooKeeper's "jute": big-endian fields in declaration order
// without tags; buffers, strings and vectors carry an int32 length, -1 for null.
// Decoders bound every length by the bytes that are really there before they
// allocate, and return an error that wraps [ErrMarshalling] with the offset.
package proto
