package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/vtime"
)

// Steps is a range of steps, both ends included. The zero value is none: steps
// count from 1.
type Steps struct{ First, Last uint64 }

func (s Steps) holds(step uint64) bool { return step >= s.First && step <= s.Last && step > 0 }

// narratedMax bounds how many steps a report narrates.
const narratedMax = 10_000

// Narrated is one step of a run in words.
type Narrated struct {
	Step  uint64
	At    time.Duration
	Host  string   // to which something happened, such as zk2 or c1; empty for the run as a whole
	Event string   // what happened: "the stage log has its turn"
	Did   []string // what came of it, in order: "zk2 sends zk1 ACK 5.12 (0x50000000c)"
	Facts []Fact   // those of the story
}

// String is one line: event, then what came of it.
func (n *Narrated) String() string {
	text := n.Event
	if n.Host != "" {
		text = n.Host + ": " + text
	}
	if len(n.Did) > 0 {
		text += "; " + strings.Join(n.Did, "; ")
	}
	return text
}

// narrator puts the steps of Config.Narrate into words. It is a Tracer.
type narrator struct {
	c     *cluster
	next  Tracer // is told of everything too
	now   Narrated
	heeds bool // now is one of them
	list  []Narrated
}

// newNarrator gives nil when nobody wants to know.
func newNarrator(c *cluster) *narrator {
	if c.cfg.Narrate == (Steps{}) {
		return nil
	}
	return &narrator{c: c, next: c.cfg.Trace}
}

// begin is told of a step before it is carried out. What clients call is told only
// then, of the step before.
func (n *narrator) begin(step uint64, ev vtime.Event) {
	n.close()
	n.heeds = n.c.cfg.Narrate.holds(step) && len(n.list) < narratedMax
	if n.heeds {
		n.now = Narrated{Step: step, At: ev.At}
		n.now.Host, n.now.Event = n.c.inWords(ev)
	}
}

// close keeps the step at work, also when the core broke down in it.
func (n *narrator) close() {
	if n.heeds {
		n.list, n.heeds = append(n.list, n.now), false
	}
}

// Trace is told what came of the step at work.
func (n *narrator) Trace(e *TraceEvent) {
	if n.next != nil {
		n.next.Trace(e)
	}
	if !n.heeds {
		return
	}
	switch e.Kind {
	case TraceFact, TraceFault, TraceUndone:
		n.now.Facts = append(n.now.Facts, *e.Fact)
	default:
		if words := e.words(); words != "" {
			n.now.Did = append(n.now.Did, e.Host+" "+words)
		}
	}
}

// words says what a host did; nothing, where the event of the step says it all or
// a fact does.
func (e *TraceEvent) words() string {
	switch e.Kind {
	case TraceProcess:
		return strings.TrimSpace("is " + e.Name + ", " + e.Text)
	case TraceConn:
		return fmt.Sprintf("%s a connection with %s", e.Name, e.Peer)
	case TraceSent:
		return "sends " + e.Peer + " " + e.message()
	case TraceReceived:
		return "takes " + e.message() + " of " + e.Peer
	case TraceDisk:
		if e.Err != nil {
			return fmt.Sprintf("fails to %s %s: %v", e.Name, e.Text, e.Err)
		}
		return fmt.Sprintf("has done %s of %s", e.Name, e.Text)
	case TraceDiskLost:
		return fmt.Sprintf("never ends %s of %s", e.Name, e.Text)
	case TraceCall:
		return strings.TrimSpace(fmt.Sprintf("calls %v %s", e.Op.Op.Type, e.Op.Op.Path))
	case TraceReturn:
		return strings.TrimSpace(fmt.Sprintf("is told %v of %v %s", e.Op.Outcome, e.Op.Op.Type, e.Op.Op.Path))
	}
	return ""
}

// message names a message of a stream.
func (e *TraceEvent) message() string {
	words := []string{e.Name}
	if e.Zxid != 0 {
		words = append(words, both(e.Zxid))
	}
	if e.Text != "" {
		words = append(words, e.Text)
	}
	return strings.Join(words, " ")
}

// inWords says which host an event is for, and what it is.
func (c *cluster) inWords(ev vtime.Event) (host, event string) {
	if ev.Host >= 0 {
		host = c.hostNames[ev.Host]
	}
	switch ev.Class {
	case classNet:
		return host, c.netInWords(ev)
	case classServer:
		return host, c.servers[ev.Host].inWords(ev)
	case classClient:
		return host, clientInWords(ev)
	case classFault:
		return host, c.faults.inWords(ev)
	}
	return host, progressWords[ev.Kind]
}

func (c *cluster) netInWords(ev vtime.Event) string {
	if peer := c.net.Peer(netsim.EndID(ev.A)); peer >= 0 {
		return fmt.Sprintf("%s, on a connection with %s", netsim.Word(ev.Kind), c.hostNames[peer])
	}
	return netsim.Word(ev.Kind) + ", on a connection that is gone"
}

func (s *server) inWords(ev vtime.Event) string {
	if ev.A>>8 != s.life {
		return "an event of a process that is no more"
	}
	detail := uint8(ev.A)
	switch ev.Kind {
	case serverBoot:
		return "the process boots"
	case serverTurn:
		return fmt.Sprintf("the stage %v has its turn", node.StageKind(detail))
	case serverReceive:
		return "the stage receiver has its turn"
	case serverTimer:
		return fmt.Sprintf("the timer %v rings", s.timers[ev.B>>32].id.Kind)
	case serverDisk:
		return fmt.Sprintf("a disk operation ends in lane %d", detail)
	case serverDrawn:
		return fmt.Sprintf("a number was drawn: %d", ev.B)
	}
	return "news that were held arrive"
}

func clientInWords(ev vtime.Event) string {
	switch ev.Kind {
	case clientTimer:
		return fmt.Sprintf("the timer %v rings", client.TimerKind(ev.A))
	case clientWakeup:
		return "the client goes on"
	case clientTurn, clientThread:
		return "code of the client goes on"
	}
	return "a connection is lost"
}

func (f *faults) inWords(ev vtime.Event) string {
	switch ev.Kind {
	case faultBegins:
		return fmt.Sprintf("the fault %q is due", f.plans[ev.A].st)
	case faultFailover:
		return "is there a new leader in time?"
	}
	e := f.effect(effectID(ev.A))
	switch {
	case e == nil:
		return "a fault would end or change, but is undone already"
	case ev.Kind == faultEnds:
		return fmt.Sprintf("the fault %q is undone", e.st)
	}
	return fmt.Sprintf("the fault %q changes", e.st)
}

var progressWords = [...]string{
	progressHeal: "the safety phase is over", progressLook: "how far is the ensemble?",
	progressLeak: "an order is drawn outside of the seed", progressNothing: "an event without effect",
}
