package proto

// Op is a client request, decoded: its type and those fields that the type
// uses. Fields that a type does not use are zero.
type Op struct {
	Type    OpCode
	Path    string
	Data    []byte // create, setData; nil is null data, which differs from empty
	ACL     []ACL  // create
	Flags   CreateFlags
	Version int32 // delete, setData, check: expected version, -1 for any
	Watch   bool  // exists, getData, getChildren
	Ops     []Op  // multi: create, create2, delete, setData, check

	RelativeZxid Zxid     // setWatches: the last zxid that the client saw
	DataWatches  []string // setWatches
	ExistWatches []string // setWatches
	ChildWatches []string // setWatches
	Timeout      int32    // createSession (between servers): ms
}

// AppendOp appends the body of a request (no header, no frame length).
func AppendOp(b []byte, op *Op) []byte {
	switch op.Type {
	case OpCreate, OpCreate2:
		b = AppendString(b, op.Path)
		b = AppendBuffer(b, op.Data)
		b = AppendACLs(b, op.ACL)
		return AppendInt(b, int32(op.Flags))
	case OpDelete, OpCheck:
		return AppendInt(AppendString(b, op.Path), op.Version)
	case OpSetData:
		b = AppendBuffer(AppendString(b, op.Path), op.Data)
		return AppendInt(b, op.Version)
	case OpExists, OpGetData, OpGetChildren, OpGetChildren2:
		return AppendBool(AppendString(b, op.Path), op.Watch)
	case OpSync:
		return AppendString(b, op.Path)
	case OpMulti:
		for i := range op.Ops {
			b = appendMultiHeader(b, op.Ops[i].Type, false, -1)
			b = AppendOp(b, &op.Ops[i])
		}
		return appendMultiHeader(b, OpError, true, -1)
	case OpSetWatches:
		b = AppendLong(b, int64(op.RelativeZxid))
		b = AppendStrings(b, op.DataWatches)
		b = AppendStrings(b, op.ExistWatches)
		return AppendStrings(b, op.ChildWatches)
	case OpCreateSession:
		return AppendInt(b, op.Timeout)
	}
	return b // ping, closeSession: no body
}

// DecodeOp decodes the body of a request of the given type. Surplus bytes after
// the body are ignored, as ZooKeeper does. The data of the result aliases body.
func DecodeOp(t OpCode, body []byte) (Op, error) {
	d := NewDecoder(body)
	op := d.op(t)
	return op, d.Err()
}

func (d *Decoder) op(t OpCode) Op {
	op := Op{Type: t}
	switch t {
	case OpCreate, OpCreate2:
		op.Path, op.Data, op.ACL, op.Flags = d.Text(), d.Buffer(), d.ACLs(), CreateFlags(d.Int())
	case OpDelete, OpCheck:
		op.Path, op.Version = d.Text(), d.Int()
	case OpSetData:
		op.Path, op.Data, op.Version = d.Text(), d.Buffer(), d.Int()
	case OpExists, OpGetData, OpGetChildren, OpGetChildren2:
		op.Path, op.Watch = d.Text(), d.Bool()
	case OpSync:
		op.Path = d.Text()
	case OpMulti:
		op.Ops = d.multiOps()
	case OpSetWatches:
		op.RelativeZxid = Zxid(d.Long())
		op.DataWatches, op.ExistWatches, op.ChildWatches = d.Strings(), d.Strings(), d.Strings()
	case OpCreateSession:
		op.Timeout = d.Int()
	case OpPing, OpCloseSession:
	default:
		d.Fail("no decoder for %v", t)
	}
	return op
}

func (d *Decoder) multiOps() []Op {
	var ops []Op
	for d.err == nil {
		t, done, _ := d.multiHeader()
		if done || d.err != nil {
			break
		}
		switch t {
		case OpCreate, OpCreate2, OpDelete, OpSetData, OpCheck:
			ops = append(ops, d.op(t))
		default:
			d.Fail("%v inside a multi", t)
		}
	}
	return ops
}

func appendMultiHeader(b []byte, t OpCode, done bool, err int32) []byte {
	return AppendInt(AppendBool(AppendInt(b, int32(t)), done), err)
}

func (d *Decoder) multiHeader() (t OpCode, done bool, err ErrCode) {
	return OpCode(d.Int()), d.Bool(), ErrCode(d.Int())
}
