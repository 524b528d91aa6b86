package proto

// Op is a client request, decoded: its type and those fields that the type
// uses. Fields that a type does not use are zero.
type Op struct {
	Type    OpCode
	Path    string // getEphemerals: the prefix
	Data    []byte // create, setData; sasl: the token; nil is null, which differs from empty
	ACL     []ACL  // create, setACL; nil is null
	Flags   CreateFlags
	Version int32     // delete, setData, setACL, check: expected version, -1 for any
	Watch   bool      // exists, getData, getChildren
	TTL     int64     // createTTL: ms
	Mode    WatchMode // addWatch
	Watches WatchType // checkWatches, removeWatches
	Ops     []Op      // multi, multiRead

	RelativeZxid      Zxid     // setWatches: the last zxid that the client saw
	DataWatches       []string // setWatches, setWatches2
	ExistWatches      []string
	ChildWatches      []string
	PersistentWatches []string // setWatches2 alone
	RecursiveWatches  []string

	Auth     *Auth     // auth
	Reconfig *Reconfig // reconfig
	Timeout  int32     // createSession (between servers): ms
}

// Auth is the body of an auth packet.
type Auth struct {
	Type   int32 // always 0
	Scheme string
	Data   []byte // credentials; nil is null
}

// Reconfig is the body of a reconfig; nil is null.
type Reconfig struct {
	Joining, Leaving, Members []byte
	Config                    int64 // the version that the client thinks is in force, -1 for any
}

// WatchMode is the mode of an addWatch.
type WatchMode int32

// The modes that a client may ask for.
const (
	WatchPersistent WatchMode = 0
	WatchRecursive  WatchMode = 1
)

// WatchType says which watches of a path are meant.
type WatchType int32

// The types that a client may name.
const (
	WatchesChild WatchType = 1
	WatchesData  WatchType = 2
	WatchesAny   WatchType = 3
)

// AppendOp appends the body of a request (no header, no frame length).
func AppendOp(b []byte, op *Op) []byte {
	switch op.Type {
	case OpCreate, OpCreate2, OpCreateContainer:
		return appendCreate(b, op)
	case OpCreateTTL:
		return AppendLong(appendCreate(b, op), op.TTL)
	case OpDelete, OpCheck:
		return AppendInt(AppendString(b, op.Path), op.Version)
	case OpSetData:
		b = AppendBuffer(AppendString(b, op.Path), op.Data)
		return AppendInt(b, op.Version)
	case OpSetACL:
		return AppendInt(AppendACLs(AppendString(b, op.Path), op.ACL), op.Version)
	case OpExists, OpGetData, OpGetChildren, OpGetChildren2:
		return AppendBool(AppendString(b, op.Path), op.Watch)
	case OpSync, OpGetACL, OpGetEphemerals, OpGetAllChildren, OpDeleteContainer:
		return AppendString(b, op.Path)
	case OpCheckWatches, OpRemoveWatches:
		return AppendInt(AppendString(b, op.Path), int32(op.Watches))
	case OpAddWatch:
		return AppendInt(AppendString(b, op.Path), int32(op.Mode))
	case OpMulti, OpMultiRead:
		for i := range op.Ops {
			b = appendMultiHeader(b, op.Ops[i].Type, false, -1)
			b = AppendOp(b, &op.Ops[i])
		}
		return appendMultiHeader(b, OpError, true, -1)
	case OpSetWatches, OpSetWatches2:
		return appendSetWatches(b, op)
	case OpSASL:
		return AppendBuffer(b, op.Data)
	case OpAuth:
		b = AppendString(AppendInt(b, op.Auth.Type), op.Auth.Scheme)
		return AppendBuffer(b, op.Auth.Data)
	case OpReconfig:
		r := op.Reconfig
		b = AppendBuffer(AppendBuffer(AppendBuffer(b, r.Joining), r.Leaving), r.Members)
		return AppendLong(b, r.Config)
	case OpCreateSession:
		return AppendInt(b, op.Timeout)
	}
	return b // ping, closeSession, whoAmI: no body
}

