package proto

import "strconv"

// OpCode is the type of a client request and of the transaction made from it.
type OpCode int32

// All request types of the client protocol. Those of later releases of zksim
// (container, TTL, ACL, persistent watches, auth) are named here so that they
// can be refused by name.
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

// CreateFlags is the mode of a create.
type CreateFlags int32

// The plain create modes; container and TTL modes come with a later release.
const (
	FlagEphemeral  CreateFlags = 1
	FlagSequential CreateFlags = 2
)

// Reserved xids of the client protocol.
const (
	XidNotification int32 = -1
	XidPing         int32 = -2
	XidAuth         int32 = -4
	XidSetWatches   int32 = -8
)
