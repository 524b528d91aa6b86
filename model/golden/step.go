package golden

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// The shapes of the lines. A pointer tells an absent field from a zero one.
type rawStep struct {
	I       *int            `json:"i"`
	Session *int            `json:"s"`
	Op      string          `json:"op"`
	Args    json.RawMessage `json:"a"`
	Result  json.RawMessage `json:"r"`
}

type rawArgs struct {
	Short  bool            `json:"short"`
	BadPW  bool            `json:"badpw"`
	Path   string          `json:"path"`
	Data   *string         `json:"data"`
	ACL    json.RawMessage `json:"acl"`
	Flags  int32           `json:"flags"`
	Ver    *int32          `json:"ver"`
	Watch  bool            `json:"watch"`
	Ops    []rawOp         `json:"ops"`
	RelZ   int64           `json:"relz"`
	WData  []string        `json:"wdata"`
	WExist []string        `json:"wexist"`
	WChild []string        `json:"wchild"`
	WPers  []string        `json:"wpers"`
	WRec   []string        `json:"wrec"`
	TTL    int64           `json:"ttl"`
	Mode   int32           `json:"mode"`
	Type   int32           `json:"type"`
	Auth   string          `json:"auth"`
	Cred   string          `json:"cred"`
}

type rawOp struct {
	Op   string          `json:"op"`
	Args json.RawMessage `json:"a"`
}

// kindOf maps the names of steps to request types; 0 sends no request of its own.
func kindOf(name string) (proto.OpCode, bool) {
	switch name {
	case "connect":
		return proto.OpCreateSession, true
	case "close":
		return proto.OpCloseSession, true
	case "create":
		return proto.OpCreate, true
	case "create2":
		return proto.OpCreate2, true
	case "delete":
		return proto.OpDelete, true
	case "setData":
		return proto.OpSetData, true
	case "check":
		return proto.OpCheck, true
	case "exists":
		return proto.OpExists, true
	case "getData":
		return proto.OpGetData, true
	case "getChildren":
		return proto.OpGetChildren, true
	case "getChildren2":
		return proto.OpGetChildren2, true
	case "sync":
		return proto.OpSync, true
	case "multi":
		return proto.OpMulti, true
	case "setWatches":
		return proto.OpSetWatches, true
	case "setWatches2":
		return proto.OpSetWatches2, true
	case "createContainer":
		return proto.OpCreateContainer, true
	case "createTTL":
		return proto.OpCreateTTL, true
	case "getACL":
		return proto.OpGetACL, true
	case "setACL":
		return proto.OpSetACL, true
	case "multiRead":
		return proto.OpMultiRead, true
	case "auth":
		return proto.OpAuth, true
	case "addWatch":
		return proto.OpAddWatch, true
	case "removeWatches":
		return proto.OpRemoveWatches, true
	case "checkWatches":
		return proto.OpCheckWatches, true
	case "getEphemerals":
		return proto.OpGetEphemerals, true
	case "getAllChildrenNumber":
		return proto.OpGetAllChildren, true
	case "whoAmI":
		return proto.OpWhoAmI, true
	case "drop", "resume", "expire", "final":
		return 0, true
	}
	return 0, false
}

func parseStep(line []byte) (Step, error) {
	var raw rawStep
	if err := strict(line, &raw); err != nil {
		return Step{}, err
	}
	switch {
	case raw.I == nil:
		return Step{}, fmt.Errorf("i: missing")
	case raw.Session == nil:
		return Step{}, fmt.Errorf("s: missing")
	case raw.Args == nil:
		return Step{}, fmt.Errorf("a: missing")
	case raw.Result == nil:
		return Step{}, fmt.Errorf("r: missing")
	}
	s := Step{Index: *raw.I, Session: *raw.Session, Kind: raw.Op}
	var err error
	if s.Op, s.Args, err = parseOp(raw.Op, raw.Args); err != nil {
		return Step{}, err
	}
	var want rawWant
	if err = strict(raw.Result, &want); err != nil {
		return Step{}, fmt.Errorf("r: %w", err)
	}
	if s.Want, err = want.parse(); err != nil {
		return Step{}, fmt.Errorf("r.%w", err)
	}
	return s, nil
}

func parseOp(name string, args json.RawMessage) (proto.Op, Args, error) {
	code, ok := kindOf(name)
	if !ok {
		return proto.Op{}, Args{}, fmt.Errorf("op: unknown operation %q", name)
	}
	var a rawArgs
	if err := strict(args, &a); err != nil {
		return proto.Op{}, Args{}, fmt.Errorf("a: %w", err)
	}
	op, err := a.request(code)
	if err != nil {
		return proto.Op{}, Args{}, fmt.Errorf("a.%w", err)
	}
	return op, Args{Short: a.Short, BadPassword: a.BadPW, Path: a.Path}, nil
}

