package model_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node/proto"
)

// notation writes a request as the transcripts do, session 1 being their session 0.
func notation(session proto.SessionID, op *proto.Op) string {
	b, err := json.Marshal(struct {
		S  int64  `json:"s"`
		Op string `json:"op"`
		A  any    `json:"a"`
	}{int64(session) - 1, op.Type.String(), arguments(op)})
	if err != nil {
		panic(err)
	}
	return string(b)
}

type part struct {
	Op string         `json:"op"`
	A  map[string]any `json:"a"`
}

// arguments are those that the type has; encoding/json sorts them by name.
func arguments(op *proto.Op) map[string]any {
	a := map[string]any{}
	switch op.Type {
	case proto.OpCloseSession, proto.OpPing, proto.OpWhoAmI:
		return a
	case proto.OpCreateSession:
		a["timeout"] = op.Timeout
		return a
	case proto.OpAuth:
		a["auth"], a["cred"] = op.Auth.Scheme, string(op.Auth.Data)
		return a
	case proto.OpMulti, proto.OpMultiRead:
		parts := []any{}
		for i := range op.Ops {
			parts = append(parts, part{op.Ops[i].Type.String(), arguments(&op.Ops[i])})
		}
		a["ops"] = parts
		return a
	case proto.OpSetWatches, proto.OpSetWatches2:
		a["relz"], a["wdata"], a["wexist"], a["wchild"] = op.RelativeZxid, op.DataWatches, op.ExistWatches, op.ChildWatches
		if op.Type == proto.OpSetWatches2 {
			a["wpers"], a["wrec"] = op.PersistentWatches, op.RecursiveWatches
		}
		return a
	}
	a["path"] = op.Path
	switch op.Type {
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		a["data"], a["flags"] = dataNotation(op.Data), op.Flags
		if op.Type == proto.OpCreateTTL {
			a["ttl"] = op.TTL
		}
		if !proto.IsOpenACL(op.ACL) {
			a["acl"] = aclNotation(op.ACL)
		}
	case proto.OpSetACL:
		a["acl"], a["ver"] = aclNotation(op.ACL), op.Version
	case proto.OpSetData:
		a["data"], a["ver"] = dataNotation(op.Data), op.Version
	case proto.OpDelete, proto.OpCheck:
		a["ver"] = op.Version
	case proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2:
		if op.Watch {
			a["watch"] = true
		}
	case proto.OpDeleteContainer:
		a["ttl"] = op.TTL
	case proto.OpAddWatch:
		a["mode"] = op.Mode
	case proto.OpRemoveWatches, proto.OpCheckWatches:
		a["type"] = op.Watches
	}
	return a
}

func dataNotation(b []byte) string {
	switch {
	case b == nil:
		return "n"
	case strings.ContainsFunc(string(b), func(r rune) bool { return r < ' ' || r > '~' }):
		return "x:" + hex.EncodeToString(b)
	}
	return "t:" + string(b)
}

func aclNotation(acl []proto.ACL) []any {
	out := []any{}
	for _, e := range acl {
		out = append(out, []any{e.Perms, e.Scheme, e.ID})
	}
	return out
}

// What failures print can be put into a transcript: it reads back as it was.
func TestNotationIsThatOfTranscripts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := rapid.OneOf(genSingle(), genMulti(), genRead(), genAuth()).Draw(t, "op")
		if op.Type == proto.OpPing {
			return // transcripts have none
		}
		line := notation(1, &op)
		text := fmt.Sprintf("{\"format\":1,\"seed\":1,\"steps\":1,\"server\":\"none\"}\n{\"i\":0,\"r\":{},%s\n", line[1:])
		tr, err := golden.Parse(strings.NewReader(text))
		require.NoError(t, err, line)
		require.Equal(t, line, notation(1, &tr.Steps[0].Op))
	})
}
