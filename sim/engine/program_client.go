package engine

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/rng"
	"github.com/zksim/zksim/sim/vtime"
)

// programClient runs the code of one client of a program: it is the user of its
// station, the Watcher of its session, and the Driver of the connection that the
// code sees.
type programClient struct {
	st     *station
	number int32 // in the history
	name   string
	main   func(client.API)
	conn   *client.Simulated
	bits   rng.Stream

	threads []*thread // by number
	ready   []*thread // that are to go on, in the order in which they were woken
	at      *thread   // at work
	planned bool      // a turn is on the queue

	refusals int // calls after the end
}

// The streams of a client of a program.
const (
	programStart uint16 = iota // when it begins
	programBits                // what its code draws
)

func newProgramClient(c *cluster, cfg *ProgramClient) *programClient {
	p := &programClient{number: int32(c.clientNames() + 1), name: cfg.Name, main: cfg.Main}
	p.conn = client.NewSimulated(p)
	timeout := cfg.SessionTimeout
	if timeout == 0 {
		timeout = sessionTimeout
	}
	p.st = c.addStation(fmt.Sprintf("c%d", p.number), anyServer, client.Config{SessionTimeout: timeout, Watcher: p})
	p.st.user = p
	p.conn.Attach(p.st.core)
	p.bits = p.stream(programBits)
	return p
}

func (p *programClient) stream(kind uint16) rng.Stream {
	return p.st.c.src.Stream(rng.Key{Host: p.number, Purpose: rng.PurposeProgram, Kind: kind})
}

// place is where its failures are seen.
func (p *programClient) place() string { return "client " + p.name }

// start begins the session and the code, after a drawn while.
func (p *programClient) start() {
	s := p.stream(programStart)
	p.st.wakeAfter(s.Duration(1, time.Second))
}

// wake is part of user: it is time to start.
func (p *programClient) wake() {
	p.st.core.Start()
	p.Go(func() { p.main(p.conn) })
}

// stop ends all threads.
func (p *programClient) stop() {
	for _, t := range p.threads {
		t.end()
	}
}

// handle carries out an event of the code.
func (p *programClient) handle(ev vtime.Event) {
	switch ev.Kind {
	case clientTurn:
		p.turn()
	case clientThread:
		p.threads[ev.A].rings(uint32(ev.B))
	}
}

// Soon is part of client.Driver: a turn follows at this instant.
func (p *programClient) Soon() {
	if !p.planned && !p.st.c.programsOver {
		p.planned = true
		p.st.c.clock.Schedule(p.Now(), vtime.Event{Class: classClient, Kind: clientTurn, Host: int32(p.st.host)})
	}
}

// turn lets every thread go on that was woken.
func (p *programClient) turn() {
	p.planned = false
	p.conn.Settle()
	for len(p.ready) > 0 && p.st.c.violation == nil {
		t := p.ready[0]
		p.ready = append(p.ready[:0], p.ready[1:]...)
		t.queued = false
		t.resume()
	}
	p.st.c.judgeProgram()
}

// Now is part of client.Driver.
func (p *programClient) Now() time.Duration { return p.st.Now() }

// Bits is part of client.Driver.
func (p *programClient) Bits() uint64 { return p.bits.Uint64() }

// Called is part of client.Driver.
func (p *programClient) Called() { p.st.c.judgeProgram() }

// At is part of client.Driver.
func (p *programClient) At(call string) client.Thread {
	switch {
	case p.st.c.programsOver:
		p.refuse()
	case p.at == nil:
		panic(fmt.Sprintf("client %s: %s was called outside of the code of this client: "+
			"from a callback, a goroutine or another client. A simulation has one thread; client.Go runs code beside the caller's", p.name, call))
	}
	return p.at
}

// refusalsMax is how often code may call although the run is over.
const refusalsMax = 1000

// refuse unwinds code that calls although the run is over. If it swallows that
// again and again, its goroutine is ended.
func (p *programClient) refuse() {
	if p.refusals++; p.refusals > refusalsMax {
		runtime.Goexit()
	}
	panic(stopped{})
}

// Go is part of client.Driver.
func (p *programClient) Go(main func()) {
	t := newThread(p, len(p.threads), main)
	p.threads = append(p.threads, t)
	t.Wake()
}

// Do is part of client.Driver: it makes a request and records it.
func (p *programClient) Do(op *proto.Op, done client.Completion) {
	c := p.st.c
	c.digest.fold(uint64(uint32(op.Type))<<32 | uint64(uint32(p.number)))
	c.digest.foldBytes([]byte(op.Path))
	call := c.history.Call(p.number, op, c.kernel.step)
	xid := requests{p.st.core, p.st}.Do(op, client.Func(func(o *client.Outcome) {
		c.history.Return(call, c.kernel.step, &linearizability.Reply{Session: o.Session, Xid: o.Xid,
			Outcome: linearizability.Outcome(o.Kind), Err: o.Err, Zxid: o.Zxid, Result: &o.Result})
		done.Completed(0, o)
	}), 0)
	c.history.Sent(call, p.st.core.Session(), xid)
}

// SessionChanged is part of client.Watcher.
func (p *programClient) SessionChanged(s client.State) {
	kinds := [...]linearizability.EventKind{
		client.Disconnected: linearizability.SessionDisconnected, client.Connected: linearizability.SessionConnected,
		client.Expired: linearizability.SessionExpired, client.Closed: linearizability.SessionClosed}
	p.told(linearizability.Event{Kind: kinds[s]})
	p.st.c.tell(Fact{Kind: FactClient, Client: p.name, Session: p.st.core.Session(), Text: sessionWords[s]})
	p.conn.SessionChanged(s)
}

// ToldExpired is the text of the fact that a client hears of the end of its
// session.
const ToldExpired = "is told that its session has expired"

var sessionWords = [...]string{client.Disconnected: "has lost its connection", client.Connected: "is connected",
	client.Expired: ToldExpired, client.Closed: "has no session any more"}

// Watched is part of client.Watcher.
func (p *programClient) Watched(e proto.WatcherEvent) {
	p.told(linearizability.Event{Kind: linearizability.WatchFired, Type: e.Type, Path: e.Path})
	p.conn.Watched(e)
}

func (p *programClient) told(e linearizability.Event) {
	e.Client, e.At = p.number, p.st.c.kernel.step
	e.Session, e.Zxid = p.st.core.Session(), p.st.core.LastZxid()
	p.st.c.history.Told(e)
}

// panicked makes a panic of a person's code the verdict.
func (p *programClient) panicked(r any, where string) {
	if v, ok := r.(*proto.Violation); ok {
		p.st.c.blame(v)
		return
	}
	p.st.c.violate(proto.Panic, 0, p.place(), "the code of %s panicked at %s: %s", p.name, where, strings.TrimSpace(panicText(r)))
}