func appendCreate(b []byte, op *Op) []byte {
	b = AppendString(b, op.Path)
	b = AppendBuffer(b, op.Data)
	b = AppendACLs(b, op.ACL)
	return AppendInt(b, int32(op.Flags))
}

func appendSetWatches(b []byte, op *Op) []byte {
	b = AppendLong(b, int64(op.RelativeZxid))
	b = AppendStrings(b, op.DataWatches)
	b = AppendStrings(b, op.ExistWatches)
	b = AppendStrings(b, op.ChildWatches)
	if op.Type == OpSetWatches2 {
		b = AppendStrings(b, op.PersistentWatches)
		b = AppendStrings(b, op.RecursiveWatches)
	}
	return b
}

// DecodeOp decodes the body of a request of the given type. Surplus bytes after
// the body are ignored, as ZooKeeper does. Data of the result aliases body.
func DecodeOp(t OpCode, body []byte) (Op, error) {
	d := NewDecoder(body)
	op := d.op(t)
	return op, d.Err()
}

func (d *Decoder) op(t OpCode) Op {
	op := Op{Type: t}
	switch t {
	case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL:
		op.Path, op.Data, op.ACL, op.Flags = d.Text(), d.Buffer(), d.ACLs(), CreateFlags(d.Int())
		if t == OpCreateTTL {
			op.TTL = d.Long()
		}
	case OpDelete, OpCheck:
		op.Path, op.Version = d.Text(), d.Int()
	case OpSetData:
		op.Path, op.Data, op.Version = d.Text(), d.Buffer(), d.Int()
	case OpSetACL:
		op.Path, op.ACL, op.Version = d.Text(), d.ACLs(), d.Int()
	case OpExists, OpGetData, OpGetChildren, OpGetChildren2:
		op.Path, op.Watch = d.Text(), d.Bool()
	case OpSync, OpGetACL, OpGetEphemerals, OpGetAllChildren, OpDeleteContainer:
		op.Path = d.Text()
	case OpCheckWatches, OpRemoveWatches:
		op.Path, op.Watches = d.Text(), WatchType(d.Int())
	case OpAddWatch:
		op.Path, op.Mode = d.Text(), WatchMode(d.Int())
	case OpMulti, OpMultiRead:
		op.Ops = d.multiOps(t)
	case OpSetWatches, OpSetWatches2:
		d.setWatches(&op)
	case OpSASL:
		op.Data = d.Buffer()
	case OpAuth:
		op.Auth = &Auth{d.Int(), d.Text(), d.Buffer()}
	case OpReconfig:
		op.Reconfig = &Reconfig{d.Buffer(), d.Buffer(), d.Buffer(), d.Long()}
	case OpCreateSession:
		op.Timeout = d.Int()
	case OpPing, OpCloseSession, OpWhoAmI:
	default:
		d.Fail("no decoder for %v", t)
	}
	return op
}

func (d *Decoder) setWatches(op *Op) {
	op.RelativeZxid = Zxid(d.Long())
	op.DataWatches, op.ExistWatches, op.ChildWatches = d.Strings(), d.Strings(), d.Strings()
	if op.Type == OpSetWatches2 {
		op.PersistentWatches, op.RecursiveWatches = d.Strings(), d.Strings()
	}
}

func (d *Decoder) multiOps(whole OpCode) []Op {
	var ops []Op
	for d.err == nil {
		t, done, _ := d.multiHeader()
		if done || d.err != nil {
			break
		}
		if !t.isPartOf(whole) {
			d.Fail("%v inside a %v", t, whole)
			break
		}
		ops = append(ops, d.op(t))
	}
	return ops
}

// isPartOf reports whether a multi or multiRead may hold operations of type o.
func (o OpCode) isPartOf(whole OpCode) bool {
	switch o {
	case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpSetData, OpCheck:
		return whole == OpMulti
	case OpGetData, OpGetChildren:
		return whole == OpMultiRead
	}
	return false
}

func appendMultiHeader(b []byte, t OpCode, done bool, err int32) []byte {
	return AppendInt(AppendBool(AppendInt(b, int32(t)), done), err)
}

func (d *Decoder) multiHeader() (t OpCode, done bool, err ErrCode) {
	return OpCode(d.Int()), d.Bool(), ErrCode(d.Int())
}
