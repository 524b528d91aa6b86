package ztree

import "github.com/zksim/zksim/node/proto"

// Outstanding is the leader's view of the tree as it will be once everything
// that is prepared has been applied: the tree, overlaid with change records
// (protocol.md §3.2). It also foresees the tree's digest.
type Outstanding struct {
	tree    *Tree
	newest  map[string]*record // by key
	queue   []*record          // pending ones from head on, by rising zxid
	head    int
	free    []*record
	digests digester
	digest  int64
	header  proto.TxnHeader // of the transaction in preparation
	ids     []proto.ID      // of whoever asked for it
	session proto.ErrCode   // why its session may not write, or OK
	// expansion is what is left of expansionMax for the transaction in preparation.
	expansion int
	listed    int // bytes of the ephemerals in the queue, of all sessions
}

// view is what the prep stage must know of a node, present or future.
type view struct {
	exists   bool
	listed   bool // acl is what counts, not the key in stat
	stat     stat
	acl      []proto.ACL
	data     []byte
	children int
	content  uint32 // CRC of path and data
	digest   uint32 // the node's part of the tree's digest; 0 if there is no node
}

// record is the state in which a transaction will leave a node.
type record struct {
	view
	path     string
	zxid     proto.Zxid
	shadowed *record // the newest one of the path before this; for taking this back
}

// NewOutstanding returns the view of a new leader, which has applied its whole
// initial history to t and prepared nothing yet.
func NewOutstanding(t *Tree) *Outstanding {
	return &Outstanding{tree: t, newest: map[string]*record{}, digest: t.digest}
}

// Applied drops the records of transactions up to z. It is called after the tree
// applied z.
func (o *Outstanding) Applied(z proto.Zxid) {
	for o.head < len(o.queue) && o.queue[o.head].zxid <= z {
		r := o.queue[o.head]
		if o.newest[r.path] == r {
			delete(o.newest, r.path)
		}
		o.recycle(r)
		o.head++
	}
	if o.head == len(o.queue) || o.head >= 1024 && 2*o.head >= len(o.queue) {
		o.queue, o.head = append(o.queue[:0], o.queue[o.head:]...), 0
	}
}

// look returns the newest view of a node.
func (o *Outstanding) look(key string) view {
	if r := o.newest[key]; r != nil {
		return r.view
	}
	n := o.tree.nodes[key]
	if n == nil {
		return view{}
	}
	return view{exists: true, stat: n.stat(), data: n.data, children: n.children().len(), content: n.content, digest: n.digest}
}

// may reports whether the caller has a permission on a node as it will be. A key
// of the tree's table stays good for as long as the view counts: if the list is
// going to change, a later record holds the new one.
func (o *Outstanding) may(v *view, perm int32) bool {
	if o.tree.rules.SkipACL {
		return true
	}
	acl := v.acl
	if !v.listed {
		if v.stat.acl == openKey {
			return true
		}
		acl = o.tree.acls.restricting(v.stat.acl)
	}
	return grants(acl, perm, o.ids)
}

// note records that the transaction in preparation leaves a node as v, which
// was changed from what look returned.
func (o *Outstanding) note(key string, v view) {
	was := v.digest
	v.digest = 0
	if v.exists {
		v.digest = o.digests.node(key, v.content, &v.stat)
	}
	o.digest += int64(v.digest) - int64(was)
	r := o.newest[key]
	if r == nil || r.zxid != o.header.Zxid {
		r = o.push(key, r)
	}
	o.listed += v.listedSize(key) - r.listedSize(key)
	r.view = v
}

func (o *Outstanding) push(key string, shadowed *record) *record {
	var r *record
	if n := len(o.free); n > 0 {
		r, o.free = o.free[n-1], o.free[:n-1]
	} else {
		r = &record{}
	}
	r.path, r.zxid, r.shadowed = key, o.header.Zxid, shadowed
	o.newest[key] = r
	o.queue = append(o.queue, r)
	return r
}

func (o *Outstanding) recycle(r *record) {
	o.listed -= r.listedSize(r.path)
	*r = record{}
	o.free = append(o.free, r)
}

// takeBack undoes the notes of the transaction in preparation, so that a failed
// multi leaves no trace: not even a sequence number is skipped.
func (o *Outstanding) takeBack(digest int64) {
	o.digest = digest
	for len(o.queue) > o.head {
		r := o.queue[len(o.queue)-1]
		if r.zxid != o.header.Zxid {
			return
		}
		o.queue = o.queue[:len(o.queue)-1]
		if r.shadowed != nil {
			o.newest[r.path] = r.shadowed
		} else {
			delete(o.newest, r.path)
		}
		o.recycle(r)
	}
}

// ephemerals are the session's ephemeral nodes as they will be, sorted.
func (o *Outstanding) ephemerals(id proto.SessionID) []string {
	var set names
	for _, p := range o.tree.Ephemerals(id) {
		set.add(p)
	}
	for _, r := range o.queue[o.head:] {
		if o.newest[r.path] != r {
			continue
		}
		if r.exists && r.stat.session() == id {
			set.add(r.path)
		} else {
			set.remove(r.path)
		}
	}
	return set.list()
}
