package fault

import "github.com/zksim/zksim/sim/fault/netem"

// Net is what happens to packets from Statement.Nodes to Statement.Peers. No
// host is paired with itself.
type Net struct {
	Kind  NetKind
	Both  bool        // <->: the other way too
	Netem netem.Netem // NetNetem
	Size  int64       // NetSndBuf: bytes, at least 1
	On    bool        // NetChecksum
}

// NetKind is a way in which packets between two nodes are treated.
type NetKind uint8

// The kinds. All but NetReset and NetClear last until undone.
const (
	NetNetem     NetKind = iota + 1 // delay and loss of each packet
	NetBlackhole                    // packets vanish: no answer, no close
	NetRefuse                       // new connections are refused; those that stand remain
	NetReset                        // each stream that was opened this way is reset, once
	NetNoReset                      // resets vanish, so that ends stay half open
	NetClog                         // packets wait until it is undone, and arrive then
	NetClear                        // everything of this list is undone for these packets
	NetSndBuf                       // a sender's buffer takes Size bytes
	NetChecksum                     // corrupted segments are dropped (on) or delivered (off)
)

var netWords = [...]string{"net?", "netem", "blackhole", "refuse", "reset", "noreset", "clog", "clear", "sndbuf", "checksum"}

// String gives the word of the grammar.
func (k NetKind) String() string { return wordOf(netWords[:], k) }

// Shape is how a partition divides the servers. All but ShapeGroups are drawn
// when the statement takes effect.
type Shape uint8

// The shapes, in Jepsen's words.
const (
	ShapeGroups         Shape = iota // the named groups
	ShapeOne                         // one server apart from all others
	ShapeMajority                    // a majority apart from the rest
	ShapeMinorityThird               // less than a third apart from the rest
	ShapeMajoritiesRing              // each server reaches a majority, and no two the same one
	ShapeBridge                      // two halves that only one server between them reaches
	ShapePrimaries                   // each server that takes itself for the leader, apart from all others
)

var shapeWords = [...]string{"", "one", "majority", "minority-third", "majorities-ring", "bridge", "primaries"}

// String gives the word of the grammar, "" for ShapeGroups.
func (s Shape) String() string { return wordOf(shapeWords[:], s) }

// serversMin is the smallest ensemble that a shape divides.
func (s Shape) serversMin() int {
	return [...]int{1, 2, 3, 4, 3, 3, 2}[s]
}
