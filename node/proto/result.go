package proto

// Result is the answer to a request: its error and those fields that the type
// of the request fills.
type Result struct {
	Type     OpCode // of the answer: inside a multi it can differ from the request's
	Err      ErrCode
	Path     string // create, create2, sync
	Data     []byte // getData; nil is null
	Stat     Stat   // create2, exists, getData, setData, getChildren2
	Children []string
	Multi    []Result // multi: one for each operation
}

// AppendResult appends the body of a successful reply (no header, no length).
func AppendResult(b []byte, r *Result) []byte {
	switch r.Type {
	case OpCreate, OpSync:
		return AppendString(b, r.Path)
	case OpCreate2:
		return AppendStat(AppendString(b, r.Path), &r.Stat)
	case OpExists, OpSetData:
		return AppendStat(b, &r.Stat)
	case OpGetData:
		return AppendStat(AppendBuffer(b, r.Data), &r.Stat)
	case OpGetChildren:
		return AppendStrings(b, r.Children)
	case OpGetChildren2:
		return AppendStat(AppendStrings(b, r.Children), &r.Stat)
	case OpMulti:
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
		r.Path = d.Text()
	case OpCreate2:
		r.Path, r.Stat = d.Text(), d.Stat()
	case OpExists, OpSetData:
		r.Stat = d.Stat()
	case OpGetData:
		if b := d.Buffer(); b != nil {
			r.Data = append([]byte{}, b...)
		}
		r.Stat = d.Stat()
	case OpGetChildren:
		r.Children = d.Strings()
	case OpGetChildren2:
		r.Children, r.Stat = d.Strings(), d.Stat()
	case OpMulti:
		r.Multi = d.multiResults()
	}
	return r
}

func (d *Decoder) multiResults() []Result {
	var out []Result
	for d.err == nil {
		t, done, err := d.multiHeader()
		if done || d.err != nil {
			break
		}
		switch t {
		case OpError:
			out = append(out, Result{Type: OpError, Err: ErrCode(d.Int())})
		case OpCreate, OpCreate2, OpDelete, OpSetData, OpCheck:
			r := d.result(t)
			r.Err = err
			out = append(out, r)
		default:
			d.Fail("%v inside the answer to a multi", t)
		}
	}
	return out
}
