package node

import (
	"fmt"
	"slices"
	"strings"
)

// Bugs are deviations from the protocol, planted on purpose to show that the
// checks see them. Each is one decision in otherwise correct code. Bugs can be
// compared with ==.
type Bugs struct {
	SyncWithoutQuorum       bool     // a leader answers sync without asking a quorum
	EpochBeforeLog          bool     // currentEpoch is durable before the history that it stands for
	DiffWithoutTrunc        bool     // a zxid within the leader's range counts as one that it owns
	AckNewLeaderBeforeFsync BugLevel // NEWLEADER is acknowledged before the history is durable
}

// BugLevel is the variant of a bug that has several; 0 is none.
type BugLevel uint8

// The variants, in the words of slugs.
const (
	BugLevelA BugLevel = iota + 1 // slug/a, or the slug alone
	BugLevelB                     // slug/b
)

// PlantedBug describes a bug that can be planted.
type PlantedBug struct {
	Slug    string // as ParseBug takes it
	Summary string // one line: what the server does instead
}

// plantable is one entry of the zoo.
type plantable struct {
	PlantedBug
	plant   func(*Bugs)
	planted func(*Bugs) bool
}

var zoo = [...]plantable{
	{PlantedBug{"sync-without-quorum", "a leader answers sync without asking a quorum whether it still leads"},
		func(b *Bugs) { b.SyncWithoutQuorum = true },
		func(b *Bugs) bool { return b.SyncWithoutQuorum }},
	{PlantedBug{"epoch-before-log", "a learner writes currentEpoch before it logs the history that DIFF brought (ZOOKEEPER-4643)"},
		func(b *Bugs) { b.EpochBeforeLog = true },
		func(b *Bugs) bool { return b.EpochBeforeLog }},
	{PlantedBug{"ack-newleader-before-fsync/a", "a learner acknowledges NEWLEADER and logs what DIFF brought after UPTODATE (ZOOKEEPER-3911)"},
		func(b *Bugs) { b.AckNewLeaderBeforeFsync = BugLevelA },
		func(b *Bugs) bool { return b.AckNewLeaderBeforeFsync == BugLevelA }},
	{PlantedBug{"ack-newleader-before-fsync/b", "a learner acknowledges NEWLEADER while the log stage still writes what DIFF brought (ZOOKEEPER-4646)"},
		func(b *Bugs) { b.AckNewLeaderBeforeFsync = BugLevelB },
		func(b *Bugs) bool { return b.AckNewLeaderBeforeFsync == BugLevelB }},
	{PlantedBug{"diff-without-trunc", "a leader sends DIFF to a learner whose last transaction lies in its range but not in its history (ZOOKEEPER-1154)"},
		func(b *Bugs) { b.DiffWithoutTrunc = true },
		func(b *Bugs) bool { return b.DiffWithoutTrunc }},
}

// PlantedBugs lists the bugs that can be planted, in a fixed order.
func PlantedBugs() []PlantedBug {
	list := make([]PlantedBug, len(zoo))
	for i := range zoo {
		list[i] = zoo[i].PlantedBug
	}
	return list
}

// ParseBug plants the bug that a slug names; of several levels a bare slug means
// the first. Of two levels of one bug the last named counts. The error names
// those that there are.
func ParseBug(slug string, b *Bugs) error {
	for i := range zoo {
		if slug == zoo[i].Slug || slug+"/a" == zoo[i].Slug {
			zoo[i].plant(b)
			return nil
		}
	}
	var known []string
	for i := range zoo {
		known = append(known, zoo[i].Slug)
	}
	return fmt.Errorf("no such planted bug in this version; it has %s", strings.Join(known, ", "))
}

// Slugs names the bugs that are planted, in the order of PlantedBugs; not nil.
func (b Bugs) Slugs() []string {
	slugs := []string{}
	for i := range zoo {
		if zoo[i].planted(&b) {
			slugs = append(slugs, zoo[i].Slug)
		}
	}
	return slices.Clip(slugs)
}

// String gives the slugs with commas between them; nothing for no bug.
func (b Bugs) String() string { return strings.Join(b.Slugs(), ",") }

// syncLogging says when a learner logs the transactions by which DIFF or TRUNC
// makes its history equal to the leader's, and who waits for them.
type syncLogging uint8

const (
	logOnArrival     syncLogging = iota // currentEpoch and the ACK of NEWLEADER wait for the fsync
	logUnawaited                        // on arrival, and nobody waits
	logAfterEpoch                       // once currentEpoch is durable; the ACK waits
	logAfterUpToDate                    // nobody waits
)

// syncLogging is the one place where epoch-before-log and
// ack-newleader-before-fsync decide.
func (b *Bugs) syncLogging() syncLogging {
	switch {
	case b.AckNewLeaderBeforeFsync == BugLevelA:
		return logAfterUpToDate
	case b.AckNewLeaderBeforeFsync == BugLevelB:
		return logUnawaited
	case b.EpochBeforeLog:
		return logAfterEpoch
	}
	return logOnArrival
}
