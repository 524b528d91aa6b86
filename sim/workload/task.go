package workload

import (
	"strconv"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
)

// follow says what follows when a request has been answered.
type follow uint8

const (
	thenNothing follow = iota
	thenUpdate         // write on the condition of the version that was read
	thenRead           // read the same node
	thenReady          // the client's groups exist
)

// Limits on what a client leaves lying about.
const (
	sequentialMax = 12
	ephemeralMax  = 4
	hotNodes      = 16 // the first nodes of the tree, which all clients visit
)

// task begins one task. The weights, in a hundred, give 65 writes on 64 reads.
func (g *Generator) task() {
	n := g.tasks.Below(100)
	for _, t := range [...]struct {
		weight int64
		begin  func(*Generator)
	}{
		{24, (*Generator).update},
		{15, (*Generator).set},
		{6, (*Generator).createSequential},
		{6, (*Generator).deleteSequential},
		{5, (*Generator).ephemeral},
		{5, (*Generator).multiUpdate},
		{4, (*Generator).multiMove},
		{10, (*Generator).watch},
		{5, (*Generator).syncRead},
		{20, (*Generator).read},
	} {
		if n < t.weight {
			t.begin(g)
			return
		}
		n -= t.weight
	}
}

// node draws a znode: five times in eight one of the client's favourites, else one
// that all clients visit often, or any.
func (g *Generator) node() int {
	n := g.places.Below(16)
	at := g.places.Uint64()
	switch {
	case n < 10 && len(g.favourites) > 0:
		return g.favourites[at%uint64(len(g.favourites))]
	case n < 14:
		return int(at % uint64(min(hotNodes, len(g.nodes))))
	}
	return int(at % uint64(len(g.nodes)))
}

func (g *Generator) group(node int) string { return g.w.tree.groups[node/groupSize] }

// value makes a value that no other write of the run has: client, number, filler.
func (g *Generator) value() []byte {
	size := g.w.cfg.ValueSize
	if cap(g.values)-len(g.values) < size {
		g.values = make([]byte, 0, 64*size)
	}
	g.created++
	at := len(g.values)
	b := append(g.values, 'c')
	b = strconv.AppendInt(b, int64(g.n), 10)
	b = append(b, '.')
	b = strconv.AppendUint(b, g.created, 10)
	for len(b) < at+size {
		b = append(b, ' ')
	}
	g.values = b
	return b[at : at+size : at+size]
}

// about makes a request for a node.
func (g *Generator) about(node int, t proto.OpCode, then follow) {
	g.op.Type, g.op.Path = t, g.w.tree.nodes[node]
	g.do(slot{then: then, node: node})
}

// update reads a node, to write it on the condition of its version.
func (g *Generator) update() {
	g.op = proto.Op{}
	g.about(g.node(), proto.OpGetData, thenUpdate)
}

// follow makes the request that follows from an outcome.
func (g *Generator) follow(s *slot, o *client.Outcome) {
	switch {
	case o.Kind != client.OK:
	case s.then == thenUpdate && o.Err == proto.NoNode:
		g.create(s.node)
	case s.then == thenUpdate && o.Err == proto.OK:
		g.write(s.node, o.Result.Stat.Version)
	case s.then == thenRead:
		g.op = proto.Op{}
		g.about(s.node, proto.OpGetData, thenNothing)
	}
}

// write sets a node's data, or now and then deletes it, if it has that version.
func (g *Generator) write(node int, version int32) {
	if g.tasks.Chance(1, 16) {
		g.op = proto.Op{Version: version}
		g.about(node, proto.OpDelete, thenNothing)
		return
	}
	g.op = proto.Op{Version: version, Data: g.value()}
	g.about(node, proto.OpSetData, thenNothing)
}

func (g *Generator) create(node int) {
	g.op = proto.Op{Data: g.value(), ACL: g.w.acl}
	g.about(node, proto.OpCreate, thenNothing)
}

// set writes a node without a condition, and creates it on its first use.
func (g *Generator) set() { g.setNode(g.node()) }

func (g *Generator) setNode(node int) {
	if !g.nodes[node].exists {
		g.create(node)
		return
	}
	g.op = proto.Op{Version: -1, Data: g.value()}
	g.about(node, proto.OpSetData, thenNothing)
}

// sequentialOp creates a sequential node beside a drawn one, where those of the
// other clients are too.
func (g *Generator) sequentialOp() proto.Op {
	return proto.Op{Type: proto.OpCreate, Path: g.group(g.node()) + "/s-", Data: g.value(), ACL: g.w.acl,
		Flags: proto.FlagSequential}
}

