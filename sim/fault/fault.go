// Package fault holds fault statements as values: they parse, print, check
// themselves and each other, and say what they do; the simulator carries them
// out. One statement is a line:
//
//	at 20s for 15s crash leader subset
//	from 5s to 25s net zk1 -> followers netem delay 500ms 100ms loss 35%
//	every 10s p=1/2 kill one
//	on zk2:txnlog.fsync#6 before crash zk2
//
// The grammar, in which a word that begins with # begins a comment:
//
//	stmt  = ( at TIME [ for TIME ] | from TIME to TIME | every TIME [ p=RATIO ] | on EVENT [ before | after ] ) fault
//	EVENT = NAME [ ":" CLASS ] "." OP [ "#" N ]
//	nodes = NAME { "," NAME } | leader | followers | observers | one | minority | majority
//	        | minority-third | primaries | all
//	fault = crash nodes [ lose-unsynced | keep-all | subset ] | kill nodes | start nodes | stop nodes
//	        | pause nodes [ ":" STAGE ] | resume nodes
//	        | net nodes ( -> | <-> ) nodes net | flap nodes TIME TIME | swizzle nodes TIME
//	        | partition ( group "|" group { "|" group } | SHAPE ) | maxconn nodes N | heal
//	        | clock nodes ( offset ±TIME | step ±TIME | drift ±N ppm | strobe TIME TIME | reset )
//	        | disk nodes [ ":" CLASS ] ( clear | ( latency TIME [ TIME ] | hang | error ERRNO ) filter )
//	        | client NAME ( expire | cut [ nodes ] | drop-reply | drop-request )
//	net   = [ netem ] LINE OF TC | blackhole | refuse | reset | noreset | clog | clear | sndbuf SIZE | checksum ( on | off )
//	group = "{" NAME { NAME } "}"
//	filter = [ ops=OP,OP… ] [ p=RATIO ] [ n=N ] [ path=GLOB ]
//
// TIME is a Go duration with its unit. RATIO is 1/20 or 5%. N is at least 1.
// SIZE is in bytes, or 64k. CLASS is a [FileClass], OP a [DiskOp] or, in an
// event, a [Message] that a server handles or a request that a client sends.
// STAGE is a [StageKind], for sender and receiver with "/" and one peer if one
// connection only is meant.
//
// The package imports node/proto, its own netem and the standard library only.
package fault

import (
	"slices"
	"time"
)

// Statement is one fault: when it takes effect, what it does, and to whom. It
// is plain data: shrinking changes a number or a name, and Validate says
// whether the result still makes sense. Fields that the action does not use
// are zero. A copy shares the slices, which nobody changes.
type Statement struct {
	When  When
	At    time.Duration // WhenAt: since the run began, not negative
	For   time.Duration // WhenAt: undone after it, or 0: not before the run heals
	Every time.Duration // WhenEvery: at Every, 2·Every, …; more than 0
	P     Ratio         // WhenEvery: the chance of each time
	On    Event         // WhenOn

	Action Action
	Nodes  []string // whom: names ("zk2", "c1"), or the single word of a group; nil for partition and heal
	Peers  []string // net: the other side; client cut: from these servers, nil from all; same forms as Nodes

	Power  Power         // crash
	Stage  Stage         // pause; zero: the whole process
	Net    Net           // net
	Shape  Shape         // partition; ShapeGroups: Groups
	Groups [][]string    // partition: names; two nodes are cut off when both are in groups, but in none together
	Down   time.Duration // flap: cut off for so long, more than 0
	Up     time.Duration // flap: then connected for so long, more than 0
	Span   time.Duration // swizzle: clogged one by one over the first half, unclogged over the second; more than 0
	Limit  int64         // maxconn: connections of clients that a node holds at a time, at least 1
	Clock  Clock         // clock
	Disk   Disk          // disk
	Client ClientFault   // client; Nodes is the one client
}

// Equal reports whether two statements are the same value.
func (s Statement) Equal(t Statement) bool {
	return s.When == t.When && s.At == t.At && s.For == t.For && s.Every == t.Every && s.P == t.P && s.On == t.On &&
		s.Action == t.Action && slices.Equal(s.Nodes, t.Nodes) && slices.Equal(s.Peers, t.Peers) &&
		s.Power == t.Power && s.Stage == t.Stage && s.Net == t.Net &&
		s.Shape == t.Shape && slices.EqualFunc(s.Groups, t.Groups, slices.Equal) &&
		s.Down == t.Down && s.Up == t.Up && s.Span == t.Span && s.Limit == t.Limit &&
		s.Clock == t.Clock && s.Disk == t.Disk && s.Client == t.Client
}

// When says which of the forms of time a statement has.
type When uint8

// The forms. "from A to B" is written as "at A for B-A".
const (
	WhenAt    When = iota // once, at an instant
	WhenEvery             // again and again until the run heals
	WhenOn                // when something happens at a node
)

// Action is what a statement does to the nodes it selects: the first word after
// the time.
type Action uint8

// The actions.
const (
	ActionCrash     Action = iota + 1 // the host loses power: nobody is told, unsynced data goes
	ActionKill                        // the process dies: its streams close, the page cache stays
	ActionStart                       // a process that is down starts again
	ActionStop                        // the process ends cleanly, as after SIGTERM
	ActionPause                       // a process, or one stage of it, stands still; its host does not
	ActionResume                      // a paused process goes on, with all its stages
	ActionNet                         // what happens between two sets of nodes: Net
	ActionFlap                        // nodes lose and regain the network in turn: Down, Up
	ActionSwizzle                     // nodes are clogged one by one, and unclogged in another order: Span
	ActionPartition                   // groups of nodes do not reach each other: Shape, Groups
	ActionMaxConn                     // a server takes few connections of clients: Limit
	ActionHeal                        // all faults of the network are undone
	ActionClock                       // a server's clocks go wrong: Clock
	ActionDisk                        // a server's disk fails: Disk
	ActionClient                      // something happens to one client: Client
)

var actionWords = [...]string{"action?", "crash", "kill", "start", "stop", "pause", "resume", "net", "flap", "swizzle",
	"partition", "maxconn", "heal", "clock", "disk", "client"}

// String gives the word of the grammar.
func (a Action) String() string { return wordOf(actionWords[:], a) }

// ClientFault is what happens to a client.
type ClientFault uint8

// The faults of clients. All but the cut happen once.
const (
	ClientExpire      ClientFault = iota + 1 // its session expires: nothing passes to it until the leader has had time to notice
	ClientCut                                // nothing passes between it and servers, in either direction
	ClientDropReply                          // its next request is carried out, but the connection is lost before the reply
	ClientDropRequest                        // its next request is lost with the connection, before the server sees it
)

var clientWords = [...]string{"client?", "expire", "cut", "drop-reply", "drop-request"}

// String gives the word of the grammar.
func (c ClientFault) String() string { return wordOf(clientWords[:], c) }

// wordOf looks a word up; the first word stands for all that has none.
func wordOf[T ~uint8](words []string, of T) string {
	if int(of) < len(words) {
		return words[of]
	}
	return words[0]
}
