package node

import (
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// ConnID names a connection between the core and its driver. Connections that
// the core dials carry negative ids, which the core counts off: -1, -2, …;
// accepted ones carry positive ids, which the driver chooses. 0 is none. Ids are
// not reused.
type ConnID int64

// Port says what a connection is for.
type Port uint8

// The three ports of a server.
const (
	PortClient   Port = iota // clients
	PortQuorum               // learners, at the leader
	PortElection             // votes
)

// Server is one member of the ensemble.
type Server struct {
	ID           proto.ServerID
	QuorumAddr   string // host:port, as in zoo.cfg
	ElectionAddr string
}

// Config is what a server is told at start. Spans are whole ticks where
// ZooKeeper's configuration counts ticks.
type Config struct {
	ID                proto.ServerID
	Servers           []Server // the voters, by rising id; this server among them
	TickTime          time.Duration
	InitLimit         int // ticks: connect and synchronise
	SyncLimit         int // ticks: silence between leader and follower
	MinSessionTimeout time.Duration
	MaxSessionTimeout time.Duration
	SnapCount         int           // transactions between snapshots, at least 2
	CommitLogCount    int           // committed transactions kept in memory for DIFF
	PreAllocSize      int64         // bytes by which a log file grows
	LeaderDialDelay   time.Duration // before a leader that does not lead yet is dialled again; 0 is 100 ms
	SessionSecret     []byte        // every server of the ensemble has the same
	DiskCopies        bool          // the driver's disk keeps nothing of a write once it is done: its memory may be used again
	Store             StoreConfig
	Clients           ClientsConfig
	Bugs              Bugs // planted bugs; the zero value plants none
}

// StoreConfig is what bears on znodes and requests. The zero value is what
// ZooKeeper 3.8.0 does by default; all servers should have the same.
type StoreConfig struct {
	ExtendedTypes bool   // znodes with a time to live may be made (zookeeper.extendedTypesEnabled)
	EnforceQuota  bool   // hard quotas are obeyed (enforceQuota)
	SkipACL       bool   // permissions are not looked at (skipACL)
	SuperDigest   string // "user:base64(SHA1(user:password))" of the super user; "" is none
	MaxFrame      int    // bytes of a client's request (jute.maxbuffer); 0 is 0xFFFFF

	ContainerInterval  time.Duration // between looks at containers and times to live (znode.container.checkIntervalMs); 0 is a minute
	ContainersAMinute  int           // deletions of them (znode.container.maxPerMinute); 0 is 10,000
	ContainerNeverUsed time.Duration // after which one goes that never had a child (maxNeverUsedIntervalMs); 0 is never
}

// Stage names one actor of the core. Stages per connection carry its id.
type Stage struct {
	Kind StageKind
	Conn ConnID
}

// StageKind is the kind of an actor.
type StageKind uint8

// The stages, in the words of fault statements. A receiver's turn is
// EventReceived; every other stage asks for its turns in Output.Turns.
const (
	StageElection StageKind = iota
	StagePrep
	StagePropose
	StageLog
	StageCommit
	StageFinal
	StageSnapshot
	StageSender   // one per connection; its turn tells how much room the stream has
	StageReceiver // one per connection
	numStages
)

// NumStages is the number of stage kinds.
const NumStages = int(numStages)

var stageNames = [...]string{"election", "prep", "propose", "log", "commit", "final", "snapshot", "sender", "receiver"}

// String gives the word of fault statements.
func (k StageKind) String() string { return stageNames[k] }

// TimerKind says what a timer is for. A server has at most one timer running of
// each kind and peer; asking again replaces it.
type TimerKind uint8

// The timers.
const (
	TimerNotification TimerKind = iota // election: nobody spoke
	TimerFinalize                      // election: the window before a decision
	TimerRedial                        // election connection to a peer: try again
	TimerLeaderTick                    // leader: half a tick
	TimerPhase                         // discovery or synchronisation takes too long
	TimerLearnerRead                   // learner: the leader is silent
	TimerLearnerDial                   // learner: next attempt to connect
	TimerExpiry                        // leader: next bucket of sessions
	TimerConnect                       // a connection that is silent for too long, or never says who it is
	TimerContainers                    // leader: look at containers and times to live, or go on deleting them
	numTimers
)

// NumTimers is the number of timer kinds.
const NumTimers = int(numTimers)

var timerNames = [...]string{"notification", "finalize", "redial", "leader-tick", "phase", "learner-read", "learner-dial", "expiry", "connect", "containers"}

// String names the kind.
func (k TimerKind) String() string { return timerNames[k] }

// TimerID names one timer of a server.
type TimerID struct {
	Kind TimerKind
	Peer int64 // a ServerID or ConnID where there are several; else 0
}

// WriteID names a disk operation; ids rise by one.
type WriteID int64

// EventKind says what happened.
type EventKind uint8

// The events. In brackets the fields of Event that they use.
const (
	EventStart         EventKind = iota // the first event of a server
	EventAccepted                       // Conn, Port, Addr
	EventConnected                      // Conn: a dial succeeded
	EventConnectFailed                  // Conn: a dial failed
	EventReceived                       // Conn, Data: the turn of Conn's receiver stage
	EventClosed                         // Conn: closed or reset by the peer
	EventTimer                          // Timer
	EventDiskDone                       // Write, Lane, Err; Recovered after OpRecover and OpCutLog
	EventTurn                           // Stage; Room for a sender
	EventDrawn                          // Draw, Value
)

// Event is one thing that happened to a server.
type Event struct {
	Kind      EventKind
	Port      Port
	Conn      ConnID
	Addr      string // of the peer, for logs
	Data      []byte // the driver's; valid during Step only
	Timer     TimerID
	Write     WriteID
	Lane      Lane
	Err       error
	Recovered *store.Recovered
	Stage     Stage
	Room      int // bytes that the stream takes now, more than 0
	Draw      DrawKind
	Value     int64
}

// Input is an event with the time at which it is handled.
type Input struct {
	Now  time.Duration // monotonic, since the run began
	Wall int64         // ms since 1970; may be skewed
	Event
}

// Dial asks for a connection to a server.
type Dial struct {
	Conn ConnID
	Peer proto.ServerID
	Port Port
}

// Send hands bytes to a stream. It never exceeds the room that the sender's
// turn was told of, so a driver need not keep a remainder.
type Send struct {
	Conn ConnID
	Data []byte // valid until the next Step
}

// ReadGate stops or resumes reading from a connection. A connection starts open.
type ReadGate struct {
	Conn ConnID
	Open bool
}

// Lane is a queue of disk operations: each lane works in order, lanes do not
// wait for one another. They stand for ZooKeeper's threads that do file I/O.
type Lane uint8

// The lanes.
const (
	LaneLog      Lane = iota // the log stage
	LaneSnapshot             // the snapshot stage
	LaneMain                 // epoch files, and everything a role does before it serves
	numLanes
)

// NumLanes is the number of lanes.
const NumLanes = int(numLanes)

// Write asks for a disk operation.
type Write struct {
	ID     WriteID
	Lane   Lane
	Notify bool // DiskDone is wanted also on success; an error is always told
	Op     store.Op
}

// Timer asks for an EventTimer between Min and Max from now; the driver draws
// the instant. Max 0 cancels the timer.
type Timer struct {
	ID       TimerID
	Min, Max time.Duration
}

// DrawKind says what the core wants a random number for.
type DrawKind uint8

// The draws.
const (
	DrawSnapshot DrawKind = iota // how many transactions until the next snapshot
)

// Draw asks for an EventDrawn with a number in [0, Below).
type Draw struct {
	Kind  DrawKind
	Below int64
}

// Exit says that the process must end, as ZooKeeper's does.
type Exit struct {
	Code   int // 10 cannot write a snapshot, 12 unexpected COMMIT, 13 cannot truncate, 1 any other disk error
	Reason string
}

// Output is every effect of one step. The driver carries out each list in
// order; lists do not wait for one another. The slices belong to the node and
// are reused by the next Step.
type Output struct {
	Writes []Write
	Dials  []Dial
	Sends  []Send
	Closes []ConnID // after the sends of the same step
	Gates  []ReadGate
	Turns  []Stage // each stage that now has work; asked for once until granted
	Timers []Timer
	Draws  []Draw
	Notes  []Note
	Exit   *Exit
}

// NoteKind is the kind of a trace fact.
type NoteKind uint8

// The facts. In brackets the fields of Note that they use.
const (
	NoteRole           NoteKind = iota // Role: a role begins
	NotePhase                          // Phase
	NoteElected                        // Peer: the vote decided on, Round
	NoteAcceptedEpoch                  // Epoch: durable
	NoteCurrentEpoch                   // Epoch: durable
	NoteSync                           // leader: Peer, Sync, Zxid: how a learner is synchronised
	NoteEstablished                    // leader: Epoch; a quorum has acknowledged NEWLEADER
	NoteServing                        // clients are served from now on; Epoch, Zxid last applied
	NoteApplied                        // Zxid, Digest of the tree, Payload of the transaction
	NoteLoaded                         // Zxid, Digest: the tree was replaced (recovery, SNAP, TRUNC)
	NoteProposed                       // leader: Zxid, Payload
	NoteCommitted                      // leader: Zxid
	NoteDurable                        // Zxid: everything up to it is fsynced
	NoteAckSent                        // follower: Zxid
	NoteSessionOpened                  // Session
	NoteSessionHeard                   // leader: Session, Timeout: a sign of life, or the first deadline
	NoteSessionExpired                 // leader: Session
	NoteSessionClosed                  // Session
	NoteSnapshotDone                   // Zxid
	NoteTooBusyToSnap                  // Zxid
	NoteTailCut                        // Text: recovery cut a torn tail
	NoteTruncated                      // Zxid
	NoteGaveUp                         // Text: why a role ended
	NoteConnClosed                     // Conn, Text: why this server closed a connection
	NoteVote                           // Peer, Zxid, Epoch, Round: own vote when an election begins
	NoteQuotaExceeded                  // Zxid, Text: which quota, and by what
)

// SyncKind is how a learner's history is made a prefix of the leader's.
type SyncKind uint8

// The kinds of synchronisation.
const (
	SyncDiff SyncKind = iota + 1
	SyncTrunc
	SyncSnap
)

// String gives ZooKeeper's spelling.
func (s SyncKind) String() string { return [...]string{"?", "DIFF", "TRUNC", "SNAP"}[s] }

// Note is a typed fact about what the core just did, for checkers, reports and
// logs. The core itself does not log.
type Note struct {
	Kind    NoteKind
	Role    Role
	Phase   Phase
	Sync    SyncKind
	Peer    proto.ServerID
	Epoch   proto.Epoch
	Round   proto.Round
	Zxid    proto.Zxid
	Digest  int64
	Session proto.SessionID
	Conn    ConnID
	Timeout time.Duration
	Payload []byte // immutable
	Text    string
}

// Role is what a server is in the ensemble.
type Role uint8

// The roles.
const (
	RoleLooking Role = iota
	RoleFollowing
	RoleLeading
)

// String gives ZooKeeper's spelling.
func (r Role) String() string { return [...]string{"LOOKING", "FOLLOWING", "LEADING"}[r] }

// Phase is the phase of Zab.
type Phase uint8

// The phases.
const (
	PhaseElection Phase = iota
	PhaseDiscovery
	PhaseSynchronization
	PhaseBroadcast
)

// String gives ZooKeeper's spelling.
func (p Phase) String() string {
	return [...]string{"ELECTION", "DISCOVERY", "SYNCHRONIZATION", "BROADCAST"}[p]
}
