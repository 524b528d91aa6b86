package linearizability

import (
	"fmt"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// explain makes a violation of an answer that is not the model's: it says which
// guarantee is broken, as far as one answer tells, and how.
func (r *replay) explain(m *mismatch) *proto.Violation {
	o, f, want := m.call, m.field, &m.want
	p := r.brokenRead(m)
	if o.Op.Type.IsWrite() {
		p = brokenWrite(o, f, want)
	}
	return violation(p, o, "at %v: %v differs: answered %s, must be %s", o.Zxid, f,
		answerText(o.Err, &o.Result), answerText(errOf(want), want))
}

func brokenWrite(o *Op, f field, want *proto.Result) proto.Property {
	sequential := o.Op.Flags.IsSequential()
	switch {
	case o.Op.Type == proto.OpMulti:
		return brokenMulti(&o.Op, o.Result.Multi, want.Multi, f)
	case errOf(want) == proto.SessionExpired && f == fieldErr:
		return proto.SessionClosed
	case f == fieldPath, f == fieldErr && sequential && o.Err == proto.NodeExists:
		return proto.SequentialName
	case f == fieldShape:
		return proto.StatShape
	case f == fieldOwner:
		return proto.Ephemeral
	}
	return proto.LinearizableWrites
}

// brokenMulti: a multi answers with results alone or with errors alone.
func brokenMulti(op *proto.Op, got, want []proto.Result, f field) proto.Property {
	errors := 0
	for i := range got {
		if got[i].Type == proto.OpError {
			errors++
		}
	}
	switch {
	case errors > 0 && errors < len(got), len(got) > 0 && len(got) != len(op.Ops):
		return proto.AtomicMulti
	case len(want) > 0 && want[0].Type == proto.OpError && multiError(want) == proto.SessionExpired:
		return proto.SessionClosed
	case f == fieldPath:
		return proto.SequentialName
	case f == fieldShape:
		return proto.StatShape
	}
	return proto.LinearizableWrites
}

func multiError(parts []proto.Result) proto.ErrCode { return errOf(&proto.Result{Multi: parts}) }

func (r *replay) brokenRead(m *mismatch) proto.Property {
	o, f, want := m.call, m.field, &m.want
	got := &o.Result.Stat
	switch {
	case f == fieldOwner, o.Err == proto.OK && got.EphemeralOwner != 0 && !alive(m.state, got.EphemeralOwner),
		o.Err == proto.NoNode && want.Stat.EphemeralOwner != 0:
		return proto.Ephemeral
	case r.partOfMulti(o, want):
		return proto.AtomicMulti
	case f == fieldShape:
		return proto.StatShape
	}
	return proto.PrefixRead
}

func alive(state model.State, s proto.SessionID) bool {
	_, ok := state.Timeout(s)
	return ok
}

// partOfMulti: a read shows what a failed multi would have done, or lacks its
// part of one that succeeded.
func (r *replay) partOfMulti(o *Op, want *proto.Result) bool {
	got := &o.Result.Stat
	for _, z := range [...]proto.Zxid{got.Czxid, got.Mzxid, got.Pzxid} {
		if m := r.multiAt(z); m != nil && m.Err != proto.OK {
			return true
		}
	}
	if want.Err != proto.OK {
		return false
	}
	newest, seen := max(want.Stat.Mzxid, want.Stat.Czxid), max(got.Mzxid, got.Czxid)
	if o.Op.Type == proto.OpGetChildren2 {
		newest, seen = want.Stat.Pzxid, got.Pzxid
	}
	m := r.multiAt(newest)
	return m != nil && len(m.Op.Ops) > 1 && seen < newest
}

// multiAt returns the answered multi that is in W at a zxid, or nil.
func (r *replay) multiAt(z proto.Zxid) *Op {
	if z <= 0 {
		return nil
	}
	for i := range r.h.Ops {
		if o := &r.h.Ops[i]; o.Zxid == z && o.Op.Type == proto.OpMulti && isAnsweredWrite(o) {
			return o
		}
	}
	return nil
}

// answerText writes an answer on one line.
func answerText(err proto.ErrCode, r *proto.Result) string {
	if err != proto.OK {
		return err.Error()
	}
	switch r.Type {
	case proto.OpCreate, proto.OpSync:
		return fmt.Sprintf("%q", r.Path)
	case proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		return fmt.Sprintf("%q %s", r.Path, statText(&r.Stat))
	case proto.OpGetData:
		return fmt.Sprintf("%.60q %s", formatData(r.Data), statText(&r.Stat))
	case proto.OpSetData, proto.OpExists, proto.OpSetACL:
		return statText(&r.Stat)
	case proto.OpGetACL:
		return fmt.Sprintf("%.200q %s", fmt.Sprint(r.ACL), statText(&r.Stat))
	case proto.OpGetAllChildren:
		return fmt.Sprintf("%d below", r.Count)
	case proto.OpGetChildren, proto.OpGetEphemerals:
		return fmt.Sprintf("%.200q", fmt.Sprint(r.Children))
	case proto.OpGetChildren2:
		return fmt.Sprintf("%.200q %s", fmt.Sprint(r.Children), statText(&r.Stat))
	case proto.OpMulti, proto.OpMultiRead:
		return multiText(r.Multi)
	}
	return "ok"
}

func multiText(parts []proto.Result) string {
	text := ""
	for i := range parts {
		text += " " + answerText(parts[i].Err, &parts[i])
	}
	return "[" + text + " ]"
}

func statText(s *proto.Stat) string {
	text := fmt.Sprintf("c=%v m=%v p=%v versions %d,%d,%d, %d bytes, %d children", s.Czxid, s.Mzxid, s.Pzxid,
		s.Version, s.Cversion, s.Aversion, s.DataLength, s.NumChildren)
	if s.EphemeralOwner != 0 {
		text += fmt.Sprintf(", ephemeral of %v", s.EphemeralOwner)
	}
	return text
}
