package ztree

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/zksim/zksim/node/proto"
)

// Loader reads the body of a snapshot back, piece by piece.
type Loader struct {
	tree   *Tree
	part   loadPart
	left   int32 // items that the present part still has
	offset int64 // bytes consumed by earlier calls
}

// loadPart is the part of the body that comes next.
type loadPart uint8

const (
	sessionCount loadPart = iota
	sessionItems
	aclCount
	aclItems
	nodeItems
	loaded
)

// maxLoadString bounds a string or buffer of a snapshot: nodes come from
// transactions, which are no longer.
const maxLoadString = proto.MaxPacketData

// NewLoader returns a loader at the start of a body.
func NewLoader() *Loader { return &Loader{tree: empty()} }

// Feed consumes the whole items at the start of b and returns their length; what
// is left is to be presented again with more bytes behind it. done reports that
// the end mark has been consumed. An error wraps [proto.ErrMarshalling], says
// the offset in the body, and ends the load.
func (l *Loader) Feed(b []byte) (n int, done bool, err error) {
	for l.part != loaded {
		in := piece{b: b[n:], base: l.offset + int64(n)}
		l.item(&in)
		if in.err != nil {
			return n, false, in.err
		}
		if in.short {
			break
		}
		n += in.off
	}
	l.offset += int64(n)
	return n, l.part == loaded, nil
}

// Tree returns the tree, complete once Feed reported done. Its LastProcessed is
// for the caller to set.
func (l *Loader) Tree() *Tree { return l.tree }

// item consumes one item. Each reads all its fields before it touches the tree,
// so that one cut short can be tried again.
func (l *Loader) item(in *piece) {
	switch l.part {
	case sessionCount:
		l.count(in, sessionItems)
	case sessionItems:
		if l.left == 0 {
			l.part = aclCount
		} else if l.session(in) {
			l.left--
		}
	case aclCount:
		l.count(in, aclItems)
	case aclItems:
		if l.left == 0 {
			l.part = nodeItems
		} else if l.acl(in) {
			l.left--
		}
	case nodeItems:
		l.node(in)
	case loaded:
	}
}

func (l *Loader) count(in *piece, next loadPart) {
	n := in.int()
	if in.ok() && n < 0 {
		in.fail("%d items", n)
	}
	if in.ok() {
		l.part, l.left = next, n
	}
}

func (l *Loader) session(in *piece) bool {
	id, timeout := proto.SessionID(in.long()), in.int()
	if in.ok() {
		l.tree.sessions[id] = timeout
	}
	return in.ok()
}

func (l *Loader) acl(in *piece) bool {
	k, acl := in.long(), in.acls()
	if in.ok() && (k < 0 || k > math.MaxInt32 || l.tree.acls.byKey[aclKey(k)] != nil) {
		in.fail("ACL under key %d", k)
	}
	if in.ok() {
		l.tree.acls.define(aclKey(k), acl)
	}
	return in.ok()
}

func (l *Loader) node(in *piece) {
	raw, _ := in.bytes("path")
	if in.ok() && string(raw) == endMark {
		l.finish(in)
		return
	}
	path := string(raw)
	data, null := in.bytes("data")
	acl, s := in.long(), in.stat()
	if !in.ok() {
		return
	}
	if !null {
		data = append([]byte{}, data...)
	}
	parent := l.parentOf(in, path)
	switch {
	case acl < int64(openKey) || acl > math.MaxInt32:
		in.fail("%q has ACL key %d", path, acl)
	case s.creations < 0:
		in.fail("%q has %d creations", path, s.creations)
	}
	if in.ok() {
		s.acl = aclKey(acl)
		l.tree.acls.useKey(s.acl)
		l.tree.insert(parent, path, data, s)
	}
}

// parentOf finds the node above path, which a body holds before path; the root,
// the empty path, comes first and has none.
func (l *Loader) parentOf(in *piece, path string) *node {
	if path == "" && len(l.tree.nodes) == 0 {
		return nil
	}
	above, name, ok := split(path)
	parent := l.tree.nodes[above]
	switch {
	case !ok, name == "", parent == nil, above != path[:len(path)-len(name)-1]:
		in.fail("%q has no parent", path)
	case l.tree.nodes[path] != nil:
		in.fail("%q comes twice", path)
	}
	return parent
}

func (l *Loader) finish(in *piece) {
	if l.tree.nodes[""] == nil {
		in.fail("no root")
		return
	}
	l.tree.acls.purge()
	l.tree.findQuotas()
	l.part = loaded
}

// piece reads the fields of one item. Running out of bytes is not an error:
// short then says that the item is to be tried again with more.
type piece struct {
	b     []byte
	off   int
	base  int64 // offset of b in the body
	short bool
	err   error
}

func (p *piece) ok() bool { return !p.short && p.err == nil }

func (p *piece) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("%w: snapshot offset %d: %s", proto.ErrMarshalling, p.base+int64(p.off), fmt.Sprintf(format, args...))
	}
}

func (p *piece) take(n int) []byte {
	if !p.ok() {
		return nil
	}
	if n > len(p.b)-p.off {
		p.short = true
		return nil
	}
	p.off += n
	return p.b[p.off-n : p.off]
}

func (p *piece) int() int32 {
	if b := p.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (p *piece) long() int64 {
	if b := p.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

// bytes returns a part of the input, and whether it was null instead, which
// data alone may be.
func (p *piece) bytes(what string) (_ []byte, null bool) {
	n := p.int()
	if !p.ok() || n == -1 && what == "data" {
		return nil, n == -1
	}
	if n < 0 || n > maxLoadString {
		p.fail("%s of %d bytes", what, n)
		return nil, false
	}
	return p.take(int(n)), false
}

func (p *piece) acls() []proto.ACL {
	n := p.int()
	if p.ok() && (n < 0 || n > maxLoadString/12) {
		p.fail("ACL of %d entries", n)
	}
	var out []proto.ACL
	for i := int32(0); i < n && p.ok(); i++ {
		perms := p.int()
		scheme, _ := p.bytes("scheme")
		id, _ := p.bytes("id")
		out = append(out, proto.ACL{Perms: perms, Scheme: string(scheme), ID: string(id)})
	}
	return out
}

func (p *piece) stat() stat {
	return stat{
		czxid: proto.Zxid(p.long()), mzxid: proto.Zxid(p.long()), ctime: p.long(), mtime: p.long(),
		version: p.int(), creations: p.int(), aversion: p.int(),
		owner: proto.SessionID(p.long()), pzxid: proto.Zxid(p.long()),
	}
}
