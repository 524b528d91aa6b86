package proto

import "strconv"

// OpCode is the type of a client request and of the transaction made from it.
type OpCode int32

// All request types of the client protocol.
const (
	OpCreateSession   OpCode = -10
	OpCloseSession    OpCode = -11
	OpError           OpCode = -1
	OpNotification    OpCode = 0
	OpCreate          OpCode = 1
	OpDelete          OpCode = 2
	OpExists          OpCode = 3
	OpGetData         OpCode = 4
	OpSetData         OpCode = 5
	OpGetACL          OpCode = 6
	OpSetACL          OpCode = 7
	OpGetChildren     OpCode = 8
	OpSync            OpCode = 9
	OpPing            OpCode = 11
	OpGetChildren2    OpCode = 12
	OpCheck           OpCode = 13
	OpMulti           OpCode = 14
	OpCreate2         OpCode = 15
	OpReconfig        OpCode = 16
	OpCheckWatches    OpCode = 17
	OpRemoveWatches   OpCode = 18
	OpCreateContainer OpCode = 19
	OpDeleteContainer OpCode = 20
	OpCreateTTL       OpCode = 21
	OpMultiRead       OpCode = 22
	OpAuth            OpCode = 100
	OpSetWatches      OpCode = 101
	OpSASL            OpCode = 102
	OpGetEphemerals   OpCode = 103
	OpGetAllChildren  OpCode = 104
	OpSetWatches2     OpCode = 105
	OpAddWatch        OpCode = 106
	OpWhoAmI          OpCode = 107
)

var opNames = map[OpCode]string{
	OpCreateSession: "createSession", OpCloseSession: "closeSession", OpError: "error",
	OpNotification: "notification", OpCreate: "create", OpDelete: "delete", OpExists: "exists",
	OpGetData: "getData", OpSetData: "setData", OpGetACL: "getACL", OpSetACL: "setACL",
	OpGetChildren: "getChildren", OpSync: "sync", OpPing: "ping", OpGetChildren2: "getChildren2",
	OpCheck: "check", OpMulti: "multi", OpCreate2: "create2", OpReconfig: "reconfig",
	OpCheckWatches: "checkWatches", OpRemoveWatches: "removeWatches",
	OpCreateContainer: "createContainer", OpDeleteContainer: "deleteContainer",
	OpCreateTTL: "createTTL", OpMultiRead: "multiRead", OpAuth: "auth", OpSetWatches: "setWatches",
	OpSASL: "sasl", OpGetEphemerals: "getEphemerals", OpGetAllChildren: "getAllChildrenNumber",
	OpSetWatches2: "setWatches2", OpAddWatch: "addWatch", OpWhoAmI: "whoAmI",
}

// String gives ZooKeeper's name of the operation.
func (o OpCode) String() string {
	if s, ok := opNames[o]; ok {
		return s
	}
	return "op" + strconv.Itoa(int(o))
}

// IsWrite reports whether the operation becomes a transaction and so takes a
// zxid, also when it fails.
func (o OpCode) IsWrite() bool {
	switch o {
	case OpCreateSession, OpCloseSession, OpCreate, OpCreate2, OpDelete, OpSetData, OpCheck, OpMulti,
		OpSetACL, OpReconfig, OpCreateContainer, OpDeleteContainer, OpCreateTTL:
		return true
	}
	return false
}

// IsCreate reports whether the operation makes a znode.
func (o OpCode) IsCreate() bool {
	switch o {
	case OpCreate, OpCreate2, OpCreateContainer, OpCreateTTL:
		return true
	}
	return false
}

// CreateFlags is the mode of a create.
type CreateFlags int32

// The create modes that are no mixture of the first two bits.
const (
	FlagEphemeral     CreateFlags = 1
	FlagSequential    CreateFlags = 2
	FlagContainer     CreateFlags = 4
	FlagTTL           CreateFlags = 5
	FlagTTLSequential CreateFlags = 6
)

// Known reports whether there is such a mode.
func (f CreateFlags) Known() bool { return f >= 0 && f <= FlagTTLSequential }

// IsTTL reports whether the znode will have a time to live.
func (f CreateFlags) IsTTL() bool { return f == FlagTTL || f == FlagTTLSequential }

// IsEphemeral reports whether the znode will belong to its session.
func (f CreateFlags) IsEphemeral() bool { return f == 1 || f == 3 }

// IsSequential reports whether a number is appended to the path.
func (f CreateFlags) IsSequential() bool { return f == 2 || f == 3 || f == FlagTTLSequential }

// TTLMax is the longest time to live in ms, 2^40-1.
const TTLMax int64 = 1<<40 - 1

// Reserved xids of the client protocol.
const (
	XidNotification int32 = -1
	XidPing         int32 = -2
	XidAuth         int32 = -4
	XidSetWatches   int32 = -8
)
