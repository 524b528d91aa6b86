package golden

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/zksim/zksim/node/proto"
)

// Scale brings an implementation's zxids and session ids to those of a
// transcript. Neither function is called with 0 for "none".
type Scale struct {
	Zxid    func(proto.Zxid) int64    // as an offset from the zxid before the first step
	Session func(proto.SessionID) int // the number of the session
}

// Answer gives the part of a step's outcome that a reply holds: its header and
// body. Whether the connection was closed and what events came is for the caller
// to add. Children are sorted here. A reply with an error has no body.
func (s Scale) Answer(r *proto.Result, z proto.Zxid) Got {
	got := Got{Answered: true, Err: r.Err, Zxid: s.offset(z)}
	if r.Err != proto.OK {
		return got
	}
	switch r.Type {
	case proto.OpCreate, proto.OpSync:
		got.Path = r.Path
	case proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		got.Path, got.Stat = r.Path, s.statOf(&r.Stat)
	case proto.OpExists, proto.OpSetData, proto.OpSetACL:
		got.Stat = s.statOf(&r.Stat)
	case proto.OpGetData:
		got.HasData, got.Data, got.Stat = true, r.Data, s.statOf(&r.Stat)
	case proto.OpGetACL:
		got.ACL, got.Stat = s.ACL(r.ACL), s.statOf(&r.Stat)
	case proto.OpGetAllChildren, proto.OpAddWatch:
		got.HasCount, got.Count = true, r.Count
	case proto.OpWhoAmI:
		got.IDs = sortedIDs(r.IDs)
	case proto.OpGetChildren, proto.OpGetEphemerals:
		got.Children = sortedNames(r.Children)
	case proto.OpGetChildren2:
		got.Children, got.Stat = sortedNames(r.Children), s.statOf(&r.Stat)
	case proto.OpMulti, proto.OpMultiRead:
		got.Multi = s.parts(r.Multi)
	}
	return got
}

// Stat converts the metadata of a node, as for the final tree.
func (s Scale) Stat(p *proto.Stat) Stat {
	return Stat{
		Czxid: s.offset(p.Czxid), Mzxid: s.offset(p.Mzxid), Pzxid: s.offset(p.Pzxid),
		Version: p.Version, Cversion: p.Cversion, Aversion: p.Aversion, Owner: s.owner(p.EphemeralOwner),
		DataLength: p.DataLength, NumChildren: p.NumChildren,
	}
}

// Event converts a notification that went to a session.
func (s Scale) Event(to proto.SessionID, e proto.WatcherEvent) Event {
	return Event{s.Session(to), e.Type, e.Path}
}

func (s Scale) parts(results []proto.Result) []Part {
	parts := make([]Part, 0, len(results))
	for i := range results {
		r := &results[i]
		p := Part{Type: r.Type.String(), Err: r.Err, Path: r.Path}
		switch r.Type {
		case proto.OpSetData, proto.OpCreate2:
			p.Stat = s.statOf(&r.Stat)
		case proto.OpGetData:
			p.HasData, p.Data, p.Stat = true, r.Data, s.statOf(&r.Stat)
		case proto.OpGetChildren:
			p.Children = sortedNames(r.Children)
		}
		parts = append(parts, p)
	}
	return parts
}

func (s Scale) statOf(p *proto.Stat) *Stat {
	stat := s.Stat(p)
	return &stat
}

func (s Scale) offset(z proto.Zxid) int64 {
	if z == 0 {
		return 0
	}
	return s.Zxid(z)
}

func (s Scale) owner(id proto.SessionID) string {
	if id == 0 {
		return ""
	}
	return "s" + strconv.Itoa(s.Session(id))
}

// ACL brings a list to the order of the transcripts: neighbouring entries of the
// scheme digest with equal permissions are sorted, because the identities of a
// connection, for which "auth" stands, have no order.
func (s Scale) ACL(acl []proto.ACL) []proto.ACL {
	out := append([]proto.ACL{}, acl...)
	alike := func(a, b proto.ACL) bool { return a.Scheme == "digest" && b.Scheme == "digest" && a.Perms == b.Perms }
	for i := 0; i < len(out); {
		j := i + 1
		for j < len(out) && alike(out[i], out[j]) {
			j++
		}
		// total order: the entries are alike in all else
		slices.SortFunc(out[i:j], func(a, b proto.ACL) int { return cmp.Compare(a.ID, b.ID) })
		i = j
	}
	return out
}

func sortedIDs(ids []proto.ID) []proto.ID {
	out := append([]proto.ID{}, ids...)
	// total order: scheme and id are all there is
	slices.SortFunc(out, func(a, b proto.ID) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.ID, b.ID))
	})
	return out
}

func sortedNames(names []string) []string {
	return append([]string{}, slices.Sorted(slices.Values(names))...)
}
