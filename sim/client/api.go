// Package client is a simulated ZooKeeper client: a session over byte streams
// that speaks the real wire protocol, as an event-driven state machine with no
// goroutine, clock or randomness of its own. Its driver tells it what happened
// (a stream connected, bytes arrived, a timer fired) and carries out what it
// asks for through Env.
//
// The rules are those of protocol.md §2.8. A request ends in one of three ways:
// ok, failed (it surely did not happen) or unknown. When in doubt it is unknown.
//
// On top of it is a connection in the shapes of go-zookeeper: [API], which
// blocking code is written against and which runs simulated and for real.
//
// The package imports node/proto and the types of go-zookeeper.
package client

import (
	"time"

	"github.com/zksim/zksim/node/proto"
)

// Conn names a connection; the driver chooses the names and does not reuse them
// for one client. 0 is none.
type Conn int64

// TimerKind says what a timer is for. A client has at most one timer running of
// each kind; asking again replaces it.
type TimerKind uint8

// The timers.
const (
	TimerConnect   TimerKind = iota // a dial, or the answer to a ConnectRequest, takes too long
	TimerReconnect                  // the next attempt to connect is due
	TimerRead                       // the server may be silent for too long
	TimerPing                       // the client may be idle for too long
	TimerDeadline                   // the oldest request may be unanswered for too long
	numTimers
)

// NumTimers is the number of timer kinds.
const NumTimers = int(numTimers)

var timerNames = [...]string{"connect", "reconnect", "read", "ping", "deadline"}

// String names the kind.
func (k TimerKind) String() string { return timerNames[k] }

// DrawKind says what a random number is wanted for.
type DrawKind uint8

// The draws.
const (
	DrawShuffle   DrawKind = iota // a position, while the list of servers is shuffled
	DrawReconnect                 // nanoseconds to wait before the next attempt to connect
)

// Env is what a client needs of its driver. The driver must not call back into
// the client from within these methods: a stream that fails at once is reported
// by a later ConnectFailed or Closed.
type Env interface {
	// Now is the time since the run began.
	Now() time.Duration
	// Dial begins to connect to a server, numbered from 0, and names the connection.
	Dial(server int) Conn
	// Write hands bytes to a connected stream and returns how many it took; if
	// that is fewer than len(p), Writable follows when there is room again.
	Write(c Conn, p []byte) int
	// Close ends a connection, or gives up an attempt; nothing is reported of it any more.
	Close(c Conn)
	// Arm asks for Fired(t) after a span, 0 cancels.
	Arm(t TimerKind, after time.Duration)
	// Draw returns a number in [0, below).
	Draw(kind DrawKind, below int64) int64
}

// State is what a client knows of its session.
type State uint8

// The states.
const (
	Disconnected State = iota // no usable connection; the session may live on
	Connected
	Expired // the server said so: only Start makes the client usable again
	Closed  // never started, closed by Close, or dead by Die: likewise
)

var stateNames = [...]string{"disconnected", "connected", "expired", "closed"}

// String names the state in lower case.
func (s State) String() string { return stateNames[s] }

// Watcher is told of watch events and of the session's state, in the order in
// which they reach the client, interleaved with the outcomes of requests.
type Watcher interface {
	Watched(e proto.WatcherEvent)
	SessionChanged(s State)
}

// Kind is how a request ended.
type Kind uint8

// The kinds.
const (
	OK      Kind = iota // answered; for a read also with NoNode or NoAuth in Err
	Failed              // surely without effect
	Unknown             // perhaps it took or takes effect
)

var kindNames = [...]string{"ok", "failed", "unknown"}

// String gives the word of histories.
func (k Kind) String() string { return kindNames[k] }

// Outcome is how a request ended.
type Outcome struct {
	Kind    Kind
	Err     proto.ErrCode   // ConnectionLoss, RequestTimeout and SessionExpired may be the client's own
	Zxid    proto.Zxid      // of the reply's header; 0 if there was no reply
	Session proto.SessionID // that the request belonged to; 0 if it had none yet
	Xid     int32
	Result  proto.Result // of a reply without an error, or of a failed multi
}

// Completion is told how a request ended, exactly once for each. The outcome is
// the client's and valid during the call only; what its Result refers to may be
// kept. It may call any method of the client but the inputs.
type Completion interface {
	Completed(tag int, o *Outcome)
}

// Func makes a function a Completion.
type Func func(o *Outcome)

// Completed calls f.
func (f Func) Completed(_ int, o *Outcome) { f(o) }

// Config says what a client does.
type Config struct {
	Servers         int           // how many there are, at least 1
	SessionTimeout  time.Duration // asked for; whole milliseconds
	RequestDeadline time.Duration // a request unanswered for so long costs the connection; 0: wait for ever
	Watcher         Watcher       // nil: nobody wants to know
}
