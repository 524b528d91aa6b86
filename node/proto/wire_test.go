package proto

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testdata/wire.jsonl holds exchanges with Apache ZooKeeper 3.8.0, one a line,
// recorded by a proxy: all but frames that are too long and types that do not
// exist. Every frame must decode, and encode to the very same bytes.
type exchange struct {
	Name string
	Conn int
	Req  string
	Resp []string
	Dec  struct {
		Record string
		Type   OpCode
	} `json:"req_decoded"`
}

func recorded(t testing.TB) []exchange {
	f, err := os.Open("testdata/wire.jsonl")
	require.NoError(t, err)
	defer f.Close()
	var out []exchange
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var x exchange
		require.NoError(t, json.Unmarshal(lines.Bytes(), &x))
		out = append(out, x)
	}
	require.NotEmpty(t, out)
	return out
}

// payloads splits hex into the payloads of its frames.
func payloads(t testing.TB, text string) [][]byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	var out [][]byte
	for len(b) > 0 {
		n := 4 + int(binary.BigEndian.Uint32(b))
		require.LessOrEqual(t, n, len(b))
		out = append(out, b[4:n])
		b = b[n:]
	}
	return out
}

// Requests that are malformed, and that the real server refused for it.
var malformed = map[string]string{
	"create_null_path":        "negative string length -1",
	"getData_null_path":       "negative string length -1",
	"truncated_request":       "string needs",
	"truncated_create":        "string needs",
	"multi_bad_type":          "getData inside a multi",
	"multiRead_bad_type":      "exists inside a multiRead",
	"first_frame_not_connect": "long needs", // a ping where a ConnectRequest belongs
}

// Requests that decode but are not the bytes that would be written for them.
var otherBytes = map[string]string{
	"trailing_bytes":              "surplus bytes are ignored",
	"deleteContainer_from_client": "surplus bytes are ignored",
}

func TestRecordedRequests(t *testing.T) {
	seen := map[string]bool{}
	for _, x := range recorded(t) {
		t.Run(x.Name, func(t *testing.T) {
			for _, p := range payloads(t, x.Req) {
				again, err := recodeRequest(x, p)
				if want, bad := malformed[x.Name]; bad {
					seen[x.Name] = true
					require.ErrorIs(t, err, ErrMarshalling)
					require.ErrorContains(t, err, want)
					continue
				}
				require.NoError(t, err)
				if why, other := otherBytes[x.Name]; other {
					seen[x.Name] = true
					assert.NotEqual(t, p, again, why)
					continue
				}
				assert.Equal(t, p, again)
			}
		})
	}
	assert.Len(t, seen, len(malformed)+len(otherBytes), "every exception is needed")
}

func recodeRequest(x exchange, p []byte) ([]byte, error) {
	if x.Dec.Record == "ConnectRequest" {
		r, err := DecodeConnectRequest(p)
		return AppendConnectRequest(nil, &r), err
	}
	h, body, err := DecodeRequestHeader(p)
	if err != nil {
		return nil, err
	}
	op, err := DecodeOp(h.Type, body)
	return AppendOp(AppendRequestHeader(nil, h), &op), err
}

func TestRecordedAnswers(t *testing.T) {
	frames := 0
	for _, x := range recorded(t) {
		t.Run(x.Name, func(t *testing.T) {
			types := requestTypes(t, x)
			for _, text := range x.Resp {
				for _, p := range payloads(t, text) {
					again, err := recodeAnswer(x, types, p)
					require.NoError(t, err)
					assert.Equal(t, p, again)
					frames++
				}
			}
		})
	}
	assert.Greater(t, frames, 120)
}

// requestTypes maps the xids of an exchange to what was asked.
func requestTypes(t testing.TB, x exchange) map[int32]OpCode {
	types := map[int32]OpCode{}
	for _, p := range payloads(t, x.Req) {
		h, _, err := DecodeRequestHeader(p)
		require.NoError(t, err)
		types[h.Xid] = h.Type
	}
	return types
}

func recodeAnswer(x exchange, types map[int32]OpCode, p []byte) ([]byte, error) {
	if x.Dec.Record == "ConnectRequest" {
		r, err := DecodeConnectResponse(p)
		return AppendConnectResponse(nil, &r), err
	}
	h, body, err := DecodeReplyHeader(p)
	b := AppendReplyHeader(nil, h)
	if err != nil || h.Err != OK {
		return b, err
	}
	if h.Xid == XidNotification {
		e, err := DecodeWatcherEvent(body)
		return AppendWatcherEvent(b, e), err
	}
	r, err := DecodeResult(types[h.Xid], body)
	return AppendResult(b, &r), err
}
