package engine

import (
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
)

// Config says what to run. The zero value of a field means its default; a run
// is a function of its Config and of the version of the code alone.
type Config struct {
	Seed    uint64
	Servers int           // voters; default 5
	Clients int           // default 10; NoClients for none
	For     time.Duration // virtual length of the phase with faults and load; default 60 s
	Profile string        // default ProfileLAN
	Faults  []fault.Statement

	// Schedule, unless it is nil, is what the profile swarm would otherwise draw:
	// that of a Report makes the same run again. Faults come on top of it.
	Schedule []fault.Statement

	// Choices, unless nil, are the decisions of a recorded run: those of them that
	// are met again are taken again, the others are drawn from a source derived
	// from the seed. With all those of a Report the same code makes the same run.
	Choices []rng.Choice
	Redraw  Redraw // draws the rest of the run anew; zero: nothing

	// Skip leaves out tasks of the clients' workload. The others keep their times,
	// and what other clients draw stays what it was.
	Skip []TaskSpan

	Trace   Tracer // is told what happens; nil: nobody is
	Inspect bool   // look into the servers at the end: Report.Inside

	Program *Program         `json:"-"` // a person's own clients and checks; nil: none
	Ignore  []proto.Property // whose violations are passed over; that of Panic never is

	Narrate Steps // to be told in words in Report.Narration, at most 10,000 of them

	Bugs  node.Bugs
	Until Moment // stop there, before anything is judged; zero: run to the end

	// Nondeterminism is a test hook: the kernel then lets the order of a map
	// range leak into the run, which the determinism check must catch.
	Nondeterminism bool
}

// Redraw draws the rest of a run anew, so that one beginning has many ends.
type Redraw struct {
	Step uint64 // steps of the old run that come first; after 0 the parameters are drawn anew too
	Draw uint64 // which of the new ends, from 1; 0: none

	// Calm keeps statements that have not begun by then from beginning at all, so
	// that what comes is owed to what was. Those that have begun go on to their end.
	// The heal that comes later heals every server.
	Calm bool

	Only Draws // what is drawn anew; the rest stays as it was, as far as it is met again

	// Recorded says that Config.Choices are those of a run with this Redraw, so
	// that they hold on after it. Otherwise they hold until Step.
	Recorded bool
}

// Draws tells some of the random decisions of a run from the others.
type Draws string

// The decisions.
const (
	DrawsAll     Draws = ""
	DrawsChoices Draws = "choices" // what Report.Choices lists: whom faults hit, what they leave, when processes boot, where clients go
	DrawsDelays  Draws = "delays"  // delays of packets, disks, stages and timers; what clients ask for is in neither
)

// NoClients is the number of clients of a run that has none.
const NoClients = -1

// Verdict is the outcome of a run.
type Verdict string

// The verdicts. Violated beats unknown beats ok.
const (
	VerdictOK       Verdict = "ok"
	VerdictViolated Verdict = "violated"
	VerdictUnknown  Verdict = "unknown"
)

// Checkpoint is the state of the event hash after so many steps.
type Checkpoint struct {
	Step uint64
	At   time.Duration
	Hash uint64
}

// Counts are what happened in a run.
type Counts struct {
	Events, Elections, Diff, Trunc, Snap, Snapshots                              uint64
	SessionsOpened, SessionsExpired, SessionsClosed, Reconnects                  uint64
	Operations, OperationsOK, OperationsFailed, OperationsUnknown, Watches, Txns uint64
	Messages, Bytes, Fsyncs, Crashes, Kills, Stops, Starts                       uint64

	Exits          uint64 // processes that ended by themselves and were started again
	FaultsOnNobody uint64 // statements whose random words selected no server
	CrashesInSync  uint64 // processes that a fault ended while they entered an epoch

	CrashesInSnapshot  uint64 // processes that a fault ended while they wrote a snapshot
	LeadersDown        uint64 // processes that a fault ended while they led with a quorum
	TwoLeaders         uint64 // leaders that a quorum took while another process still led
	QuorumsLost        uint64 // leaders that gave up
	ExpiriesInElection uint64 // sessions that were given up while some server looked for a leader
	HalfOpen           uint64 // streams that lost one end without a word, to a loss of power
	TornTails          uint64 // logs with a torn tail that was cut at recovery
	TooBusyToSnap      uint64 // snapshots that were passed over
	DiskFull           uint64 // operations that a full disk failed

	Faults [fault.NumClasses]uint64 // how often statements of each class took effect
}

// Report is what a run gives.
type Report struct {
	Config Config   // with defaults filled in
	Drawn  []string // the drawn parameters, in words: "links 1.2ms-3.4ms"

	Schedule []fault.Statement // every statement of the run, drawn or asked for

	Verdict     Verdict
	Violation   *proto.Violation // nil unless violated
	Doubts      []string         // what checks could not decide, and why; of an unknown verdict
	Step        uint64           // of the violation, or the last one
	Hash        uint64
	Checkpoints []Checkpoint
	Events      []byte        // the lowest byte of the hash after each step, of the first EventsMax steps
	Virtual     time.Duration // how long the run lasted in virtual time
	Counts      Counts

	Choices []rng.Choice // decisions that matter, as they were taken, in that order
	Matched int          // of Config.Choices: how many were taken again
	Redrawn bool         // the run came to where Config.Redraw takes effect

	Narration []Narrated // the steps of Config.Narrate

	Stopped bool                     // at Config.Until; what came later was not seen
	Story   []Fact                   // the last facts, oldest first
	Servers []ServerState            // at the end
	Inside  []Inside                 // the same in full, if Config.Inspect
	History *linearizability.History // what the clients saw
	Tasks   []uint64                 // of each client: the number of its last task
	Effects []Effect                 // each time that a statement took effect, the first effectsKept of them
}
