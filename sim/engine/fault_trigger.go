package engine

import (
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/fault"
)

// triggers are the statements that wait for something to happen at a node.
type triggers struct {
	list []int // the plans, in their order
}

// add has the node of a statement's event watched.
func (t *triggers) add(c *cluster, st *fault.Statement, plan int) {
	t.list = append(t.list, plan)
	if n := fault.ServerNumber(st.On.Node); n > 0 {
		c.servers[n-1].watched = true
	} else {
		c.stations[fault.ClientNumber(st.On.Node)-1].watched = true
	}
}

// happening is what happens at a node, as a statement may wait for it.
type happening struct {
	kind    fault.EventKind
	before  bool
	class   fault.FileClass
	ops     []fault.DiskOp // the words for one file operation
	message fault.Message
	request proto.OpCode
}

func beforeDisk(op *store.Op) happening {
	h := afterDisk(op)
	h.before = true
	return h
}

func afterDisk(op *store.Op) happening {
	return happening{kind: fault.EventDisk, class: fileClass(op.Class), ops: diskOps(op.Kind)}
}

// describes reports whether an event is what happens.
func describes(e *fault.Event, h *happening) bool {
	if e.Kind != h.kind || e.Before != h.before {
		return false
	}
	switch e.Kind {
	case fault.EventDisk:
		return (e.Class == fault.FilesAll || e.Class == h.class) && names(h.ops, e.Disk)
	case fault.EventMessage:
		return e.Message == h.message
	case fault.EventRequest:
		return e.Request == h.request
	}
	return false
}

func names(ops []fault.DiskOp, op fault.DiskOp) bool {
	for _, o := range ops {
		if o == op {
			return true
		}
	}
	return false
}

// happens has the statements take effect that waited for this at a node.
func (f *faults) happens(node string, h happening) {
	if f.over {
		return
	}
	for _, i := range f.triggers.list {
		p := &f.plans[i]
		if p.st.On.Node != node || !describes(&p.st.On, &h) {
			continue
		}
		p.met++
		if p.st.On.N == 0 || p.met == p.st.On.N {
			f.takeEffect(i)
		}
	}
}

// interrupted tells of what happens at this server, and reports whether its
// process is no more because of it.
func (s *server) interrupted(h happening) bool {
	life := s.life
	s.c.faults.happens(s.id.String(), h)
	return s.life != life
}
