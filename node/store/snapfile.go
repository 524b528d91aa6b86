package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/adler32"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

const (
	digestSize    = 8 + 4 + 8 // zxid, version, digest
	lastZxidSize  = 8         // written by ZooKeeper 3.9 and later
	digestSection = digestSize + sealSize
	lastSection   = lastZxidSize + sealSize
)

// image is a snapshot in memory.
type image struct {
	tree  *ztree.Tree
	zxid  proto.Zxid // its name
	until proto.Zxid // the last transaction it may hold effects of; at least zxid
	// digest of the whole tree at until; known says whether there is one.
	digest int64
	known  bool
}

// loadSnapshot reads the snapshot begun at z. All three forms of the end are
// understood: the seal alone, the digest after it, and the last zxid after that.
func loadSnapshot(fs FS, z proto.Zxid) (*image, error) {
	name := SnapshotName(z)
	data, err := fs.ReadFile(name)
	if err != nil {
		return nil, err
	}
	// A file that a crash cut short lacks the end; so much is cheap to see.
	if !bytes.HasPrefix(data, []byte(snapshotHeader)) {
		return nil, damagedSnapshot(name, 0, "want header %x, got %x", snapshotHeader, data[:min(len(data), len(snapshotHeader))])
	}
	if !bytes.HasSuffix(data, []byte(sealEnd)) {
		return nil, damagedSnapshot(name, len(data), "not sealed")
	}
	tree, n, err := loadBody(data[len(snapshotHeader):])
	n += len(snapshotHeader)
	if err != nil {
		return nil, damagedSnapshot(name, n, "%v", err)
	}
	im := &image{tree: tree, zxid: z, until: z}
	r := sealReader{name: name, data: data, off: n, sum: adler32.New()}
	if err := r.sections(im); err != nil {
		return nil, err
	}
	tree.SetLastProcessed(z)
	return im, nil
}

func loadBody(b []byte) (*ztree.Tree, int, error) {
	l := ztree.NewLoader()
	at := 0
	for {
		n, done, err := l.Feed(b[at:])
		at += n
		if err != nil {
			return nil, at, err
		}
		if done {
			return l.Tree(), at, nil
		}
		if n == 0 {
			return nil, at, fmt.Errorf("%d bytes are no item", len(b)-at)
		}
	}
}

func damagedSnapshot(name string, off int, format string, args ...any) error {
	return fmt.Errorf("%w: %s: offset %d: %s", ErrDamagedSnapshot, name, off, fmt.Sprintf(format, args...))
}

// sealReader checks what follows the body.
type sealReader struct {
	name   string
	data   []byte
	off    int // of the next unread byte
	summed int // bytes that are in sum
	sum    hash.Hash32
}

func (r *sealReader) sections(im *image) error {
	if err := r.seal(); err != nil {
		return err
	}
	switch len(r.data) - r.off {
	case 0:
		return nil
	case lastSection:
		return r.section(lastZxidSize)
	case digestSection, digestSection + lastSection:
		im.readDigest(r.data[r.off:])
	default:
		return damagedSnapshot(r.name, r.off, "%d bytes after the seal", len(r.data)-r.off)
	}
	if err := r.section(digestSize); err != nil || r.off == len(r.data) {
		return err
	}
	return r.section(lastZxidSize)
}

// readDigest takes the digest section at the start of b. A section with zxid 0
// says that nothing has been applied yet, or that nothing is known.
func (im *image) readDigest(b []byte) {
	z := proto.Zxid(binary.BigEndian.Uint64(b))
	version := int32(binary.BigEndian.Uint32(b[8:]))
	if z >= im.zxid && z > 0 && version == proto.TxnDigestVersion {
		im.until, im.digest, im.known = z, int64(binary.BigEndian.Uint64(b[12:])), true
	}
}

func (r *sealReader) section(size int) error {
	r.off += size
	return r.seal()
}

// seal compares the checksum at off with that of all bytes before it.
func (r *sealReader) seal() error {
	if len(r.data)-r.off < sealSize {
		return damagedSnapshot(r.name, r.off, "%d bytes are no seal", len(r.data)-r.off)
	}
	r.sum.Write(r.data[r.summed:r.off])
	r.summed = r.off
	want := binary.BigEndian.Uint64(r.data[r.off:])
	if got := uint64(r.sum.Sum32()); got != want {
		return damagedSnapshot(r.name, r.off, "checksum: want 0x%x, got 0x%x", want, got)
	}
	if end := r.data[r.off+8 : r.off+sealSize]; string(end) != sealEnd {
		return damagedSnapshot(r.name, r.off+8, "want end of seal %x, got %x", sealEnd, end)
	}
	r.off += sealSize
	return nil
}
