package model

import (
	"fmt"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Change is what a transaction did to one node, in the order of its doing. It is
// what watches react to.
type Change struct {
	Type proto.EventType // created, deleted or data changed
	Path string
	ACL  []proto.ACL // of the node, which says who may hear of it
	// ParentACL says who may hear that the parent's children changed.
	ParentACL []proto.ACL
}

// Apply is [State.ApplyAs] in the name of a session whose connection has no
// identities.
func (s State) Apply(z proto.Zxid, t int64, id proto.SessionID, op *proto.Op) (State, proto.Result, []Change) {
	return s.ApplyAs(z, t, Caller{Session: id}, op)
}

// ApplyAs executes a write: createSession, closeSession, the four creates,
// delete, setData, setACL, check, multi, reconfig, or deleteContainer, which is the
// servers' own and comes from session 0. It is transaction z, prepared at the
// leader's time t (ms since 1970). It returns the next state, the answer and what
// changed. A failed write changes nothing but [State.Last].
//
// z must be above every earlier one. ApplyAs keeps a copy of op's data; the result
// may alias the state and must not be modified.
func (s State) ApplyAs(z proto.Zxid, t int64, from Caller, op *proto.Op) (State, proto.Result, []Change) {
	if z <= s.last {
		panic(fmt.Sprintf("model: transaction %v after %v", z, s.last))
	}
	x := transaction{State: s, zxid: z, time: t, session: from.Session, ids: from.IDs}
	r := x.run(op)
	x.last = z
	return x.State, r, x.changes
}

// transaction is a write under way, working on its own state. An operation that
// fails has changed nothing before.
type transaction struct {
	State
	zxid    proto.Zxid
	time    int64
	session proto.SessionID
	ids     []proto.ID
	inMulti bool
	changes []Change
}

func (x *transaction) run(op *proto.Op) proto.Result {
	switch op.Type {
	case proto.OpCreateSession:
		return x.createSession(op)
	case proto.OpCloseSession:
		return x.closeSession(op)
	case proto.OpMulti:
		return x.multi(op)
	}
	return x.single(op)
}

// single executes one write, and brings what is counted for quotas up to it.
func (x *transaction) single(op *proto.Op) proto.Result {
	r := x.change(op)
	x.countQuotas()
	return r
}

func (x *transaction) change(op *proto.Op) proto.Result {
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		return x.create(op)
	case proto.OpDelete:
		return x.delete(op)
	case proto.OpSetData:
		return x.setData(op)
	case proto.OpSetACL:
		return x.setACL(op)
	case proto.OpCheck:
		return x.check(op)
	case proto.OpDeleteContainer:
		return x.deleteContainer(op)
	case proto.OpReconfig:
		return failed(op, proto.ReconfigDisabled)
	}
	return failed(op, proto.Unimplemented)
}

func failed(op *proto.Op, err proto.ErrCode) proto.Result {
	return proto.Result{Type: op.Type, Err: err}
}

func (x *transaction) alive() bool {
	_, ok := x.sessions.get(x.session)
	return ok
}

func (x *transaction) createSession(op *proto.Op) proto.Result {
	v, _ := x.sessions.get(x.session)
	v.timeout = op.Timeout
	x.setSession(x.session, v)
	return proto.Result{Type: op.Type}
}

// closeSession ends the session with all its ephemerals. That of a session that
// is no more succeeds and does nothing.
func (x *transaction) closeSession(op *proto.Op) proto.Result {
	v, _ := x.sessions.get(x.session)
	for path := range v.owned.keys() {
		x.remove(path)
	}
	x.countQuotas()
	x.sessions = x.sessions.without(x.session)
	return proto.Result{Type: op.Type}
}

func (x *transaction) setSession(id proto.SessionID, v session) {
	x.sessions = x.sessions.with(id, rankOfNumber(int64(id)), v)
}

func (x *transaction) delete(op *proto.Op) proto.Result {
	if err := x.mayDelete(op); err != proto.OK {
		return failed(op, err)
	}
	x.remove(op.Path)
	return proto.Result{Type: op.Type}
}

func (x *transaction) mayDelete(op *proto.Op) proto.ErrCode {
	switch {
	case !x.alive():
		return proto.SessionExpired
	case !splittable(op.Path) || reserved(op.Path):
		return proto.BadArguments
	}
	parent, ok := x.find(parentOf(op.Path))
	switch {
	case !ok:
		return proto.NoNode
	case !may(x.ids, proto.PermDelete, parent.acl):
		return proto.NoAuth
	}
	n, ok := x.find(op.Path)
	switch {
	case !ok:
		return proto.NoNode
	case !versionFits(op.Version, n.version):
		return proto.BadVersion
	case n.children.len() > 0:
		return proto.NotEmpty
	}
	return proto.OK
}

// deleteContainer deletes a container or a node with a time to live that is over.
// The leader says with it for how long, in ms, a container may wait for its first
// child; 0 is for ever.
func (x *transaction) deleteContainer(op *proto.Op) proto.Result {
	n, ok := x.find(op.Path)
	switch {
	case x.session != 0, !splittable(op.Path), reserved(op.Path):
		return failed(op, proto.BadArguments)
	case !ok:
		return failed(op, proto.NoNode)
	case n.children.len() > 0:
		return failed(op, proto.NotEmpty)
	case !n.over(x.time, op.TTL):
		return failed(op, proto.BadVersion)
	}
	x.remove(op.Path)
	return proto.Result{Type: op.Type}
}

