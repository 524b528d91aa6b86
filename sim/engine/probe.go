package engine

import (
	"bytes"
	"strconv"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
)

// probe is a deep check: a fresh session that goes to one server only, writes a
// key there and reads it back.
type probe struct {
	st      *station
	server  *server
	path    string
	value   []byte
	waiting bool // a request is on its way
	done    bool
}

// The tags of a probe's requests.
const (
	probeWrite = iota
	probeRead
)

func (p *progress) beginProbes() {
	for _, s := range p.c.healed() {
		pr := &probe{server: s, path: "/probe-" + s.id.String(),
			value: []byte("deep check of " + s.id.String() + " in the run " + strconv.FormatUint(p.c.cfg.Seed, 16))}
		pr.st = p.c.addStation("probe-"+s.id.String(), int(s.host), client.Config{SessionTimeout: sessionTimeout, RequestDeadline: sessionTimeout})
		pr.begin()
		p.probes = append(p.probes, pr)
	}
}

func (p *progress) probesDone() bool {
	for _, pr := range p.probes {
		pr.retry()
	}
	return len(p.unanswered()) == 0
}

func (p *progress) unanswered() []string {
	var names []string
	for _, pr := range p.probes {
		if !pr.done {
			names = append(names, pr.server.id.String())
		}
	}
	return names
}

func (pr *probe) begin() {
	pr.st.core.Start()
	pr.ask(probeWrite, &proto.Op{Type: proto.OpCreate, Path: pr.path, Data: pr.value, ACL: proto.OpenACL()})
}

// retry begins again after a request that came to nothing.
func (pr *probe) retry() {
	if !pr.done && !pr.waiting {
		pr.begin()
	}
}

func (pr *probe) ask(tag int, op *proto.Op) {
	pr.waiting = true
	pr.st.core.Do(op, pr, tag)
}

// Completed is told how a request ended. A key that is there already was written
// by an attempt whose answer got lost.
func (pr *probe) Completed(tag int, o *client.Outcome) {
	pr.waiting = false
	switch {
	case tag == probeWrite && (o.Kind == client.OK || o.Err == proto.NodeExists):
		pr.ask(probeRead, &proto.Op{Type: proto.OpGetData, Path: pr.path})
	case tag == probeRead && o.Kind == client.OK && o.Err == proto.OK:
		pr.compare(o.Result.Data)
	case tag == probeRead && o.Kind == client.OK:
		pr.wrong("%v does not know %s, which was written through it (%v)", pr.server.id, pr.path, o.Err)
	}
}

func (pr *probe) compare(got []byte) {
	pr.done = true
	if !bytes.Equal(got, pr.value) {
		pr.wrong("%v gives %q for %s, written was %q", pr.server.id, got, pr.path, pr.value)
	}
}

func (pr *probe) wrong(format string, args ...any) {
	pr.done = true
	pr.st.c.violate(proto.ClientOrder, pr.server.id, "deep check", format, args...)
}