func (g *Generator) createSequential() {
	if len(g.sequential) >= sequentialMax {
		g.deleteSequential()
		return
	}
	g.op = g.sequentialOp()
	g.do(slot{node: -1})
}

func (g *Generator) deleteSequential() {
	if len(g.sequential) == 0 {
		g.createSequential()
		return
	}
	path := g.takeSequential()
	g.op = proto.Op{Type: proto.OpDelete, Path: path, Version: -1}
	g.do(slot{node: -1, path: path})
}

// takeSequential takes the oldest name off the list.
func (g *Generator) takeSequential() string {
	path := g.sequential[0]
	g.sequential = append(g.sequential[:0], g.sequential[1:]...)
	return path
}

// ephemeral creates an ephemeral node; if the client has enough, it deletes the
// oldest. The others go when the session ends.
func (g *Generator) ephemeral() {
	if len(g.ephemerals) >= ephemeralMax {
		g.op = proto.Op{Type: proto.OpDelete, Path: g.ephemerals[0], Version: -1}
		g.ephemerals = append(g.ephemerals[:0], g.ephemerals[1:]...)
		g.do(slot{node: -1})
		return
	}
	g.op = proto.Op{Type: proto.OpCreate, Data: g.value(), ACL: g.w.acl, Flags: proto.FlagEphemeral}
	g.op.Path = g.group(g.node()) + "/e" + strconv.Itoa(g.n) + "-"
	if g.tasks.Chance(1, 2) {
		g.op.Flags |= proto.FlagSequential
	} else {
		g.op.Path += strconv.FormatUint(g.created, 10)
	}
	g.do(slot{node: -1})
}

// multiUpdate writes one node and creates another on the condition that a third
// one is as it was seen last. A node that was not seen is created instead.
func (g *Generator) multiUpdate() {
	a, b := g.node(), g.node()
	for _, n := range [...]int{a, b} {
		if !g.nodes[n].exists {
			g.create(n)
			return
		}
	}
	g.multi(slot{node: -1},
		proto.Op{Type: proto.OpCheck, Path: g.w.tree.nodes[a], Version: g.nodes[a].version},
		proto.Op{Type: proto.OpSetData, Path: g.w.tree.nodes[b], Version: -1, Data: g.value()},
		g.sequentialOp())
}

// multiMove replaces an own sequential node by another one elsewhere.
func (g *Generator) multiMove() {
	if len(g.sequential) == 0 {
		g.createSequential()
		return
	}
	path := g.takeSequential()
	g.multi(slot{node: -1, path: path}, proto.Op{Type: proto.OpDelete, Path: path, Version: -1}, g.sequentialOp())
}

func (g *Generator) multi(s slot, ops ...proto.Op) {
	g.op = proto.Op{Type: proto.OpMulti, Ops: ops}
	g.do(s)
}

// watch reads a node, or a group's children, and leaves a watch.
func (g *Generator) watch() {
	node := g.node()
	g.op = proto.Op{Watch: true}
	switch g.tasks.Below(4) {
	case 0:
		g.op.Type, g.op.Path = proto.OpGetChildren2, g.group(node)
		g.do(slot{node: -1})
	case 1:
		g.about(node, proto.OpExists, thenNothing)
	default:
		g.about(node, proto.OpGetData, thenNothing)
	}
}

// syncRead reads a node after a sync: at once, or when the sync was answered.
func (g *Generator) syncRead() {
	node := g.node()
	then := thenRead
	if g.tasks.Chance(1, 2) {
		then = thenNothing
	}
	g.op = proto.Op{Type: proto.OpSync, Path: g.w.tree.nodes[node]}
	g.do(slot{then: then, node: node})
	if then == thenNothing && !g.over {
		g.op = proto.Op{}
		g.about(node, proto.OpGetData, thenNothing)
	}
}

// read reads a node's data, or whether it exists, or a group's children.
func (g *Generator) read() {
	node := g.node()
	g.op = proto.Op{}
	switch g.tasks.Below(8) {
	case 0:
		g.op.Type, g.op.Path = proto.OpGetChildren2, g.group(node)
		g.do(slot{node: -1})
	case 1:
		g.about(node, proto.OpExists, thenNothing)
	default:
		g.about(node, proto.OpGetData, thenNothing)
	}
}
