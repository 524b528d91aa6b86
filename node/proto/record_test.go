package proto

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// codec is one record's encoder and decoder, for the properties that all share.
// draw gives a value and its encoding; decode returns a value that is equal to
// it, and how many bytes it took, 0 for "more bytes are needed".
type codec struct {
	name   string
	draw   func(t *rapid.T) (value any, encoded []byte)
	decode func(b []byte) (value any, n int, err error)

	// whole reports whether the first n bytes of an encoding are a record by
	// themselves, since what follows is optional.
	whole func(value any, n int) bool
	// strict: surplus bytes are not ignored, they belong to the record.
	strict bool
}

// all makes a decoder of a whole record look like one of a stream.
func all[T any](decode func([]byte) (T, error)) func([]byte) (any, int, error) {
	return func(b []byte) (any, int, error) {
		v, err := decode(b)
		return v, len(b), err
	}
}

func some[T any](decode func([]byte) (T, int, error)) func([]byte) (any, int, error) {
	return func(b []byte) (any, int, error) { return decode(b) }
}

func drawn[T any](g *rapid.Generator[T], encode func([]byte, *T) []byte) func(*rapid.T) (any, []byte) {
	return func(t *rapid.T) (any, []byte) {
		v := g.Draw(t, "value")
		return v, encode(nil, &v)
	}
}

// byValue turns an encoder that takes its record by value into one by pointer.
func byValue[T any](f func([]byte, T) []byte) func([]byte, *T) []byte {
	return func(b []byte, v *T) []byte { return f(b, *v) }
}

// body decodes as a header does: what follows it is the body.
func body[T any](decode func([]byte) (T, []byte, error)) func([]byte) (any, int, error) {
	return func(b []byte) (any, int, error) {
		v, rest, err := decode(b)
		return v, len(b) - len(rest), err
	}
}

func codecs() []codec {
	list := []codec{
		{name: "Txn", draw: drawn(genTxn(), AppendTxn), decode: all(DecodeTxn), strict: true,
			whole: func(v any, n int) bool {
				txn := v.(Txn)
				if txn.Type == OpCloseSession && n == 32 {
					return true // the historic form without paths
				}
				txn.HasDigest = false
				return n >= len(AppendTxn(nil, &txn)) // the digest may be missing
			}},
		{name: "TxnHeader", draw: drawn(genTxn(), AppendTxn), decode: all(DecodeTxnHeader),
			whole: func(_ any, n int) bool { return n >= 32 }},
		{name: "Packet", draw: drawn(genPacket(), AppendPacket), decode: some(DecodePacket)},
		{name: "ElectionHello", draw: drawn(genHello(), byValue(AppendElectionHello)), decode: some(DecodeElectionHello)},
		{name: "Notification", draw: drawn(genNotification(), func(b []byte, n *Notification) []byte {
			return AppendNotification(b, n)[4:]
		}), decode: all(DecodeNotification), whole: func(_ any, n int) bool { return n == 28 || n == 36 || n == 40 }},
		{name: "ConnectRequest", draw: drawn(genConnectRequest(), AppendConnectRequest), decode: all(DecodeConnectRequest),
			strict: true, whole: func(v any, n int) bool {
				r := v.(ConnectRequest)
				return r.HasReadOnly && n == len(AppendConnectRequest(nil, &r))-1
			}},
		{name: "ConnectResponse", draw: drawn(genConnectResponse(), AppendConnectResponse), decode: all(DecodeConnectResponse),
			strict: true, whole: func(v any, n int) bool {
				r := v.(ConnectResponse)
				return r.HasReadOnly && n == len(AppendConnectResponse(nil, &r))-1
			}},
		{name: "WatcherEvent", draw: drawn(rapid.Custom(func(t *rapid.T) WatcherEvent {
			return WatcherEvent{EventType(rapid.Int32().Draw(t, "type")), genText().Draw(t, "path")}
		}), byValue(AppendWatcherEvent)), decode: all(DecodeWatcherEvent)},
		{name: "RequestHeader", draw: drawn(rapid.Custom(func(t *rapid.T) RequestHeader {
			return RequestHeader{rapid.Int32().Draw(t, "xid"), OpCode(rapid.Int32().Draw(t, "type"))}
		}), byValue(AppendRequestHeader)), decode: body(DecodeRequestHeader)},
		{name: "ReplyHeader", draw: drawn(rapid.Custom(func(t *rapid.T) ReplyHeader {
			return ReplyHeader{rapid.Int32().Draw(t, "xid"), Zxid(rapid.Int64().Draw(t, "zxid")), ErrCode(rapid.Int32().Draw(t, "err"))}
		}), byValue(AppendReplyHeader)), decode: body(DecodeReplyHeader)},
		{name: "LearnerInfo", draw: drawn(rapid.Custom(func(t *rapid.T) LearnerInfo {
			return LearnerInfo{ServerID(rapid.Int64().Draw(t, "server")), rapid.Int32().Draw(t, "protocol"), rapid.Int64().Draw(t, "config")}
		}), byValue(AppendLearnerInfo)), decode: all(DecodeLearnerInfo)},
		{name: "ForwardedRequest", draw: drawn(rapid.Custom(func(t *rapid.T) ForwardedRequest {
			return ForwardedRequest{SessionID(rapid.Int64().Draw(t, "session")), rapid.Int32().Draw(t, "cxid"),
				OpCode(rapid.Int32().Draw(t, "type")), rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "body")}
		}), AppendForwardedRequest), decode: all(DecodeForwardedRequest), strict: true,
			whole: func(_ any, n int) bool { return n >= 16 }},
	}
	for _, typ := range opTypes {
		list = append(list,
			codec{name: "Op " + typ.String(), draw: drawn(genOp([]OpCode{typ}), AppendOp),
				decode: all(func(b []byte) (Op, error) { return DecodeOp(typ, b) })},
			codec{name: "Result " + typ.String(), draw: drawn(genResult([]OpCode{typ}), AppendResult),
				decode: all(func(b []byte) (Result, error) { return DecodeResult(typ, b) })})
	}
	return list
}

