package fault

import "time"

// Power is what a crash leaves on the disk.
type Power uint8

// The powers.
const (
	PowerDrawn        Power = iota // no word: lose-unsynced or subset, drawn at the crash
	PowerLoseUnsynced              // everything that was not synced is gone
	PowerKeepAll                   // everything that was written is there
	PowerSubset                    // a drawn subset of what was not synced is there
)

var powerWords = [...]string{"", "lose-unsynced", "keep-all", "subset"}

// String gives the word of the grammar, "" for PowerDrawn.
func (p Power) String() string { return wordOf(powerWords[:], p) }

// Stage names one actor of a server that is paused. The zero value is the whole
// process.
type Stage struct {
	Kind StageKind
	Peer string // sender, receiver: of the connections with this node only; "" of all
}

// StageKind is the kind of an actor of a server, in the words of node.StageKind.
type StageKind uint8

// The stages.
const (
	StageProcess StageKind = iota // all of it
	StageElection
	StagePrep
	StagePropose
	StageLog
	StageCommit
	StageFinal
	StageSender
	StageReceiver
)

var stageWords = [...]string{"", "election", "prep", "propose", "log", "commit", "final", "sender", "receiver"}

// String gives the word of the grammar, "" for StageProcess.
func (k StageKind) String() string { return wordOf(stageWords[:], k) }

// perPeer reports whether there is one such stage for each connection.
func (k StageKind) perPeer() bool { return k == StageSender || k == StageReceiver }

// String gives the form of the grammar: "sender/zk2".
func (s Stage) String() string {
	if s.Peer == "" {
		return s.Kind.String()
	}
	return s.Kind.String() + "/" + s.Peer
}

// Clock is what happens to the clocks of a server. Offset, step and strobe move
// the wall clock only; drift moves the wall clock and the monotonic one.
type Clock struct {
	Kind   ClockKind
	By     time.Duration // offset, step, strobe: how far; negative is into the past; of a strobe more than 0
	Period time.Duration // strobe: forth or back once in so long; more than 0
	PPM    int64         // drift: so many µs too fast in a second; within ±DriftMax
}

// DriftMax bounds a drift: at -DriftMax the clocks stand still.
const DriftMax = 1_000_000

// ClockKind is a way in which a clock goes wrong.
type ClockKind uint8

// The kinds.
const (
	ClockOffset ClockKind = iota + 1 // the wall clock is ahead of true time by so much
	ClockStep                        // the wall clock jumps by so much, on top of what it is off already
	ClockDrift                       // both clocks run fast
	ClockStrobe                      // the wall clock jumps forth and back
	ClockReset                       // the wall clock is right again, and runs right with the monotonic one
)

var clockWords = [...]string{"clock?", "offset", "step", "drift", "strobe", "reset"}

// String gives the word of the grammar.
func (k ClockKind) String() string { return wordOf(clockWords[:], k) }
