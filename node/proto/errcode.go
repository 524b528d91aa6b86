package proto

import "strconv"

// ErrCode is an error code of the client protocol. The zero value is success.
// An ErrCode other than OK is an error.
type ErrCode int32

// The codes that this server gives or understands.
const (
	OK                      ErrCode = 0
	SystemError             ErrCode = -1
	RuntimeInconsistency    ErrCode = -2
	DataInconsistency       ErrCode = -3
	ConnectionLoss          ErrCode = -4
	MarshallingError        ErrCode = -5
	Unimplemented           ErrCode = -6
	OperationTimeout        ErrCode = -7
	BadArguments            ErrCode = -8
	NoNode                  ErrCode = -101
	NoAuth                  ErrCode = -102
	BadVersion              ErrCode = -103
	NoChildrenForEphemerals ErrCode = -108
	NodeExists              ErrCode = -110
	NotEmpty                ErrCode = -111
	SessionExpired          ErrCode = -112
	InvalidCallback         ErrCode = -113
	InvalidACL              ErrCode = -114
	AuthFailed              ErrCode = -115
	SessionMoved            ErrCode = -118
	NotReadOnly             ErrCode = -119
	EphemeralOnLocalSession ErrCode = -120
	NoWatcher               ErrCode = -121
	RequestTimeout          ErrCode = -122
	ReconfigDisabled        ErrCode = -123
	QuotaExceeded           ErrCode = -125
	ThrottledOp             ErrCode = -127
)

var errNames = map[ErrCode]string{
	OK: "ok", SystemError: "system error", RuntimeInconsistency: "runtime inconsistency",
	DataInconsistency: "data inconsistency", ConnectionLoss: "connection loss",
	MarshallingError: "marshalling error", Unimplemented: "unimplemented",
	OperationTimeout: "operation timeout", BadArguments: "bad arguments", NoNode: "no node",
	NoAuth: "not authenticated", BadVersion: "bad version",
	NoChildrenForEphemerals: "ephemerals cannot have children", NodeExists: "node exists",
	NotEmpty: "not empty", SessionExpired: "session expired", InvalidCallback: "invalid callback",
	InvalidACL: "invalid ACL", AuthFailed: "authentication failed", SessionMoved: "session moved",
	NotReadOnly: "not read-only", EphemeralOnLocalSession: "ephemeral on local session",
	NoWatcher: "no watcher", RequestTimeout: "request timeout",
	ReconfigDisabled: "reconfig disabled", QuotaExceeded: "quota exceeded", ThrottledOp: "throttled",
}

// Error returns words and number, as in "no node (-101)".
func (e ErrCode) Error() string {
	if s, ok := errNames[e]; ok {
		return s + " (" + strconv.Itoa(int(e)) + ")"
	}
	return "error " + strconv.Itoa(int(e))
}
