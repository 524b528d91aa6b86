package proto

import "pgregory.net/rapid"

// Generators of every record, in the form that decoding gives back: fields that
// a type does not use are zero, and vectors without items are nil.

func genText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringN(0, 12, 40), rapid.SampledFrom([]string{"", "/", "/a/b", "digest"}))
}

// genBlob gives null, empty, or some bytes.
func genBlob() *rapid.Generator[[]byte] {
	return rapid.OneOf(rapid.Just([]byte(nil)), rapid.SliceOfN(rapid.Byte(), 0, 40))
}

func genTexts() *rapid.Generator[[]string] {
	return rapid.Map(rapid.SliceOfN(genText(), 0, 4), func(s []string) []string {
		if len(s) == 0 {
			return nil
		}
		return s
	})
}

func genACLs() *rapid.Generator[[]ACL] {
	one := rapid.Custom(func(t *rapid.T) ACL {
		return ACL{rapid.Int32().Draw(t, "perms"), genText().Draw(t, "scheme"), genText().Draw(t, "id")}
	})
	return rapid.OneOf(rapid.Just([]ACL(nil)), rapid.SliceOfN(one, 0, 3), rapid.Just(OpenACL()))
}

// genListed gives a list that is not null.
func genListed() *rapid.Generator[[]ACL] {
	return rapid.Map(genACLs(), func(acl []ACL) []ACL { return append([]ACL{}, acl...) })
}

func genIDs() *rapid.Generator[[]ID] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ID {
		return ID{genText().Draw(t, "scheme"), genText().Draw(t, "id")}
	}), 0, 3)
}

func genStat() *rapid.Generator[Stat] {
	return rapid.Custom(func(t *rapid.T) Stat {
		long, num := rapid.Int64(), rapid.Int32()
		return Stat{
			Zxid(long.Draw(t, "czxid")), Zxid(long.Draw(t, "mzxid")), Zxid(long.Draw(t, "pzxid")),
			long.Draw(t, "ctime"), long.Draw(t, "mtime"),
			num.Draw(t, "version"), num.Draw(t, "cversion"), num.Draw(t, "aversion"),
			SessionID(long.Draw(t, "owner")), num.Draw(t, "length"), num.Draw(t, "children"),
		}
	})
}

var (
	partTypes = []OpCode{OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL, OpDelete, OpSetData, OpCheck}
	readTypes = []OpCode{OpGetData, OpGetChildren}
	opTypes   = append([]OpCode{OpExists, OpGetData, OpGetChildren, OpGetChildren2, OpSync, OpPing, OpCloseSession,
		OpCreateSession, OpSetWatches, OpSetWatches2, OpMulti, OpMultiRead, OpGetACL, OpSetACL, OpGetEphemerals,
		OpGetAllChildren, OpCheckWatches, OpRemoveWatches, OpAddWatch, OpWhoAmI, OpAuth, OpSASL, OpReconfig,
		OpDeleteContainer}, partTypes...)
	txnTypes = append([]OpCode{OpCreateSession, OpCloseSession, OpError, OpMulti, OpSetACL, OpDeleteContainer}, partTypes...)
	packets  = []PacketType{PktRequest, PktProposal, PktAck, PktCommit, PktPing, PktRevalidate, PktSync, PktInform,
		PktNewLeader, PktFollowerInfo, PktUpToDate, PktDiff, PktTrunc, PktSnap, PktObserverInfo, PktLeaderInfo, PktAckEpoch}
)