// roundTrips decodes an encoding and demands the value back.
func (c codec) roundTrips(value any, b []byte) error {
	got, n, err := c.decode(b)
	if txn, ok := value.(Txn); ok && c.name == "TxnHeader" {
		value = txn.TxnHeader
	}
	switch {
	case err != nil:
		return err
	case n != len(b):
		return fmt.Errorf("%d of %d bytes decoded", n, len(b))
	case !assert.ObjectsAreEqual(value, got):
		return fmt.Errorf("%+v became %+v", value, got)
	}
	return nil
}

// survivesCut decodes the first bytes of an encoding and demands an error or
// "more bytes are needed", unless they are a record by themselves.
func (c codec) survivesCut(value any, b []byte, at int) error {
	_, n, err := c.decode(b[:at:at])
	if c.whole != nil && c.whole(value, at) {
		return err
	}
	if err == nil && n == 0 || errors.Is(err, ErrMarshalling) {
		return nil
	}
	return fmt.Errorf("%d of %d bytes gave %d and error %v", at, len(b), n, err)
}

func TestRecordsRoundTrip(t *testing.T) {
	for _, c := range codecs() {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				value, b := c.draw(t)
				require.NoError(t, c.roundTrips(value, b))
			})
		})
	}
}

func TestCutRecordsAreErrorsOrUnfinished(t *testing.T) {
	for _, c := range codecs() {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				value, b := c.draw(t)
				if len(b) > 0 {
					require.NoError(t, c.survivesCut(value, b, rapid.IntRange(0, len(b)-1).Draw(t, "cut")))
				}
			})
		})
	}
}

// TestTheChecksCatchBrokenDecoders plants three defects.
func TestTheChecksCatchBrokenDecoders(t *testing.T) {
	value := LearnerInfo{Server: 1, Protocol: 2, ConfigVersion: 3}
	b := AppendLearnerInfo(nil, value)
	swapped := codec{decode: all(func(b []byte) (LearnerInfo, error) {
		i, err := DecodeLearnerInfo(b)
		i.Server, i.ConfigVersion = ServerID(i.ConfigVersion), int64(i.Server)
		return i, err
	})}
	require.ErrorContains(t, swapped.roundTrips(value, b), "became")
	greedy := codec{decode: func([]byte) (any, int, error) { return value, 1, nil }}
	require.ErrorContains(t, greedy.roundTrips(value, b), "1 of 20 bytes decoded")
	require.ErrorContains(t, greedy.survivesCut(value, b, 7), "7 of 20 bytes gave 1")
	vague := codec{decode: func([]byte) (any, int, error) { return nil, 0, errors.New("bad") }}
	require.Error(t, vague.survivesCut(value, b, 7), "an error must wrap ErrMarshalling")
}

