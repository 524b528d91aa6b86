package linearizability

import "github.com/zksim/zksim/node/proto"

// seenStat is a Stat in a reply, with the node that it belongs to.
type seenStat struct {
	path string
	stat *proto.Stat
}

// eachStat shows the Stats in the answer to a call.
func eachStat(o *Op, visit func(seenStat)) {
	if o.Op.Type == proto.OpMulti || o.Op.Type == proto.OpMultiRead {
		for i := range min(len(o.Op.Ops), len(o.Result.Multi)) {
			if r := &o.Result.Multi[i]; r.Type == proto.OpSetData || r.Type == proto.OpCreate2 || r.Type == proto.OpGetData {
				visit(statOf(&o.Op.Ops[i], r))
			}
		}
		return
	}
	switch o.Result.Type {
	case proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL, proto.OpSetData, proto.OpExists, proto.OpGetData, proto.OpGetChildren2,
		proto.OpGetACL, proto.OpSetACL:
		visit(statOf(&o.Op, &o.Result))
	}
}

func statOf(op *proto.Op, r *proto.Result) seenStat {
	if r.Type.IsCreate() {
		return seenStat{r.Path, &r.Stat}
	}
	return seenStat{op.Path, &r.Stat}
}

// CheckShape checks each Stat for itself (StatShape, G18): czxid is the least of
// its zxids and none is above the reply's; the length is that of the data, the
// number that of the children; an ephemeral has none; and a zxid has one time,
// whoever tells it.
//
// It takes time O(n) for n calls.
func CheckShape(h *History) *proto.Violation { return checkShapes(h, newZxidTable(len(h.Ops))) }

func checkShapes(h *History, table *zxidTable) *proto.Violation {
	for i := range h.Ops {
		if o := &h.Ops[i]; o.Replied() && o.Err == proto.OK {
			if v := checkShape(o, table); v != nil {
				return v
			}
		}
	}
	return nil
}

func checkShape(o *Op, table *zxidTable) (found *proto.Violation) {
	eachStat(o, func(s seenStat) {
		if what := malformed(s.stat, o.Zxid); what != "" && found == nil {
			found = violation(proto.StatShape, o, "%s: %s: %+v", s.path, what, *s.stat)
		}
		if z := timeDiffers(s.stat, table); z != 0 && found == nil {
			found = violation(proto.StatShape, o, "%s: another time of %v than was told before: %+v", s.path, z, *s.stat)
		}
	})
	r := &o.Result
	switch {
	case found != nil:
	case r.Type == proto.OpGetData && int(r.Stat.DataLength) != len(r.Data):
		found = violation(proto.StatShape, o, "dataLength %d with %d bytes", r.Stat.DataLength, len(r.Data))
	case r.Type == proto.OpGetChildren2 && int(r.Stat.NumChildren) != len(r.Children):
		found = violation(proto.StatShape, o, "numChildren %d with %d children", r.Stat.NumChildren, len(r.Children))
	}
	return found
}

func malformed(s *proto.Stat, last proto.Zxid) string {
	switch {
	case s.Czxid > s.Mzxid:
		return "czxid above mzxid"
	case s.Czxid > s.Pzxid:
		return "czxid above pzxid"
	case s.Mzxid > last || s.Pzxid > last:
		return "a zxid above the reply's, " + last.String()
	case s.EphemeralOwner != 0 && s.NumChildren != 0:
		return "an ephemeral with children"
	case s.NumChildren < 0 || s.DataLength < 0:
		return "a negative number"
	}
	return ""
}

// timeDiffers returns a zxid whose time is not the one told before, or 0.
// Histories from files have no times.
func timeDiffers(s *proto.Stat, table *zxidTable) proto.Zxid {
	switch {
	case !table.hasTime(s.Czxid, s.Ctime):
		return s.Czxid
	case !table.hasTime(s.Mzxid, s.Mtime):
		return s.Mzxid
	}
	return 0
}

func (t *zxidTable) hasTime(z proto.Zxid, time int64) bool {
	if z <= 0 || time == 0 {
		return true
	}
	f := t.at(z)
	if f.time == 0 {
		f.time = time
	}
	return f.time == time
}