func genOp(types []OpCode) *rapid.Generator[Op] {
	return rapid.Custom(func(t *rapid.T) Op {
		op := Op{Type: rapid.SampledFrom(types).Draw(t, "type")}
		switch op.Type {
		case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL:
			op.Path, op.Data = genText().Draw(t, "path"), genBlob().Draw(t, "data")
			op.ACL, op.Flags = genACLs().Draw(t, "acl"), CreateFlags(rapid.Int32().Draw(t, "flags"))
			if op.Type == OpCreateTTL {
				op.TTL = rapid.Int64().Draw(t, "ttl")
			}
		case OpSetACL:
			op.Path, op.ACL = genText().Draw(t, "path"), genACLs().Draw(t, "acl")
			op.Version = rapid.Int32().Draw(t, "version")
		case OpCheckWatches, OpRemoveWatches:
			op.Path, op.Watches = genText().Draw(t, "path"), WatchType(rapid.Int32().Draw(t, "type"))
		case OpAddWatch:
			op.Path, op.Mode = genText().Draw(t, "path"), WatchMode(rapid.Int32().Draw(t, "mode"))
		case OpAuth:
			op.Auth = &Auth{rapid.Int32().Draw(t, "type"), genText().Draw(t, "scheme"), genBlob().Draw(t, "auth")}
		case OpSASL:
			op.Data = genBlob().Draw(t, "token")
		case OpReconfig:
			blob := genBlob()
			op.Reconfig = &Reconfig{blob.Draw(t, "joining"), blob.Draw(t, "leaving"), blob.Draw(t, "members"), rapid.Int64().Draw(t, "config")}
		case OpDelete, OpCheck:
			op.Path, op.Version = genText().Draw(t, "path"), rapid.Int32().Draw(t, "version")
		case OpSetData:
			op.Path, op.Data = genText().Draw(t, "path"), genBlob().Draw(t, "data")
			op.Version = rapid.Int32().Draw(t, "version")
		case OpExists, OpGetData, OpGetChildren, OpGetChildren2:
			op.Path, op.Watch = genText().Draw(t, "path"), rapid.Bool().Draw(t, "watch")
		case OpSync, OpGetACL, OpGetEphemerals, OpGetAllChildren, OpDeleteContainer:
			op.Path = genText().Draw(t, "path")
		case OpMulti:
			op.Ops = noneIsNil(rapid.SliceOfN(genOp(partTypes), 0, 4).Draw(t, "ops"))
		case OpMultiRead:
			op.Ops = noneIsNil(rapid.SliceOfN(genOp(readTypes), 0, 4).Draw(t, "ops"))
		case OpSetWatches, OpSetWatches2:
			if op.Type == OpSetWatches2 {
				op.PersistentWatches, op.RecursiveWatches = genTexts().Draw(t, "persistent"), genTexts().Draw(t, "recursive")
			}
			op.RelativeZxid = Zxid(rapid.Int64().Draw(t, "zxid"))
			op.DataWatches, op.ExistWatches = genTexts().Draw(t, "data"), genTexts().Draw(t, "exist")
			op.ChildWatches = genTexts().Draw(t, "child")
		case OpCreateSession:
			op.Timeout = rapid.Int32().Draw(t, "timeout")
		}
		return op
	})
}

func noneIsNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func genResult(types []OpCode) *rapid.Generator[Result] {
	return rapid.Custom(func(t *rapid.T) Result {
		r := Result{Type: rapid.SampledFrom(types).Draw(t, "type")}
		switch r.Type {
		case OpCreate, OpSync:
			r.Path = genText().Draw(t, "path")
		case OpCreate2, OpCreateContainer, OpCreateTTL:
			r.Path, r.Stat = genText().Draw(t, "path"), genStat().Draw(t, "stat")
		case OpExists, OpSetData, OpSetACL:
			r.Stat = genStat().Draw(t, "stat")
		case OpGetData, OpReconfig:
			r.Data, r.Stat = genBlob().Draw(t, "data"), genStat().Draw(t, "stat")
		case OpGetACL:
			r.ACL, r.Stat = genListed().Draw(t, "acl"), genStat().Draw(t, "stat")
		case OpGetAllChildren, OpAddWatch:
			r.Count = rapid.Int32().Draw(t, "count")
		case OpSASL:
			r.Data = genBlob().Draw(t, "token")
		case OpWhoAmI:
			r.IDs = genIDs().Draw(t, "ids")
		case OpMultiRead:
			r.Multi = noneIsNil(rapid.SliceOfN(genResult(append([]OpCode{OpError}, readTypes...)), 0, 4).Draw(t, "multi"))
		case OpGetChildren, OpGetEphemerals:
			r.Children = genTexts().Draw(t, "children")
		case OpGetChildren2:
			r.Children, r.Stat = genTexts().Draw(t, "children"), genStat().Draw(t, "stat")
		case OpMulti:
			parts := append([]OpCode{OpError}, partTypes...)
			r.Multi = noneIsNil(rapid.SliceOfN(genResult(parts), 0, 4).Draw(t, "multi"))
		case OpError:
			r.Err = ErrCode(rapid.Int32().Draw(t, "err"))
		}
		return r
	})
}

func genHeader() *rapid.Generator[TxnHeader] {
	return rapid.Custom(func(t *rapid.T) TxnHeader {
		return TxnHeader{SessionID(rapid.Int64().Draw(t, "session")), rapid.Int32().Draw(t, "cxid"),
			Zxid(rapid.Int64().Draw(t, "zxid")), rapid.Int64().Draw(t, "time"), rapid.SampledFrom(txnTypes).Draw(t, "type")}
	})
}

func genTxn() *rapid.Generator[Txn] {
	return rapid.Custom(func(t *rapid.T) Txn {
		h := genHeader().Draw(t, "header")
		txn := genTxnBody(t, h.Type)
		txn.TxnHeader = h
		if txn.HasDigest = rapid.Bool().Draw(t, "has digest"); txn.HasDigest {
			txn.Digest = rapid.Int64().Draw(t, "digest")
		}
		return txn
	})
}

