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
}

// Apply executes a write: createSession, closeSession, create, create2, delete,
// setData, check or multi, in the name of the session id, as transaction z
// prepared at the leader's time t (ms since 1970). It returns the next state, the answer and what
// changed. A failed write changes nothing but [State.Last].
//
// z must be above every earlier one. Apply keeps a copy of op's data; the result
// may alias the state and must not be modified.
func (s State) Apply(z proto.Zxid, t int64, id proto.SessionID, op *proto.Op) (State, proto.Result, []Change) {
	if z <= s.last {
		panic(fmt.Sprintf("model: transaction %v after %v", z, s.last))
	}
	x := transaction{State: s, zxid: z, time: t, session: id}
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

func (x *transaction) single(op *proto.Op) proto.Result {
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2:
		return x.create(op)
	case proto.OpDelete:
		return x.delete(op)
	case proto.OpSetData:
		return x.setData(op)
	case proto.OpCheck:
		return x.check(op)
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
	x.sessions = x.sessions.without(x.session)
	return proto.Result{Type: op.Type}
}

func (x *transaction) setSession(id proto.SessionID, v session) {
	x.sessions = x.sessions.with(id, rankOfNumber(int64(id)), v)
}

// multi executes all operations or, if one fails, none: those before the failing
// one then answer with 0, those after it with RuntimeInconsistency.
func (x *transaction) multi(op *proto.Op) proto.Result {
	if slices.ContainsFunc(op.Ops, notInMulti) {
		return failed(op, proto.MarshallingError)
	}
	before, changesBefore := x.State, x.changes
	r := proto.Result{Type: op.Type, Multi: make([]proto.Result, 0, len(op.Ops))}
	for i := range op.Ops {
		part := x.single(&op.Ops[i])
		if part.Err != proto.OK {
			x.State, x.changes = before, changesBefore
			r.Multi = failedParts(len(op.Ops), i, part.Err)
			return r
		}
		r.Multi = append(r.Multi, answerInMulti(part))
	}
	return r
}

func notInMulti(op proto.Op) bool {
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpDelete, proto.OpSetData, proto.OpCheck:
		return false
	}
	return true
}

// answerInMulti: inside a multi a create2 is answered as a create, without Stat.
func answerInMulti(r proto.Result) proto.Result {
	if r.Type == proto.OpCreate2 {
		return proto.Result{Type: proto.OpCreate, Path: r.Path}
	}
	return r
}

func failedParts(count, failing int, err proto.ErrCode) []proto.Result {
	parts := make([]proto.Result, count)
	for i := range parts {
		parts[i].Type = proto.OpError
		if i > failing {
			parts[i].Err = proto.RuntimeInconsistency
		}
	}
	parts[failing].Err = err
	return parts
}

func (x *transaction) create(op *proto.Op) proto.Result {
	path, err := x.mayCreate(op)
	if err != proto.OK {
		return failed(op, err)
	}
	n := &node{
		data: slices.Clone(op.Data), czxid: x.zxid, mzxid: x.zxid, pzxid: x.zxid,
		ctime: x.time, mtime: x.time,
	}
	if op.Flags&proto.FlagEphemeral != 0 {
		n.owner = x.session
	}
	x.add(path, n)
	r := proto.Result{Type: op.Type, Path: path}
	if op.Type == proto.OpCreate2 {
		r.Stat = n.stat()
	}
	return r
}

// mayCreate makes the checks of a create in the order of §1.9 and returns the
// final path.
func (x *transaction) mayCreate(op *proto.Op) (string, proto.ErrCode) {
	switch {
	case op.Flags < 0 || op.Flags > 6:
		return "", proto.BadArguments
	case op.Flags > 3: // containers and nodes with a time to live
		return "", proto.Unimplemented
	case !x.alive():
		return "", proto.SessionExpired
	case !splittable(op.Path):
		return "", proto.BadArguments
	case len(op.ACL) == 0:
		return "", proto.InvalidACL
	case !proto.IsOpenACL(op.ACL):
		return "", proto.Unimplemented
	}
	parent, ok := x.find(parentOf(op.Path))
	switch {
	case !ok:
		return "", proto.NoNode
	case parent.readOnlyForClients:
		return "", proto.NoAuth
	}
	path := op.Path
	if op.Flags&proto.FlagSequential != 0 {
		path = fmt.Sprintf("%s%010d", path, parent.creations)
	}
	switch _, exists := x.find(path); {
	case !validPath(path):
		return "", proto.BadArguments
	case exists:
		return "", proto.NodeExists
	case parent.owner != 0:
		return "", proto.NoChildrenForEphemerals
	}
	return path, proto.OK
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
	case parent.readOnlyForClients:
		return proto.NoAuth
	}
	n, ok := x.find(op.Path)
	switch {
	case !ok:
		return proto.NoNode
	case !versionFits(op.Version, n):
		return proto.BadVersion
	case n.children.len() > 0:
		return proto.NotEmpty
	}
	return proto.OK
}

func (x *transaction) setData(op *proto.Op) proto.Result {
	n, err := x.existing(op)
	switch {
	case err != proto.OK:
		return failed(op, err)
	case n.readOnlyForClients:
		return failed(op, proto.NoAuth)
	case !versionFits(op.Version, n):
		return failed(op, proto.BadVersion)
	}
	next := *n
	next.data, next.mzxid, next.mtime = slices.Clone(op.Data), x.zxid, x.time
	next.version++
	x.put(op.Path, &next)
	x.changed(proto.EventNodeDataChanged, op.Path)
	return proto.Result{Type: op.Type, Stat: next.stat()}
}

func (x *transaction) check(op *proto.Op) proto.Result {
	n, err := x.existing(op)
	switch {
	case err != proto.OK:
		return failed(op, err)
	case !versionFits(op.Version, n):
		return failed(op, proto.BadVersion)
	}
	return proto.Result{Type: op.Type}
}

// existing makes the checks with which setData and check begin.
func (x *transaction) existing(op *proto.Op) (*node, proto.ErrCode) {
	n, ok := x.find(op.Path)
	switch {
	case !x.alive():
		return nil, proto.SessionExpired
	case !validPath(op.Path):
		return nil, proto.BadArguments
	case !ok:
		return nil, proto.NoNode
	}
	return n, proto.OK
}

// versionFits tells whether a node has the expected version. Any node has -1; a
// smaller number is an ordinary version, which no node has until its own wraps.
func versionFits(expected int32, n *node) bool { return expected == -1 || expected == n.version }

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
	x.changed(proto.EventNodeCreated, path)
}

func (x *transaction) remove(path string) {
	n, _ := x.find(path)
	at := parentOf(path)
	old, _ := x.find(at)
	parent := *old
	parent.children, parent.pzxid = parent.children.without(nameOf(path)), x.zxid
	x.put(at, &parent)
	x.nodes = x.nodes.without(path)
	if n.owner != 0 {
		v, _ := x.sessions.get(n.owner)
		v.owned = v.owned.without(path)
		x.setSession(n.owner, v)
	}
	x.changed(proto.EventNodeDeleted, path)
}

func (x *transaction) changed(t proto.EventType, path string) {
	x.changes = append(x.changes, Change{t, path})
}
