package ztree

import (
	"hash/crc32"
	"strings"
)

// The digest of a tree is the wrapping sum, over its nodes outside /zookeeper/,
// of the CRC-32 (IEEE) of path, data and metadata (protocol.md §8.1). The root's
// path is empty. The cversion that enters is the stored count of creations, not
// the visible one, and pzxid enters as stored: both only ever rise while a
// transaction is replayed over a fuzzy image, which makes a recovered tree's
// digest equal to that of one that never stopped.

// digester computes the parts of the sum; it holds the scratch space, without
// which every call would allocate.
type digester struct{ scratch []byte }

// content is the CRC of path and data. It is kept with the node, so that a
// change of metadata alone costs 60 bytes.
func (d *digester) content(path string, data []byte) uint32 {
	d.scratch = append(d.scratch[:0], path...)
	if len(data) > copiedMost {
		return crc32.Update(crc32.Update(0, crc32.IEEETable, d.scratch), crc32.IEEETable, data)
	}
	d.scratch = append(d.scratch, data...)
	return crc32.Update(0, crc32.IEEETable, d.scratch)
}

// copiedMost is how much data is copied behind its path: two short sums take
// longer than one.
const copiedMost = 512

// node is the node's part of the sum: 0 below /zookeeper.
func (d *digester) node(path string, content uint32, s *stat) uint32 {
	if strings.HasPrefix(path, zookeeperPrefix) {
		return 0
	}
	d.scratch = s.appendDigested(d.scratch[:0])
	return crc32.Update(content, crc32.IEEETable, d.scratch)
}
