package linearizability

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// opTypes are the requests that a history file can hold.
func opTypes() []proto.OpCode {
	return []proto.OpCode{proto.OpCreate, proto.OpCreate2, proto.OpDelete, proto.OpSetData, proto.OpCheck,
		proto.OpExists, proto.OpGetData, proto.OpGetChildren, proto.OpGetChildren2, proto.OpSync, proto.OpMulti,
		proto.OpCloseSession, proto.OpCreateContainer, proto.OpCreateTTL, proto.OpGetACL, proto.OpSetACL, proto.OpMultiRead,
		proto.OpGetAllChildren, proto.OpGetEphemerals, proto.OpAddWatch, proto.OpRemoveWatches, proto.OpCheckWatches,
		proto.OpAuth, proto.OpWhoAmI, proto.OpReconfig}
}

func typeNames() string {
	var names []string
	for _, t := range opTypes() {
		names = append(names, t.String())
	}
	return strings.Join(names, ", ")
}

func parseType(name string) (proto.OpCode, error) {
	for _, t := range opTypes() {
		if t.String() == name {
			return t, nil
		}
	}
	return 0, fmt.Errorf("%w: field \"op\" is %.40q, must be one of %s", ErrHistory, name, typeNames())
}

// args are the arguments of a request, as in the golden transcripts: an absent
// list of permissions is the open one, absent data is null.
type args struct {
	Path  string            `json:"path,omitempty"`
	Data  string            `json:"data,omitempty"`
	ACL   *[]acl            `json:"acl,omitempty"`
	Flags proto.CreateFlags `json:"flags,omitempty"`
	Ver   *int32            `json:"ver,omitempty"`
	TTL   int64             `json:"ttl,omitempty"`
	Watch bool              `json:"watch,omitempty"`
	Mode  proto.WatchMode   `json:"mode,omitempty"`
	Type  proto.WatchType   `json:"type,omitempty"`
	Auth  string            `json:"auth,omitempty"` // scheme
	Cred  string            `json:"cred,omitempty"`
	Ops   []part            `json:"ops,omitempty"`
}

// part is an operation of a multi.
type part struct {
	Op string `json:"op"`
	A  *args  `json:"a"`
}

// acl is an entry as [permissions, scheme, id].
type acl proto.ACL

// MarshalJSON writes the three fields as an array.
func (a acl) MarshalJSON() ([]byte, error) { return json.Marshal([]any{a.Perms, a.Scheme, a.ID}) }

// UnmarshalJSON reads an array of three.
func (a *acl) UnmarshalJSON(b []byte) error {
	parts := []any{&a.Perms, &a.Scheme, &a.ID}
	if err := json.Unmarshal(b, &parts); err != nil || len(parts) != 3 {
		return fmt.Errorf("%w: field \"acl\" must hold arrays of a number, a string and a string (permissions, scheme, id)", ErrHistory)
	}
	return nil
}

func argsOf(op *proto.Op) *args {
	a := &args{Path: op.Path, Flags: op.Flags, TTL: op.TTL, Watch: op.Watch, Mode: op.Mode, Type: op.Watches}
	if op.Data != nil {
		a.Data = formatData(op.Data)
	}
	switch op.Type {
	case proto.OpDelete, proto.OpSetData, proto.OpCheck:
		a.Ver = &op.Version
	case proto.OpSetACL:
		a.Ver, a.ACL = &op.Version, aclsOf(op.ACL)
	case proto.OpAuth:
		a.Auth, a.Cred = op.Auth.Scheme, string(op.Auth.Data)
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		if !proto.IsOpenACL(op.ACL) {
			a.ACL = aclsOf(op.ACL)
		}
	}
	for i := range op.Ops {
		a.Ops = append(a.Ops, part{op.Ops[i].Type.String(), argsOf(&op.Ops[i])})
	}
	return a
}

// op makes a request of a name and its arguments, which may be nil.
func (a *args) op(name string) (proto.Op, error) {
	t, err := parseType(name)
	if err != nil || a == nil {
		return proto.Op{Type: t}, err
	}
	op := proto.Op{Type: t, Path: a.Path, Flags: a.Flags, TTL: a.TTL, Watch: a.Watch, Mode: a.Mode, Watches: a.Type}
	if a.Ver != nil {
		op.Version = *a.Ver
	}
	if op.Data, err = parseData(a.Data); err != nil {
		return op, err
	}
	switch {
	case t.IsCreate() || t == proto.OpSetACL:
		op.ACL = a.acls()
	case t == proto.OpAuth:
		op.Auth = &proto.Auth{Scheme: a.Auth, Data: []byte(a.Cred)}
	case t == proto.OpReconfig:
		op.Reconfig = &proto.Reconfig{}
	}
	for i := range a.Ops {
		sub, err := a.Ops[i].A.op(a.Ops[i].Op)
		if err != nil {
			return op, err
		}
		op.Ops = append(op.Ops, sub)
	}
	return op, nil
}

func aclsOf(list []proto.ACL) *[]acl {
	out := make([]acl, 0, len(list))
	for _, e := range list {
		out = append(out, acl(e))
	}
	return &out
}

func (a *args) acls() []proto.ACL {
	if a.ACL == nil {
		return proto.OpenACL()
	}
	var out []proto.ACL
	for _, e := range *a.ACL {
		out = append(out, proto.ACL(e))
	}
	return out
}
