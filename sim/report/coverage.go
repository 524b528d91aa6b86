package report

import (
	"strings"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// Count is how often something happened.
type Count struct {
	Name  string
	Times uint64
}

// States counts the states of interest that a run has reached, in a fixed order.
func States(c engine.Counts) []Count {
	return []Count{
		{"elections", c.Elections}, {"DIFF", c.Diff}, {"TRUNC", c.Trunc}, {"SNAP", c.Snap}, {"snapshots", c.Snapshots},
		{"expiries", c.SessionsExpired}, {"reconnects", c.Reconnects}, {"unknown outcomes", c.OperationsUnknown},
		{"watch events", c.Watches}, {"exits", c.Exits}, {"crash during sync", c.CrashesInSync},
		{"crash during snapshot", c.CrashesInSnapshot}, {"crash of a leader", c.LeadersDown}, {"two leaders", c.TwoLeaders},
		{"quorum lost", c.QuorumsLost}, {"expiry during election", c.ExpiriesInElection}, {"half-open streams", c.HalfOpen},
		{"torn tail", c.TornTails}, {"too busy to snap", c.TooBusyToSnap}, {"disk full", c.DiskFull},
	}
}

// StateNames names the states in their order.
func StateNames() []string { return names(States(engine.Counts{})) }

func names(list []Count) []string {
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}

// Classes counts by class how often fault statements took effect, in a fixed
// order.
func Classes(c engine.Counts) []Count {
	var list []Count
	for _, class := range fault.Classes() {
		if class == fault.ClassNoChecksum { // refused by this version
			continue
		}
		list = append(list, Count{class.String(), c.Faults[class]})
	}
	return list
}

// ClassNames names the classes of faults in their order.
func ClassNames() []string { return names(Classes(engine.Counts{})) }

// Key is a name, and the key of the same thing among those of a document's
// coverage.
type Key struct{ Name, Key string }

// StateKeys are the states in their order.
func StateKeys() []Key { return keys("", StateNames()) }

// ClassKeys are the classes of faults in their order.
func ClassKeys() []Key { return keys("fault ", ClassNames()) }

func keys(prefix string, names []string) []Key {
	var list []Key
	for _, name := range names {
		list = append(list, Key{name, strings.ReplaceAll(prefix+name, " ", "_")})
	}
	return list
}

// coverage is what a run has reached, and which faults it has met, in the words
// of JSON keys; what did not happen is left out.
func coverage(c engine.Counts) map[string]uint64 {
	m := map[string]uint64{}
	put := func(keys []Key, list []Count) {
		for i, n := range list {
			if n.Times > 0 {
				m[keys[i].Key] = n.Times
			}
		}
	}
	put(StateKeys(), States(c))
	put(ClassKeys(), Classes(c))
	return m
}

// List writes items after a label, as many on a line as fit.
func List(label string, items []string) []string { return list(label, items) }
