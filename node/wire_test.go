package node_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// TestGoldenWire sends a server by itself what Apache ZooKeeper 3.8.0 was sent,
// byte for byte, and compares what comes. The differences that are allowed are
// those that golden.Exemptions lists.
func TestGoldenWire(t *testing.T) {
	for _, set := range wireSets(t) {
		differences := playWire(t, set.exchanges, golden.ExemptionNames())
		for _, d := range differences {
			t.Error(d)
		}
		t.Logf("%s: %d of %d exchanges agree", set.name, len(set.exchanges)-len(differences), len(set.exchanges))
	}
}

// Each exemption is needed: without it, something differs.
func TestGoldenWireNotices(t *testing.T) {
	sets := wireSets(t)
	all := append(sets[0].exchanges, sets[1].exchanges...)
	for i, e := range golden.Exemptions() {
		names := golden.ExemptionNames()
		names = append(names[:i], names[i+1:]...)
		assert.NotEmpty(t, playWire(t, all, names), e.Name)
	}
}

type wireSet struct {
	name      string
	exchanges []golden.Exchange
}

func wireSets(t *testing.T) []wireSet {
	f, err := os.Open("../testdata/golden/wire.jsonl")
	require.NoError(t, err)
	defer f.Close()
	requests, err := golden.ParseWire(f)
	require.NoError(t, err)
	g, err := os.Open("../testdata/golden/wire-clients.jsonl")
	require.NoError(t, err)
	defer g.Close()
	clients, err := golden.ParseClients(g)
	require.NoError(t, err)
	return []wireSet{{"wire.jsonl", requests}, {"wire-clients.jsonl", clients}}
}

func playWire(t *testing.T, all []golden.Exchange, exempt []string) []string {
	return golden.PlayWire(all, func(server string) golden.Driver { return aloneFor(t, server) }, 1, exempt)
}

// aloneFor is a server with the settings of one that was recorded.
func aloneFor(t *testing.T, server string) wireWorld {
	w := newWorld(t, 1)
	w.cfg.MaxSessionTimeout = time.Minute
	w.cfg.Store = recordedStore()
	if server == "default" {
		w.cfg.Store = node.StoreConfig{}
	}
	w.cfg.Clients.Words = []string{"*"}
	w.hosts[0].start()
	w.run(time.Second)
	return wireWorld{alone{w}}
}

// wireWorld waits until nothing happens any more: what has not come by then
// never will.
type wireWorld struct{ alone }

func (a wireWorld) Wait(done func() bool) error {
	a.settle()
	done()
	return nil
}

// notRecoded are the requests that are not the bytes that would be written for
// what they say, and why.
var notRecoded = map[string]string{
	"create_null_path": "malformed", "getData_null_path": "malformed", "truncated_request": "malformed",
	"truncated_create": "malformed", "multi_bad_type": "malformed", "multiRead_bad_type": "malformed",
	"first_frame_not_connect": "malformed", "unknown_type_99": "malformed", "unknown_type_10": "malformed",
	"unknown_type_-1": "malformed", "unknown_type_0": "malformed", "frame_1048576": "malformed", "frame_negative_length": "malformed",
	"frame_1048575": "the recording is cut", "trailing_bytes": "surplus bytes are ignored", "deleteContainer_from_client": "surplus bytes are ignored",
}

// TestGoldenWireRecodes: every request that is well-formed is decoded, and written
// again to the very same bytes. With the answers TestGoldenWire does so.
func TestGoldenWireRecodes(t *testing.T) {
	for _, set := range wireSets(t) {
		frames, equal, exempt := 0, 0, 0
		greeted := map[string]bool{}
		for _, x := range set.exchanges {
			for rest := x.Sent; len(rest) > 4; {
				size := 4 + int(int32(binary.BigEndian.Uint32(rest)))
				if size < 4 || size > len(rest) {
					break
				}
				again, err := recode(rest[4:size], !greeted[x.Conn])
				switch frames++; {
				case err == nil && bytes.Equal(again, rest[4:size]):
					equal++
				case notRecoded[x.Name] != "":
					exempt++
				default:
					t.Errorf("%s: %x is written as %x, %v", x.Name, rest[4:size], again, err)
				}
				greeted[x.Conn] = true
				rest = rest[size:]
			}
		}
		t.Logf("%s: %d of %d requests are written to the same bytes, %d are malformed or longer than they need be", set.name, equal, frames, exempt)
	}
}

func recode(frame []byte, first bool) ([]byte, error) {
	if first {
		r, err := proto.DecodeConnectRequest(frame)
		return proto.AppendConnectRequest(nil, &r), err
	}
	h, body, err := proto.DecodeRequestHeader(frame)
	if err != nil {
		return nil, err
	}
	op, err := proto.DecodeOp(h.Type, body)
	return proto.AppendOp(proto.AppendRequestHeader(nil, h), &op), err
}