func TestSurplusBytesAreIgnored(t *testing.T) {
	for _, c := range codecs() {
		if c.strict || c.name == "Notification" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				_, b := c.draw(t)
				want, n, err := c.decode(b)
				require.NoError(t, err)
				surplus := rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(t, "surplus")
				got, more, err := c.decode(append(b[:len(b):len(b)], surplus...))
				require.NoError(t, err)
				require.Equal(t, want, got)
				require.Contains(t, []int{n, n + len(surplus)}, more)
			})
		})
	}
}

// TestDamagedRecordsDoNotPanic changes bytes anywhere. Whatever comes out is a
// record within the bytes given, or an error of the right kind.
func TestDamagedRecordsDoNotPanic(t *testing.T) {
	for _, c := range codecs() {
		t.Run(c.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				_, b := c.draw(t)
				for range rapid.IntRange(1, 4).Draw(t, "damages") {
					if len(b) > 0 {
						b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
					}
				}
				if _, n, err := c.decode(b); err != nil {
					require.ErrorIs(t, err, ErrMarshalling)
				} else {
					require.LessOrEqual(t, n, len(b))
				}
			})
		})
	}
}

func TestAStreamOfPacketsDecodesPieceByPiece(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(genPacket(), 1, 5).Draw(t, "packets")
		var stream []byte
		for i := range want {
			stream = AppendPacket(stream, &want[i])
		}
		var got []Packet
		start, end := 0, 0
		for end < len(stream) {
			end = min(end+rapid.IntRange(1, 60).Draw(t, "piece"), len(stream))
			for {
				p, n, err := DecodePacket(stream[start:end:end])
				require.NoError(t, err)
				if n == 0 {
					break
				}
				got, start = append(got, p), start+n
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, len(stream), start)
	})
}

func TestNullStringsAreMalformed(t *testing.T) {
	null := AppendInt(nil, -1)
	for _, c := range []struct {
		name   string
		decode func() error
	}{
		{"path", func() error { _, err := DecodeOp(OpExists, append(null[:4:4], 1)); return err }},
		{"path of a create", func() error {
			_, err := DecodeOp(OpCreate, append(null[:4:4], AppendOp(nil, &Op{Type: OpCreate, ACL: OpenACL()})[4:]...))
			return err
		}},
		{"scheme", func() error {
			b := AppendInt(AppendInt(AppendBuffer(AppendString(nil, "/a"), nil), 1), 31)
			_, err := DecodeOp(OpCreate, AppendInt(AppendString(append(b, null...), "anyone"), 0))
			return err
		}},
		{"watch", func() error {
			b := append(AppendInt(AppendLong(nil, 0), 1), null...)
			_, err := DecodeOp(OpSetWatches, AppendStrings(AppendStrings(b, nil), nil))
			return err
		}},
		{"result", func() error { _, err := DecodeResult(OpCreate, null); return err }},
		{"event", func() error { _, err := DecodeWatcherEvent(append(AppendLong(nil, 1), null...)); return err }},
		{"ephemeral", func() error {
			b := AppendTxn(nil, &Txn{TxnHeader: TxnHeader{Type: OpCloseSession}, Paths: []string{""}})
			_, err := DecodeTxn(append(b[:len(b)-4:len(b)-4], null...))
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorIs(t, c.decode(), ErrMarshalling)
			require.ErrorContains(t, c.decode(), "negative string length -1")
		})
	}
}

func TestErrorsSayWhere(t *testing.T) {
	_, err := DecodeOp(OpDelete, AppendString(nil, "/abc"))
	assert.EqualError(t, err, "proto: malformed record: offset 8: int needs 4 bytes, 0 left")
	d := NewDecoder([]byte{0, 0, 0, 5, 1})
	assert.Nil(t, d.Buffer())
	first := d.Err()
	d.Fail("something later")
	assert.Zero(t, d.Long())
	assert.Equal(t, first, d.Err(), "the first error sticks")
}

// TestLengthsAreBoundedByTheBytesThatAreThere: a few bytes that claim millions of
// items must not make the decoder allocate for them.
func TestLengthsAreBoundedByTheBytesThatAreThere(t *testing.T) {
	huge := AppendInt(nil, 0x7fffffff)
	header := AppendTxn(nil, &Txn{TxnHeader: TxnHeader{Type: OpMulti}})[:32]
	for name, decode := range map[string]func() error{
		"strings": func() error { _, err := DecodeResult(OpGetChildren, huge); return err },
		"buffer":  func() error { _, err := DecodeResult(OpGetData, huge); return err },
		"acls":    func() error { d := NewDecoder(huge); d.ACLs(); return d.Err() },
		"parts":   func() error { _, err := DecodeTxn(append(header[:32:32], huge...)); return err },
		"packet": func() error {
			_, _, err := DecodePacket(append(AppendPacket(nil, &Packet{Type: PktAck})[:12:12], append(huge, huge...)...))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, decode(), ErrMarshalling)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range 10 {
				_ = decode()
			}
			runtime.ReadMemStats(&after)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(10*4096))
		})
	}
}

