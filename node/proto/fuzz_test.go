package proto

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Each target demands that no input panics, that every error wraps
// ErrMarshalling, and that what decodes is stable: its encoding decodes to the
// same value, and that one encodes to the same bytes.

// stable encodes v, decodes and encodes again.
func stable[T any](t *testing.T, v T, encode func([]byte, *T) []byte, decode func([]byte) (T, error)) {
	once := encode(nil, &v)
	again, err := decode(once)
	require.NoError(t, err)
	require.Equal(t, once, encode(nil, &again))
}

func decodedOrMalformed(t *testing.T, err error) bool {
	if err != nil {
		require.ErrorIs(t, err, ErrMarshalling)
	}
	return err == nil
}

// whole makes a decoder of a stream one of a whole record.
func whole[T any](decode func([]byte) (T, int, error)) func([]byte) (T, error) {
	return func(b []byte) (T, error) {
		v, n, err := decode(b)
		if err == nil && n != len(b) {
			d := NewDecoder(b)
			d.Fail("%d of %d bytes", n, len(b))
			err = d.Err()
		}
		return v, err
	}
}

func FuzzOp(f *testing.F) {
	for _, x := range recorded(f) {
		for _, p := range payloads(f, x.Req) {
			if h, body, err := DecodeRequestHeader(p); err == nil {
				f.Add(int32(h.Type), body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, typ int32, body []byte) {
		decode := func(b []byte) (Op, error) { return DecodeOp(OpCode(typ), b) }
		if op, err := decode(body); decodedOrMalformed(t, err) {
			stable(t, op, AppendOp, decode)
		}
	})
}

func FuzzResult(f *testing.F) {
	for _, x := range recorded(f) {
		for _, text := range x.Resp {
			for _, p := range payloads(f, text) {
				if _, body, err := DecodeReplyHeader(p); err == nil {
					f.Add(int32(x.Dec.Type), body)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, typ int32, body []byte) {
		decode := func(b []byte) (Result, error) { return DecodeResult(OpCode(typ), b) }
		if r, err := decode(body); decodedOrMalformed(t, err) {
			stable(t, r, AppendResult, decode)
		}
	})
}

func FuzzTxn(f *testing.F) {
	h := TxnHeader{Session: 1, Cxid: 2, Zxid: MakeZxid(3, 4), Time: 5}
	for _, txn := range []Txn{
		{Path: "/a", Data: []byte("x"), ACL: OpenACL(), Ephemeral: true, ParentCVersion: 1, TxnHeader: TxnHeader{Type: OpCreate}},
		{Path: "/a", TxnHeader: TxnHeader{Type: OpDelete}},
		{Path: "/a", TxnHeader: TxnHeader{Type: OpDeleteContainer}},
		{Path: "/a", ACL: OpenACL(), ParentCVersion: 1, TxnHeader: TxnHeader{Type: OpCreateContainer}},
		{Path: "/a", ACL: OpenACL(), ParentCVersion: 1, TTL: 1000, TxnHeader: TxnHeader{Type: OpCreateTTL}},
		{Path: "/a", ACL: []ACL{{1, "ip", "10.0.0.1/8"}}, Version: 1, TxnHeader: TxnHeader{Type: OpSetACL}},
		{Path: "/a", Version: 3, TxnHeader: TxnHeader{Type: OpSetData}, HasDigest: true, Digest: 9},
		{Timeout: 3000, TxnHeader: TxnHeader{Type: OpCreateSession}},
		{Paths: []string{"/a", "/b"}, TxnHeader: TxnHeader{Type: OpCloseSession}},
		{Err: NoNode, TxnHeader: TxnHeader{Type: OpError}},
		{TxnHeader: TxnHeader{Type: OpMulti}, Ops: []Txn{
			{Path: "/a", Version: 1, TxnHeader: TxnHeader{Type: OpCheck}}, {Err: BadVersion, TxnHeader: TxnHeader{Type: OpError}}}},
	} {
		h.Type = txn.Type
		txn.TxnHeader = h
		f.Add(AppendTxn(nil, &txn))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		txn, err := DecodeTxn(payload)
		if decodedOrMalformed(t, err) {
			stable(t, txn, AppendTxn, DecodeTxn)
			h, err := DecodeTxnHeader(payload)
			require.NoError(t, err)
			require.Equal(t, txn.TxnHeader, h)
		}
	})
}

func FuzzPacket(f *testing.F) {
	for _, p := range []Packet{
		{Type: PktAck, Zxid: MakeZxid(1, 2)},
		{Type: PktFollowerInfo, Data: AppendLearnerInfo(nil, LearnerInfo{1, LearnerProtocol, 0}), AuthInfo: []ID{}},
		{Type: PktRequest, Data: AppendForwardedRequest(nil, &ForwardedRequest{1, 2, OpSync, []byte("x")}),
			AuthInfo: []ID{{"ip", "10.0.0.1"}, {"digest", "u:p"}}},
	} {
		f.Add(AppendPacket(nil, &p))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, n, err := DecodePacket(b)
		if decodedOrMalformed(t, err) && n > 0 {
			require.LessOrEqual(t, n, len(b))
			require.Equal(t, b[:n], AppendPacket(nil, &p)) // a packet has but one encoding
			_, _ = DecodeLearnerInfo(p.Data)
			_, _ = DecodeForwardedRequest(p.Data)
		}
	})
}

func FuzzNotification(f *testing.F) {
	n := Notification{State: Following, Vote: Vote{1, MakeZxid(2, 3), 2}, Round: 4, Config: []byte("version=0")}
	b := AppendNotification(nil, &n)[4:]
	for _, size := range []int{28, 36, 40, len(b)} {
		f.Add(b[:size])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := DecodeNotification(b)
		if decodedOrMalformed(t, err) {
			stable(t, n, func(b []byte, n *Notification) []byte { return AppendNotification(b, n)[4:] }, DecodeNotification)
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(AppendElectionHello(nil, ElectionHello{3, "10.0.0.3:3888"}))
	f.Add(AppendLong(nil, 3))
	f.Add(AppendString(AppendLong(AppendLong(nil, -65535), 2), "a:1|b:2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := DecodeElectionHello(b)
		if decodedOrMalformed(t, err) && n > 0 {
			require.LessOrEqual(t, n, len(b))
			stable(t, h, byValue(AppendElectionHello), whole(DecodeElectionHello))
		}
	})
}

func FuzzConnect(f *testing.F) {
	for _, x := range recorded(f) {
		if x.Dec.Record == "ConnectRequest" {
			for _, text := range append(x.Resp, x.Req) {
				f.Add(payloads(f, text)[0])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := DecodeConnectRequest(b); decodedOrMalformed(t, err) {
			stable(t, r, AppendConnectRequest, DecodeConnectRequest)
		}
		if r, err := DecodeConnectResponse(b); decodedOrMalformed(t, err) {
			stable(t, r, AppendConnectResponse, DecodeConnectResponse)
		}
	})
}

func FuzzEvent(f *testing.F) {
	f.Add(AppendWatcherEvent(nil, WatcherEvent{EventNodeCreated, "/a"}))
	f.Add(AppendWatcherEvent(nil, WatcherEvent{EventNodeDeleted, "/\U0001F600"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := DecodeWatcherEvent(b); decodedOrMalformed(t, err) {
			stable(t, e, byValue(AppendWatcherEvent), DecodeWatcherEvent)
		}
	})
}
