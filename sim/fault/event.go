package fault

import (
	"slices"
	"strconv"

	"github.com/zksim/zksim/node/proto"
)

// Event is something that happens at a node, at which a statement takes effect:
// "zk2:txnlog.fsync#6", "zk3.NEWLEADER", "c1.create#1".
type Event struct {
	Kind    EventKind
	Node    string    // a name: "zk2", "c1"
	Class   FileClass // EventDisk: of these files only
	Disk    DiskOp    // EventDisk
	Message Message   // EventMessage
	Request proto.OpCode
	N       int64 // the N-th since the run began, from 1; 0: every one
	Before  bool  // the fault comes before it; else right after it
}

// EventKind is the kind of an event.
type EventKind uint8

// The kinds.
const (
	EventNone    EventKind = iota
	EventDisk              // a server's file operation
	EventMessage           // a server handles a message of another server
	EventRequest           // a client sends a request
)

// Message is a message between servers: the type of a packet, or
// MessageNotification.
type Message proto.PacketType

// MessageNotification is the message of leader election, which is no packet.
const MessageNotification Message = 0

const notificationWord = "NOTIFICATION"

var packets = []proto.PacketType{
	proto.PktRequest, proto.PktProposal, proto.PktAck, proto.PktCommit, proto.PktPing, proto.PktRevalidate, proto.PktSync,
	proto.PktInform, proto.PktNewLeader, proto.PktFollowerInfo, proto.PktUpToDate, proto.PktDiff, proto.PktTrunc, proto.PktSnap,
	proto.PktObserverInfo, proto.PktLeaderInfo, proto.PktAckEpoch,
}

// String gives ZooKeeper's spelling: "NEWLEADER".
func (m Message) String() string {
	if m == MessageNotification {
		return notificationWord
	}
	return proto.PacketType(m).String()
}

// Messages lists all messages.
func Messages() []Message {
	out := []Message{MessageNotification}
	for _, p := range packets {
		out = append(out, Message(p))
	}
	return out
}

var requests = []proto.OpCode{
	proto.OpCreateSession, proto.OpCloseSession, proto.OpCreate, proto.OpDelete, proto.OpExists, proto.OpGetData, proto.OpSetData,
	proto.OpGetACL, proto.OpSetACL, proto.OpGetChildren, proto.OpSync, proto.OpPing, proto.OpGetChildren2, proto.OpMulti,
	proto.OpCreate2, proto.OpReconfig, proto.OpCheckWatches, proto.OpRemoveWatches, proto.OpCreateContainer, proto.OpCreateTTL,
	proto.OpMultiRead, proto.OpAuth, proto.OpSetWatches, proto.OpGetEphemerals, proto.OpGetAllChildren, proto.OpSetWatches2,
	proto.OpAddWatch, proto.OpWhoAmI,
}

// Requests lists all requests of clients.
func Requests() []proto.OpCode { return slices.Clone(requests) }

// op gives the word for what happens.
func (e Event) op() string {
	switch e.Kind {
	case EventDisk:
		return e.Disk.String()
	case EventMessage:
		return e.Message.String()
	case EventRequest:
		return e.Request.String()
	}
	return "op?"
}

// String gives the form of the grammar, without before.
func (e Event) String() string {
	b := e.Node
	if e.Class != FilesAll {
		b += ":" + e.Class.String()
	}
	b += "." + e.op()
	if e.N != 0 {
		b += "#" + strconv.FormatInt(e.N, 10)
	}
	return b
}