func TestMultiHoldsWritesAlone(t *testing.T) {
	part := Op{Type: OpGetData, Path: "/a"}
	_, err := DecodeOp(OpMulti, AppendOp(nil, &Op{Type: OpMulti, Ops: []Op{part}}))
	require.ErrorContains(t, err, "getData inside a multi")
	for _, typ := range []OpCode{OpMulti, OpGetData, 99} {
		b := AppendOp(nil, &Op{Type: OpMulti, Ops: []Op{{Type: OpMulti}}})
		_, err = DecodeOp(OpMulti, b)
		require.ErrorIs(t, err, ErrMarshalling)
		_, err = DecodeResult(OpMulti, AppendResult(nil, &Result{Type: OpMulti, Multi: []Result{{Type: typ}}}))
		require.ErrorContains(t, err, "inside the answer to a multi", "%v", typ)
	}
	txn := Txn{TxnHeader: TxnHeader{Type: OpMulti}}
	txn.Ops = []Txn{txn}
	_, err = DecodeTxn(AppendTxn(nil, &txn))
	require.ErrorContains(t, err, "multi inside a multi")
}

func TestCloseSessionWithoutPaths(t *testing.T) {
	h := TxnHeader{Session: 7, Zxid: MakeZxid(1, 2), Type: OpCloseSession}
	bare := AppendTxn(nil, &Txn{TxnHeader: h})[:32:32]
	got, err := DecodeTxn(bare)
	require.NoError(t, err)
	assert.Equal(t, Txn{TxnHeader: h}, got)
	for _, digest := range []int64{0, 1, -1, 1 << 40} {
		got, err = DecodeTxn(AppendLong(AppendInt(bare, TxnDigestVersion), digest))
		require.NoError(t, err)
		assert.Equal(t, Txn{TxnHeader: h, Digest: digest, HasDigest: true}, got)
	}
}

func TestNoEphemeralHasAnEmptyPath(t *testing.T) {
	b := AppendTxn(nil, &Txn{TxnHeader: TxnHeader{Type: OpCloseSession}, Paths: []string{"/a", ""}})
	_, err := DecodeTxn(b)
	require.ErrorContains(t, err, "ephemeral without a path")
}

func TestHistoricNotifications(t *testing.T) {
	b := AppendLong(AppendLong(AppendLong(AppendInt(nil, int32(Leading)), 3), int64(MakeZxid(4, 9))), 6)
	want := Notification{State: Leading, Vote: Vote{3, MakeZxid(4, 9), 4}, Round: 6}
	got, err := DecodeNotification(b)
	require.NoError(t, err)
	assert.Equal(t, want, got, "28 bytes: the epoch comes from the zxid")
	for _, n := range []int{36, 40} {
		got, err = DecodeNotification(append(AppendLong(b, 5), 0, 0, 0, 0)[:n])
		want.Vote.PeerEpoch = 5
		require.NoError(t, err)
		assert.Equal(t, want, got, "%d bytes", n)
	}
	for _, n := range []int{28, 36} {
		b[3] = byte(Observing) + 1
		_, err = DecodeNotification(AppendLong(b, 5)[:n])
		require.ErrorContains(t, err, "state 4", "%d bytes", n)
	}
}

func TestHellosOfOtherVersions(t *testing.T) {
	h, n, err := DecodeElectionHello(AppendLong(nil, 3))
	require.NoError(t, err)
	assert.Equal(t, 8, n)
	assert.Equal(t, ElectionHello{Server: 3}, h, "a bare id")
	b := AppendString(AppendLong(AppendLong(nil, -65535), 2), "a:1|b:2")
	h, n, err = DecodeElectionHello(append(b, "more"...))
	require.NoError(t, err)
	assert.Equal(t, len(b), n)
	assert.Equal(t, ElectionHello{2, "a:1|b:2"}, h)
	_, _, err = DecodeElectionHello(AppendLong(nil, -1))
	require.ErrorContains(t, err, "version -1")
	_, _, err = DecodeElectionHello(AppendInt(AppendLong(AppendLong(nil, -65536), 2), maxHelloAddr+1))
	require.ErrorContains(t, err, "address of 2049 bytes")
}
