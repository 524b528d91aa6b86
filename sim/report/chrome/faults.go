package chrome

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// lanes puts faults, which overlap as they like, on as many threads as they need.
type lanes struct {
	process
	open []effect // by lane; id 0: free
}

// effect is a fault that lasts.
type effect struct {
	id    uint64
	since time.Duration
	text  string
}

func (r *Recorder) lane(i int) *track { return r.faults.track("fault " + strconv.Itoa(i+1)) }

func (r *Recorder) faultBegins(e *engine.TraceEvent) {
	text := e.Fact.Text
	if ids := e.Fact.Servers.IDs(); len(ids) > 0 {
		text += " (" + names(ids) + ")"
	}
	if e.Flow == 0 {
		r.instant(r.lane(0), e.At, text, object("step", e.Step))
		return
	}
	began := effect{e.Flow, e.At, text}
	for i := range r.faults.open {
		if r.faults.open[i].id == 0 && r.lane(i).end <= e.At {
			r.faults.open[i] = began
			return
		}
	}
	r.faults.open = append(r.faults.open, began)
	r.lane(len(r.faults.open) - 1)
}

// faultEnds ends one fault, or all for 0.
func (r *Recorder) faultEnds(id uint64, at time.Duration) {
	for i := range r.faults.open {
		if f := &r.faults.open[i]; f.id != 0 && (f.id == id || id == 0) {
			r.lasting(r.lane(i), f.since, at, f.text, "")
			*f = effect{}
		}
	}
}

func (r *Recorder) fact(e *engine.TraceEvent) {
	if e.Fact.Kind == engine.FactHeal {
		r.faultEnds(0, e.At)
		r.everywhere(e.At, "the faults are over", "")
	}
}

// everywhere marks an instant across all processes.
func (r *Recorder) everywhere(at time.Duration, name, args string) {
	t := r.lane(0)
	r.events = append(r.events, event{phase: 'I', pid: t.pid, tid: t.tid, at: at, name: name, args: args})
}

func names(ids []proto.ServerID) string {
	var list []string
	for _, id := range ids {
		list = append(list, id.String())
	}
	return strings.Join(list, ",")
}

// called begins an asynchronous event: the calls of a client overlap.
func (r *Recorder) called(e *engine.TraceEvent) {
	r.open[e.Flow] = true
	r.events = append(r.events, event{phase: 'b', pid: pidClients, tid: r.clients.track(e.Host).tid, at: e.At, id: e.Flow, cat: "call",
		name: callName(e), args: object("step", e.Step, "client", e.Host)})
}

func callName(e *engine.TraceEvent) string {
	op := &e.Op.Op
	name := e.Host + " " + op.Type.String()
	if op.Type == proto.OpMulti {
		return fmt.Sprintf("%s of %d", name, len(op.Ops))
	}
	return strings.TrimSpace(name + " " + op.Path)
}

func (r *Recorder) returned(e *engine.TraceEvent) {
	delete(r.open, e.Flow)
	args := object("step", e.Step, "outcome", e.Op.Outcome.String(), "zxid", e.Op.Zxid.String())
	if e.Op.Outcome != linearizability.OK && e.Op.Err != proto.OK {
		args = object("step", e.Step, "outcome", e.Op.Outcome.String(), "error", e.Op.Err.Error())
	}
	r.events = append(r.events, event{phase: 'e', pid: pidClients, tid: r.clients.track(e.Host).tid, at: e.At, id: e.Flow, cat: "call",
		name: callName(e), args: args})
}
