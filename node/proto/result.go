package proto

// Result is the answer to a request: its error and those fields that the type
// of the request fills.
type Result struct {
	Type     OpCode // of the answer: inside a multi it can differ from the request's
	Err      ErrCode
	Path     string   // create, create2, sync
	Data     []byte   // getData; sasl: the token; reconfig: the configuration; nil is null
	Stat     Stat     // create2, exists, getData, setData, getChildren2, getACL, setACL, reconfig
	Children []string // getChildren, getChildren2; getEphemerals: paths
	ACL      []ACL    // getACL
	Count    int32    // getAllChildrenNumber; addWatch: 0
	IDs      []ID     // whoAmI: schemes and users
	Multi    []Result // multi, multiRead: one for each operation
}

// AppendResult appends the body of a successful reply (no header, no length).
// Strings are written as ZooKeeper writes them, see [AppendReplyString].
func AppendResult(b []byte, r *Result) []byte {
	switch r.Type {
	case OpCreate, OpSync:
		return AppendReplyString(b, r.Path)
	case OpCreate2, OpCreateContainer, OpCreateTTL:
		return AppendStat(AppendReplyString(b, r.Path), &r.Stat)
	case OpExists, OpSetData, OpSetACL:
		return AppendStat(b, &r.Stat)
	case OpGetData, OpReconfig:
		return AppendStat(AppendBuffer(b, r.Data), &r.Stat)
	case OpGetACL:
		return AppendStat(appendReplyACLs(b, r.ACL), &r.Stat)
	case OpGetChildren, OpGetEphemerals:
		return appendReplyStrings(b, r.Children)
	case OpGetChildren2:
		return AppendStat(appendReplyStrings(b, r.Children), &r.Stat)
	case OpGetAllChildren, OpAddWatch:
		return AppendInt(b, r.Count)
	case OpSASL:
		return AppendBuffer(b, r.Data)
	case OpWhoAmI:
		return appendReplyIDs(b, r.IDs)
	case OpMulti, OpMultiRead:
		for i := range r.Multi {
			b = appendMultiResult(b, &r.Multi[i])
		}
		return appendMultiHeader(b, OpError, true, -1)
	}
	return b
}

func appendMultiResult(b []byte, r *Result) []byte {
	if r.Type == OpError {
		return AppendInt(appendMultiHeader(b, OpError, false, int32(r.Err)), int32(r.Err))
	}
	return AppendResult(appendMultiHeader(b, r.Type, false, int32(r.Err)), r)
}

// DecodeResult decodes the body of a successful reply to a request of type t.
// Its data is a copy.
func DecodeResult(t OpCode, body []byte) (Result, error) {
	d := NewDecoder(body)
	r := d.result(t)
	return r, d.Err()
}

func (d *Decoder) result(t OpCode) Result {
	r := Result{Type: t}
	switch t {
	case OpCreate, OpSync:
		r.Path = d.replyText()
	case OpCreate2, OpCreateContainer, OpCreateTTL:
		r.Path, r.Stat = d.replyText(), d.Stat()
	case OpExists, OpSetData, OpSetACL:
		r.Stat = d.Stat()
	case OpGetData, OpReconfig:
		r.Data, r.Stat = d.copied(), d.Stat()
	case OpGetACL:
		r.ACL, r.Stat = d.replyACLs(), d.Stat()
	case OpGetChildren, OpGetEphemerals:
		r.Children = d.replyStrings()
	case OpGetChildren2:
		r.Children, r.Stat = d.replyStrings(), d.Stat()
	case OpGetAllChildren, OpAddWatch:
		r.Count = d.Int()
	case OpSASL:
		r.Data = d.copied()
	case OpWhoAmI:
		r.IDs = d.replyIDs()
	case OpMulti, OpMultiRead:
		r.Multi = d.multiResults(t)
	}
	return r
}

// copied reads a buffer that does not alias the input.
func (d *Decoder) copied() []byte {
	b := d.Buffer()
	if b == nil {
		return nil
	}
	return append([]byte{}, b...)
}

func (d *Decoder) multiResults(whole OpCode) []Result {
	var out []Result
	for d.err == nil {
		t, done, err := d.multiHeader()
		if done || d.err != nil {
			break
		}
		switch {
		case t == OpError:
			out = append(out, Result{Type: OpError, Err: ErrCode(d.Int())})
		case t.isPartOf(whole):
			r := d.result(t)
			r.Err = err
			out = append(out, r)
		default:
			d.Fail("%v inside the answer to a %v", t, whole)
		}
	}
	return out
}