// over tells whether a node without children is to go: a container that had some
// or was never used for too long, or a node whose data has not been set for longer
// than its time to live.
func (n *node) over(now, neverUsed int64) bool {
	age := now - n.mtime
	switch {
	case n.container:
		return n.creations > 0 || neverUsed != 0 && age > neverUsed
	case n.ttl != 0:
		return age > n.ttl
	}
	return false
}

func (x *transaction) setData(op *proto.Op) proto.Result {
	n, err := x.existing(op, proto.PermWrite)
	switch {
	case err != proto.OK:
		return failed(op, err)
	case !x.quotaAllows(op.Path, 0, int64(len(op.Data)-len(n.data))):
		return failed(op, proto.QuotaExceeded)
	case !versionFits(op.Version, n.version):
		return failed(op, proto.BadVersion)
	}
	next := *n
	next.data, next.mzxid, next.mtime = slices.Clone(op.Data), x.zxid, x.time
	next.version++
	x.put(op.Path, &next)
	x.changed(proto.EventNodeDataChanged, op.Path, &next)
	return proto.Result{Type: op.Type, Stat: next.stat()}
}

func (x *transaction) setACL(op *proto.Op) proto.Result {
	if err := x.nameable(op); err != proto.OK {
		return failed(op, err)
	}
	acl, err := resolved(op.ACL, x.ids)
	if err != proto.OK {
		return failed(op, err)
	}
	n, err := x.existing(op, proto.PermAdmin)
	switch {
	case err != proto.OK:
		return failed(op, err)
	case !versionFits(op.Version, n.aversion):
		return failed(op, proto.BadVersion)
	}
	next := *n
	next.acl = kept(acl)
	next.aversion++
	x.put(op.Path, &next)
	return proto.Result{Type: op.Type, Stat: next.stat()}
}

func (x *transaction) check(op *proto.Op) proto.Result {
	n, err := x.existing(op, proto.PermRead)
	switch {
	case err != proto.OK:
		return failed(op, err)
	case !versionFits(op.Version, n.version):
		return failed(op, proto.BadVersion)
	}
	return proto.Result{Type: op.Type}
}

// nameable makes the checks that need no node.
func (x *transaction) nameable(op *proto.Op) proto.ErrCode {
	switch {
	case !x.alive():
		return proto.SessionExpired
	case !validPath(op.Path):
		return proto.BadArguments
	}
	return proto.OK
}

// existing makes the checks with which setData, setACL and check begin, and asks
// for a permission.
func (x *transaction) existing(op *proto.Op, perm int32) (*node, proto.ErrCode) {
	if err := x.nameable(op); err != proto.OK {
		return nil, err
	}
	n, ok := x.find(op.Path)
	switch {
	case !ok:
		return nil, proto.NoNode
	case !may(x.ids, perm, n.acl):
		return nil, proto.NoAuth
	}
	return n, proto.OK
}

// versionFits tells whether a node has the expected version. Any node has -1; a
// smaller number is an ordinary version, which no node has until its own wraps.
func versionFits(expected, version int32) bool { return expected == -1 || expected == version }

// add puts a new node under its parent. The parent's count of creations sticks
// at its largest value, and then its pzxid stays too.
func (x *transaction) add(path string, n *node) {
	at := parentOf(path)
	old, _ := x.find(at)
	parent := *old
	parent.children = withName(parent.children, nameOf(path))
	if next := parent.creations + 1; next > parent.creations {
		parent.creations, parent.pzxid = next, x.zxid
	}
	x.put(at, &parent)
	x.put(path, n)
	if n.owner != 0 {
		v, _ := x.sessions.get(n.owner)
		v.owned = withName(v.owned, path)
		x.setSession(n.owner, v)
	}
	if about, ok := limitedBy(path); ok {
		x.quotas = withName(x.quotas, about)
	}
	x.changed(proto.EventNodeCreated, path, n)
}

func (x *transaction) remove(path string) {
	n, _ := x.find(path)
	at := parentOf(path)
	old, _ := x.find(at)
	parent := *old
	parent.children, parent.pzxid = parent.children.without(nameOf(path)), x.zxid
	x.put(at, &parent)
	x.nodes = x.nodes.without(path, rankOfText(path))
	if n.owner != 0 {
		v, _ := x.sessions.get(n.owner)
		v.owned = v.owned.without(path)
		x.setSession(n.owner, v)
	}
	if about, ok := limitedBy(path); ok {
		x.quotas = x.quotas.without(about)
	}
	x.changed(proto.EventNodeDeleted, path, n)
}

func (x *transaction) changed(t proto.EventType, path string, n *node) {
	c := Change{Type: t, Path: path, ACL: n.acl}
	if parent, ok := x.find(parentOf(path)); ok {
		c.ParentACL = parent.acl
	}
	x.changes = append(x.changes, c)
}