// request builds the request of the given type, absent arguments filled in.
func (a *rawArgs) request(code proto.OpCode) (op proto.Op, err error) {
	if code == 0 {
		return op, nil
	}
	op = proto.Op{Type: code, Path: a.Path, Watch: a.Watch}
	switch code {
	case proto.OpCreateSession:
		op.Timeout = TimeoutLong
		if a.Short {
			op.Timeout = TimeoutShort
		}
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		op.Flags, op.TTL = proto.CreateFlags(a.Flags), a.TTL
		if op.ACL, err = parseACL(a.ACL); err != nil {
			return op, err
		}
		op.Data, err = optionalData(a.Data)
	case proto.OpDelete, proto.OpCheck:
		op.Version, err = a.version()
	case proto.OpSetData:
		if op.Version, err = a.version(); err != nil {
			return op, err
		}
		op.Data, err = optionalData(a.Data)
	case proto.OpSetACL:
		if op.Version, err = a.version(); err != nil {
			return op, err
		}
		op.ACL, err = parseACL(a.ACL)
	case proto.OpMulti, proto.OpMultiRead:
		op.Ops, err = parseMulti(a.Ops)
	case proto.OpSetWatches, proto.OpSetWatches2:
		op.RelativeZxid = proto.Zxid(a.RelZ)
		op.DataWatches, op.ExistWatches, op.ChildWatches = a.WData, a.WExist, a.WChild
		if code == proto.OpSetWatches2 { // the line of a setWatches may name them too, and does not mean it
			op.PersistentWatches, op.RecursiveWatches = a.WPers, a.WRec
		}
	case proto.OpAddWatch:
		op.Mode = proto.WatchMode(a.Mode)
	case proto.OpRemoveWatches, proto.OpCheckWatches:
		op.Watches = proto.WatchType(a.Type)
	case proto.OpAuth:
		op.Auth = &proto.Auth{Scheme: a.Auth, Data: []byte(a.Cred)}
	}
	return op, err
}

func (a *rawArgs) version() (int32, error) {
	if a.Ver == nil {
		return 0, fmt.Errorf("ver: missing")
	}
	return *a.Ver, nil
}

func parseMulti(raws []rawOp) ([]proto.Op, error) {
	ops := make([]proto.Op, 0, len(raws))
	for i, raw := range raws {
		op, _, err := parseOp(raw.Op, raw.Args)
		if err != nil {
			return nil, fmt.Errorf("ops[%d].%w", i, err)
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// parseACL reads [[permissions, scheme, id], ...]; an absent list is the open one.
func parseACL(raw json.RawMessage) ([]proto.ACL, error) {
	if raw == nil {
		return proto.OpenACL(), nil
	}
	var entries [][]json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("acl: %w", err)
	}
	acls := []proto.ACL{}
	for i, e := range entries {
		var a proto.ACL
		if err := tuple(e, &a.Perms, &a.Scheme, &a.ID); err != nil {
			return nil, fmt.Errorf("acl[%d]: %w", i, err)
		}
		acls = append(acls, a)
	}
	return acls, nil
}

// tuple decodes the elements of a JSON array, one into each destination.
func tuple(elements []json.RawMessage, dst ...any) error {
	if len(elements) != len(dst) {
		return fmt.Errorf("want %d elements, have %d", len(dst), len(elements))
	}
	for i, e := range elements {
		if err := json.Unmarshal(e, dst[i]); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

func optionalData(s *string) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	return parseData(*s)
}

// parseData reads the notations of data: "n" null, "t:TEXT", "x:HEX", and
// "r:HH*N" for N times the byte HH. Null gives nil, empty data does not.
func parseData(s string) ([]byte, error) {
	kind, rest, ok := strings.Cut(s, ":")
	switch {
	case s == "n":
		return nil, nil
	case ok && kind == "t":
		return append([]byte{}, rest...), nil
	case ok && kind == "x":
		b, err := hex.DecodeString(rest)
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		return append([]byte{}, b...), nil
	case ok && kind == "r":
		return repeatedData(rest)
	}
	return nil, fmt.Errorf("data: unknown notation %q", shorten(s))
}

// longestData bounds the notation "r:HH*N", so that a slip of the pen in a
// transcript cannot ask for all memory.
const longestData = 1 << 24

func repeatedData(s string) ([]byte, error) {
	unit, count, ok := strings.Cut(s, "*")
	b, err := hex.DecodeString(unit)
	n, err2 := strconv.Atoi(count)
	if !ok || err != nil || err2 != nil || len(b) != 1 || n < 0 || n > longestData {
		return nil, fmt.Errorf("data: want r:HH*N, have %q", shorten("r:"+s))
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = b[0]
	}
	return out, nil
}

func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s... (%d bytes)", s[:most], len(s))
}
