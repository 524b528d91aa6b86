package linearizability

import (
	"maps"
	"slices"

	"github.com/zksim/zksim/model"
	"github.com/zksim/zksim/node/proto"
)

// ground is the nodes of a history that are there before anything is asked of
// them, and stay: each created once, by a call that was answered before any other
// of the node, of what is below it, or of the children of its parent can have
// taken effect, and never deleted. Calls that only create such nodes are the
// beginning of every part of the history, and tie no parts together.
type ground struct {
	of      map[string]int // the call that created a node; -1: it is no ground
	counted map[string]bool
	listed  map[string]uint64 // first step at which children of a node may be looked at
	calls   map[int]bool
	state   model.State
}

// groundOf looks for the ground of a history without zxids.
func groundOf(h *History, b *builder) *ground {
	g := &ground{of: map[string]int{}, counted: map[string]bool{}, listed: map[string]uint64{}, calls: map[int]bool{}}
	for i := range h.Ops {
		g.creates(i, &h.Ops[i], &h.Ops[i].Op)
		g.looks(b.since(&h.Ops[i]), &h.Ops[i].Op, &h.Ops[i].Result, &h.Ops[i])
	}
	for i := range h.Ops {
		g.uses(h, i, b.since(&h.Ops[i]), &h.Ops[i].Op)
	}
	g.shrink(h)
	if anyCall(h, wide) || !g.build(h) {
		clear(g.of)
		clear(g.calls)
		g.state = model.NewWith(rulesOf(h))
	}
	return g
}

// creates notes what a call may create for good, or delete.
func (g *ground) creates(i int, o *Op, op *proto.Op) {
	for k := range op.Ops {
		g.creates(i, o, &op.Ops[k])
	}
	switch {
	case o.Outcome == Failed || o.Outcome == OK && o.Err != proto.OK:
	case op.Type == proto.OpDelete:
		g.of[op.Path] = -1
	case op.Type.IsCreate():
		if _, again := g.of[op.Path]; again || op.Flags != 0 || mortal(op) || o.Outcome != OK || o.Return == 0 {
			g.of[op.Path] = -1
			return
		}
		g.of[op.Path] = i
	}
}

// looks notes which nodes have their children looked at, or counted, from when on.
func (g *ground) looks(since uint64, op *proto.Op, res *proto.Result, o *Op) {
	for k := range op.Ops {
		part := &proto.Result{}
		if k < len(res.Multi) {
			part = &res.Multi[k]
		}
		g.looks(since, &op.Ops[k], part, o)
	}
	path := rooted(op.Path)
	switch op.Type {
	case proto.OpDelete, proto.OpGetChildren, proto.OpGetChildren2:
	case proto.OpExists, proto.OpGetData, proto.OpSetData, proto.OpGetACL:
		if res.Stat == (proto.Stat{}) {
			return
		}
	case proto.OpSetACL: // who may create below it is looked up there
	case proto.OpCreate, proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		if !op.Flags.IsSequential() {
			return
		}
		path = parentOf(op.Path)
	default:
		return
	}
	g.counted[path] = true
	if at, ok := g.listed[path]; !ok || since < at {
		g.listed[path] = since
	}
}

// uses takes away the ground of which a call may have been asked too early.
func (g *ground) uses(h *History, i int, since uint64, op *proto.Op) {
	for k := range op.Ops {
		g.uses(h, i, since, &op.Ops[k])
	}
	if op.Path == "" {
		return
	}
	paths := []string{op.Path}
	if op.Type.IsCreate() || op.Type == proto.OpDelete {
		paths = append(paths, parentOf(op.Path))
	}
	for _, p := range paths {
		if n, ok := g.of[p]; ok && n >= 0 && n != i && since <= h.Ops[n].Return {
			g.of[p] = -1
		}
	}
}

// shrink leaves what was created on the ground, by calls that did nothing else.
func (g *ground) shrink(h *History) {
	for changed := true; changed; {
		changed = false
		for _, p := range slices.Sorted(maps.Keys(g.of)) {
			n := g.of[p]
			if n < 0 {
				continue
			}
			at, listed := g.listed[parentOf(p)]
			if !g.holds(parentOf(p)) || listed && at <= h.Ops[n].Return || !g.only(&h.Ops[n].Op) {
				g.of[p], changed = -1, true
			}
		}
	}
}

// holds reports whether a node is always there.
func (g *ground) holds(path string) bool {
	n, ok := g.of[path]
	return path == "/" || ok && n >= 0
}

// only reports whether a request creates ground and does nothing else.
func (g *ground) only(op *proto.Op) bool {
	if op.Type == proto.OpMulti {
		return !slices.ContainsFunc(op.Ops, func(sub proto.Op) bool { return !g.only(&sub) })
	}
	return op.Type.IsCreate() && g.holds(op.Path)
}

// build executes the calls that created the ground; their answers must be right.
func (g *ground) build(h *History) bool {
	g.state = model.NewWith(rulesOf(h))
	for _, n := range g.of { // order-free: fills a set
		if n >= 0 {
			g.calls[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(g.calls)) {
		o := &h.Ops[n]
		next, want, _ := g.state.Open(o.Session, 0).Apply(g.state.Last()+1, 0, o.Session, &o.Op)
		if differs(o, &want, false) != fieldNone {
			return false
		}
		g.state = next
	}
	return true
}
