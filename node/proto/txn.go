package proto

import "slices"

// TxnHeader precedes every transaction in logs and proposals.
type TxnHeader struct {
	Session SessionID
	Cxid    int32 // the client's xid
	Zxid    Zxid
	Time    int64 // ms since 1970, the leader's clock when it prepared the transaction
	Type    OpCode
}

// Txn is a state change in decoded form. The fields after the header are those
// that its type uses; a part of a multi is a Txn whose header holds its type alone.
type Txn struct {
	TxnHeader
	Path           string
	Data           []byte
	ACL            []ACL
	Ephemeral      bool
	ParentCVersion int32    // create: the parent's count of creations after it
	TTL            int64    // createTTL: ms
	Version        int32    // setData, setACL: the resulting version; check: the checked one
	Timeout        int32    // createSession: ms
	Err            ErrCode  // error
	Paths          []string // closeSession: the ephemerals that it deletes
	Ops            []Txn    // multi; a failed one consists of error parts

	// Digest of the tree after this transaction, as the leader foresees it.
	Digest    int64
	HasDigest bool
}

// TxnDigestVersion is the version of the digest algorithm.
const TxnDigestVersion int32 = 2

// AppendTxn appends header, body and, if there is one, the digest: the payload
// of a log record and the data of a PROPOSAL.
func AppendTxn(b []byte, t *Txn) []byte {
	b = AppendLong(b, int64(t.Session))
	b = AppendInt(b, t.Cxid)
	b = AppendLong(b, int64(t.Zxid))
	b = AppendLong(b, t.Time)
	b = AppendInt(b, int32(t.Type))
	b = appendTxnBody(b, t)
	if t.HasDigest {
		b = AppendLong(AppendInt(b, TxnDigestVersion), t.Digest)
	}
	return b
}

func appendTxnBody(b []byte, t *Txn) []byte {
	switch t.Type {
	case OpCreate, OpCreate2:
		b = AppendBuffer(AppendString(b, t.Path), t.Data)
		b = AppendBool(AppendACLs(b, t.ACL), t.Ephemeral)
		return AppendInt(b, t.ParentCVersion)
	case OpCreateContainer, OpCreateTTL:
		b = AppendACLs(AppendBuffer(AppendString(b, t.Path), t.Data), t.ACL)
		b = AppendInt(b, t.ParentCVersion)
		if t.Type == OpCreateTTL {
			b = AppendLong(b, t.TTL)
		}
		return b
	case OpDelete, OpDeleteContainer:
		return AppendString(b, t.Path)
	case OpSetACL:
		return AppendInt(AppendACLs(AppendString(b, t.Path), t.ACL), t.Version)
	case OpSetData:
		return AppendInt(AppendBuffer(AppendString(b, t.Path), t.Data), t.Version)
	case OpCheck:
		return AppendInt(AppendString(b, t.Path), t.Version)
	case OpMulti:
		b = AppendInt(b, int32(len(t.Ops)))
		for i := range t.Ops {
			b = AppendInt(b, int32(t.Ops[i].Type))
			var at int
			b, at = BeginFrame(b)
			b = EndFrame(appendTxnBody(b, &t.Ops[i]), at)
		}
		return b
	case OpCreateSession:
		return AppendInt(b, t.Timeout)
	case OpCloseSession:
		return AppendStrings(b, t.Paths)
	case OpError:
		return AppendInt(b, int32(t.Err))
	}
	return b
}

// DecodeTxnHeader decodes the header at the start of a transaction's payload.
func DecodeTxnHeader(payload []byte) (TxnHeader, error) {
	d := NewDecoder(payload)
	return d.txnHeader(), d.Err()
}

func (d *Decoder) txnHeader() TxnHeader {
	return TxnHeader{SessionID(d.Long()), d.Int(), Zxid(d.Long()), d.Long(), OpCode(d.Int())}
}

// DecodeTxn decodes a transaction's payload whole. Data aliases payload.
func DecodeTxn(payload []byte) (t Txn, err error) {
	err = t.Decode(payload)
	return t, err
}

// Decode is [DecodeTxn] for a transaction that lies where it stays; it is zero.
func (t *Txn) Decode(payload []byte) error {
	d := NewDecoder(payload)
	t.TxnHeader = d.txnHeader()
	d.txnBody(t, true)
	if d.err == nil && len(d.Rest()) >= 12 {
		if v := d.Int(); v == TxnDigestVersion {
			t.Digest, t.HasDigest = d.Long(), true
		}
	}
	return d.Err()
}

// txnBody decodes what the type of t demands.
func (d *Decoder) txnBody(t *Txn, top bool) {
	switch t.Type {
	case OpCreate, OpCreate2:
		t.Path, t.Data, t.ACL, t.Ephemeral, t.ParentCVersion = d.Text(), d.Buffer(), d.ACLs(), d.Bool(), d.Int()
	case OpCreateContainer, OpCreateTTL:
		t.Path, t.Data, t.ACL, t.ParentCVersion = d.Text(), d.Buffer(), d.ACLs(), d.Int()
		if t.Type == OpCreateTTL {
			t.TTL = d.Long()
		}
	case OpDelete, OpDeleteContainer:
		t.Path = d.Text()
	case OpSetACL:
		t.Path, t.ACL, t.Version = d.Text(), d.ACLs(), d.Int()
	case OpSetData:
		t.Path, t.Data, t.Version = d.Text(), d.Buffer(), d.Int()
	case OpCheck:
		t.Path, t.Version = d.Text(), d.Int()
	case OpMulti:
		if !top {
			d.Fail("multi inside a multi")
			return
		}
		t.Ops = d.txnParts()
	case OpCreateSession:
		t.Timeout = d.Int()
	case OpCloseSession:
		if !d.closesWithoutPaths() {
			t.Paths = d.Strings()
		}
		if slices.Contains(t.Paths, "") {
			d.Fail("closeSession of an ephemeral without a path")
		}
	case OpError:
		t.Err = ErrCode(d.Int())
	default:
		d.Fail("no transaction of type %v", t.Type)
	}
}

// closesWithoutPaths recognises the historic closeSession with an empty body:
// nothing follows, or a digest alone. Read as paths, a digest would be the
// version's number of strings in the eight bytes of the digest: two empty ones,
// and no ephemeral has an empty path.
func (d *Decoder) closesWithoutPaths() bool {
	rest := NewDecoder(d.Rest())
	return len(rest.buf) == 0 || len(rest.buf) == 12 && rest.Int() == TxnDigestVersion
}

func (d *Decoder) txnParts() []Txn {
	n := d.Count(8)
	parts := make([]Txn, n)
	for i := range parts {
		parts[i].Type = OpCode(d.Int())
		body := d.Buffer()
		if d.err != nil {
			return nil
		}
		sub := NewDecoder(body)
		sub.txnBody(&parts[i], false)
		if sub.err != nil {
			d.Fail("part of a multi: %v", sub.err)
			return nil
		}
	}
	return parts
}
