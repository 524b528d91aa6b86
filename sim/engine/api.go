package engine

import (
	"time"

	"github.com/zksim/zksim/linearizability"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/fault"
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

	Bugs  node.Bugs
	Until Moment // stop there, before anything is judged; zero: run to the end

	// Nondeterminism is a test hook: the kernel then lets the order of a map
	// range leak into the run, which the determinism check must catch.
	Nondeterminism bool
}

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
	Virtual     time.Duration // how long the run lasted in virtual time
	Counts      Counts

	Stopped bool                     // at Config.Until; what came later was not seen
	Story   []Fact                   // the last facts, oldest first
	Servers []ServerState            // at the end
	History *linearizability.History // what the clients saw
}
