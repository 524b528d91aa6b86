package linearizability

import (
	"encoding/json"
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// result is what a reply brought, as in the golden transcripts. Times are left out.
type result struct {
	Op    string        `json:"op,omitempty"` // type of the answer
	Err   proto.ErrCode `json:"err,omitempty"`
	Path  string        `json:"path,omitempty"`
	Data  string        `json:"data,omitempty"`
	Stat  *stat         `json:"stat,omitempty"`
	Ch    []string      `json:"ch,omitempty"`
	ACL   *[]acl        `json:"acl,omitempty"`
	N     int32         `json:"n,omitempty"`
	IDs   [][2]string   `json:"ids,omitempty"` // schemes and users
	Multi []result      `json:"multi,omitempty"`
}

// stat is [czxid, mzxid, pzxid, version, cversion, aversion, ephemeralOwner,
// dataLength, numChildren]; the owner is a session id in hexadecimal, "" for none.
type stat proto.Stat

// MarshalJSON writes nine fields as an array.
func (s stat) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{s.Czxid, s.Mzxid, s.Pzxid, s.Version, s.Cversion, s.Aversion,
		sessionText(s.EphemeralOwner), s.DataLength, s.NumChildren})
}

// UnmarshalJSON reads an array of nine.
func (s *stat) UnmarshalJSON(b []byte) error {
	var owner string
	parts := []any{&s.Czxid, &s.Mzxid, &s.Pzxid, &s.Version, &s.Cversion, &s.Aversion,
		&owner, &s.DataLength, &s.NumChildren}
	if err := json.Unmarshal(b, &parts); err != nil || len(parts) != 9 {
		return fmt.Errorf("%w: field \"stat\" must be an array of nine: czxid, mzxid, pzxid, version, cversion, aversion, "+
			"ephemeralOwner (a string), dataLength, numChildren", ErrHistory)
	}
	id, err := parseSession(owner)
	s.EphemeralOwner = proto.SessionID(id)
	return err
}

// resultOf returns nil for a call without an answer.
func resultOf(r *proto.Result) *result {
	if r.Type == 0 {
		return nil
	}
	out := formatResult(r)
	return &out
}

func formatResult(r *proto.Result) result {
	out := result{Op: r.Type.String(), Err: r.Err, Path: r.Path, Ch: r.Children, N: r.Count}
	if r.ACL != nil {
		out.ACL = aclsOf(r.ACL)
	}
	for _, id := range r.IDs {
		out.IDs = append(out.IDs, [2]string{id.Scheme, id.ID})
	}
	if r.Data != nil {
		out.Data = formatData(r.Data)
	}
	if r.Stat != (proto.Stat{}) {
		st := stat(r.Stat)
		out.Stat = &st
	}
	for i := range r.Multi {
		out.Multi = append(out.Multi, formatResult(&r.Multi[i]))
	}
	return out
}

// result reads it back; r may be nil.
func (r *result) result() (proto.Result, error) {
	var out proto.Result
	if r == nil {
		return out, nil
	}
	t, err := parseResultType(r.Op)
	if err != nil {
		return out, err
	}
	out = proto.Result{Type: t, Err: r.Err, Path: r.Path, Children: r.Ch, Count: r.N}
	if r.ACL != nil {
		out.ACL = (&args{ACL: r.ACL}).acls()
	}
	for _, id := range r.IDs {
		out.IDs = append(out.IDs, proto.ID{Scheme: id[0], ID: id[1]})
	}
	if out.Data, err = parseData(r.Data); err != nil {
		return out, err
	}
	if r.Stat != nil {
		out.Stat = proto.Stat(*r.Stat)
	}
	for i := range r.Multi {
		sub, err := r.Multi[i].result()
		if err != nil {
			return out, err
		}
		out.Multi = append(out.Multi, sub)
	}
	return out, nil
}

func parseResultType(name string) (proto.OpCode, error) {
	if name == proto.OpError.String() {
		return proto.OpError, nil
	}
	return parseType(name)
}
