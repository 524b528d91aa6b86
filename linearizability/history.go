package linearizability

import (
	"github.com/zksim/zksim/node/proto"
)

// Outcome is how a call ended.
type Outcome uint8

// The outcomes. The numbers equal those of client.Kind.
const (
	OK      Outcome = iota
	Failed          // surely without effect
	Unknown         // perhaps it took or takes effect; also of a call that never returned
)

var outcomeNames = [...]string{"ok", "failed", "unknown"}

// String gives the word of history files.
func (o Outcome) String() string { return outcomeNames[o] }

// Op is one call of a client.
type Op struct {
	Client  int32           // numbered from 1: c1, c2, …
	Session proto.SessionID // 0 if the call never belonged to one
	Xid     int32           // rises by one with each call of a session; 0 if it was refused outright
	Op      proto.Op        // the request; its slices must not change any more
	Call    uint64          // step in which it was made
	Return  uint64          // step in which it ended; 0 if it never did
	Outcome Outcome
	Err     proto.ErrCode
	Zxid    proto.Zxid // of the reply's header; 0 without a reply
	Result  proto.Result
}

// Replied reports whether a server answered the call.
func (o *Op) Replied() bool { return o.Return != 0 && o.Zxid > 0 }

// EventKind is what a client was told without having asked.
type EventKind uint8

// The kinds of events.
const (
	WatchFired EventKind = iota
	SessionConnected
	SessionDisconnected
	SessionExpired
	SessionClosed
)

var eventNames = [...]string{"watch", "connected", "disconnected", "expired", "closed"}

// String gives the word of history files.
func (k EventKind) String() string { return eventNames[k] }

// Event is something that a client was told.
type Event struct {
	Client  int32
	Session proto.SessionID
	Kind    EventKind
	Type    proto.EventType // of a watch event
	Path    string          // of a watch event
	Zxid    proto.Zxid      // in the last reply that the client had seen by then
	At      uint64          // step
	Xid     int32           // of the session's last call that had been answered by then; 0: none, or not known
}

// History is what all clients of a run called, in the order of the calls, and
// what they were told. Recording costs an append.
type History struct {
	Ops    []Op
	Events []Event

	answered []lastAnswer // of each client
}

// lastAnswer is the call of a client that was answered last.
type lastAnswer struct {
	session proto.SessionID
	xid     int32
}

// New returns an empty history with room for a number of calls.
func New(calls int) *History { return &History{Ops: make([]Op, 0, calls)} }

// Call records that a client makes a call and returns the call's number. Until
// Return its outcome is unknown.
func (h *History) Call(client int32, op *proto.Op, step uint64) int {
	n := len(h.Ops)
	h.Ops = append(h.Ops, Op{}) // filled in there: an Op is large
	o := &h.Ops[n]
	o.Client, o.Op, o.Call, o.Outcome = client, *op, step, Unknown
	return n
}

// Reply is how a call ended.
type Reply struct {
	Session proto.SessionID
	Xid     int32
	Outcome Outcome
	Err     proto.ErrCode
	Zxid    proto.Zxid
	Result  *proto.Result // nil: none; it is copied
}

// Return records how a call ended.
func (h *History) Return(call int, step uint64, r *Reply) {
	o := &h.Ops[call]
	o.Return, o.Session, o.Xid = step, r.Session, r.Xid
	o.Outcome, o.Err, o.Zxid = r.Outcome, r.Err, r.Zxid
	if r.Result != nil {
		o.Result = *r.Result
	}
	if o.Replied() {
		*h.last(o.Client) = lastAnswer{o.Session, o.Xid}
	}
}

func (h *History) last(client int32) *lastAnswer {
	for int(client) >= len(h.answered) {
		h.answered = append(h.answered, lastAnswer{})
	}
	return &h.answered[max(client, 0)]
}

// Sent records session and xid of a call that has not ended, for histories in
// which it never does.
func (h *History) Sent(call int, session proto.SessionID, xid int32) {
	if o := &h.Ops[call]; o.Return == 0 {
		o.Session, o.Xid = session, xid
	}
}

// Told records an event. What had been answered by then it knows from Return.
func (h *History) Told(e Event) {
	if l := h.last(e.Client); l.session == e.Session {
		e.Xid = l.xid
	}
	h.Events = append(h.Events, e)
}