func genTxnBody(t *rapid.T, typ OpCode) Txn {
	txn := Txn{TxnHeader: TxnHeader{Type: typ}}
	switch typ {
	case OpCreate, OpCreate2:
		txn.Path, txn.Data, txn.ACL = genText().Draw(t, "path"), genBlob().Draw(t, "data"), genACLs().Draw(t, "acl")
		txn.Ephemeral, txn.ParentCVersion = rapid.Bool().Draw(t, "ephemeral"), rapid.Int32().Draw(t, "cversion")
	case OpCreateContainer, OpCreateTTL:
		txn.Path, txn.Data, txn.ACL = genText().Draw(t, "path"), genBlob().Draw(t, "data"), genACLs().Draw(t, "acl")
		txn.ParentCVersion = rapid.Int32().Draw(t, "cversion")
		if typ == OpCreateTTL {
			txn.TTL = rapid.Int64().Draw(t, "ttl")
		}
	case OpSetACL:
		txn.Path, txn.ACL = genText().Draw(t, "path"), genACLs().Draw(t, "acl")
		txn.Version = rapid.Int32().Draw(t, "version")
	case OpDelete, OpDeleteContainer:
		txn.Path = genText().Draw(t, "path")
	case OpSetData:
		txn.Path, txn.Data = genText().Draw(t, "path"), genBlob().Draw(t, "data")
		txn.Version = rapid.Int32().Draw(t, "version")
	case OpCheck:
		txn.Path, txn.Version = genText().Draw(t, "path"), rapid.Int32().Draw(t, "version")
	case OpMulti:
		txn.Ops = make([]Txn, rapid.IntRange(0, 4).Draw(t, "parts"))
		for i := range txn.Ops {
			parts := append([]OpCode{OpError}, partTypes...)
			txn.Ops[i] = genTxnBody(t, rapid.SampledFrom(parts).Draw(t, "part"))
		}
	case OpCreateSession:
		txn.Timeout = rapid.Int32().Draw(t, "timeout")
	case OpCloseSession:
		path := rapid.Map(genText(), func(s string) string { return "/" + s })
		txn.Paths = noneIsNil(rapid.SliceOfN(path, 0, 3).Draw(t, "paths"))
	case OpError:
		txn.Err = ErrCode(rapid.Int32().Draw(t, "err"))
	}
	return txn
}

func genPacket() *rapid.Generator[Packet] {
	return rapid.Custom(func(t *rapid.T) Packet {
		p := Packet{Type: rapid.SampledFrom(packets).Draw(t, "type"), Zxid: Zxid(rapid.Int64().Draw(t, "zxid")),
			Data: genBlob().Draw(t, "data"), AuthInfo: rapid.OneOf(genIDs(), rapid.Just([]ID(nil))).Draw(t, "auth")}
		return p
	})
}

func genNotification() *rapid.Generator[Notification] {
	return rapid.Custom(func(t *rapid.T) Notification {
		long := rapid.Int64()
		return Notification{
			State:  PeerState(rapid.Int32Range(int32(Looking), int32(Observing)).Draw(t, "state")),
			Vote:   Vote{ServerID(long.Draw(t, "leader")), Zxid(long.Draw(t, "zxid")), Epoch(long.Draw(t, "epoch"))},
			Round:  Round(long.Draw(t, "round")),
			Config: rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "config"),
		}
	})
}

func genHello() *rapid.Generator[ElectionHello] {
	return rapid.Custom(func(t *rapid.T) ElectionHello {
		return ElectionHello{ServerID(rapid.Int64().Draw(t, "server")), genText().Draw(t, "addr")}
	})
}

func genConnectRequest() *rapid.Generator[ConnectRequest] {
	return rapid.Custom(func(t *rapid.T) ConnectRequest {
		r := ConnectRequest{rapid.Int32().Draw(t, "version"), Zxid(rapid.Int64().Draw(t, "zxid")),
			rapid.Int32().Draw(t, "timeout"), SessionID(rapid.Int64().Draw(t, "session")), genBlob().Draw(t, "password"),
			false, rapid.Bool().Draw(t, "has readOnly")}
		r.ReadOnly = r.HasReadOnly && rapid.Bool().Draw(t, "readOnly")
		return r
	})
}

func genConnectResponse() *rapid.Generator[ConnectResponse] {
	return rapid.Custom(func(t *rapid.T) ConnectResponse {
		r := ConnectResponse{rapid.Int32().Draw(t, "version"), rapid.Int32().Draw(t, "timeout"),
			SessionID(rapid.Int64().Draw(t, "session")), genBlob().Draw(t, "password"),
			false, rapid.Bool().Draw(t, "has readOnly")}
		r.ReadOnly = r.HasReadOnly && rapid.Bool().Draw(t, "readOnly")
		return r
	})
}
