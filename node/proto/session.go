package proto

// PasswordLen is the length of a session password in bytes.
const PasswordLen = 16

// ConnectRequest is the first frame of a client connection.
type ConnectRequest struct {
	ProtocolVersion int32
	LastZxidSeen    Zxid
	Timeout         int32 // ms
	Session         SessionID
	Password        []byte
	ReadOnly        bool
	HasReadOnly     bool // old clients leave the last byte out; the reply mirrors it
}

// AppendConnectRequest appends the body (no frame length).
func AppendConnectRequest(b []byte, r *ConnectRequest) []byte {
	b = AppendInt(b, r.ProtocolVersion)
	b = AppendLong(b, int64(r.LastZxidSeen))
	b = AppendInt(b, r.Timeout)
	b = AppendLong(b, int64(r.Session))
	b = AppendBuffer(b, r.Password)
	if r.HasReadOnly {
		b = AppendBool(b, r.ReadOnly)
	}
	return b
}

// DecodeConnectRequest decodes the body. The password aliases it.
func DecodeConnectRequest(body []byte) (ConnectRequest, error) {
	d := NewDecoder(body)
	r := ConnectRequest{ProtocolVersion: d.Int(), LastZxidSeen: Zxid(d.Long()), Timeout: d.Int(),
		Session: SessionID(d.Long()), Password: d.Buffer()}
	if d.err == nil && len(d.Rest()) > 0 {
		r.HasReadOnly, r.ReadOnly = true, d.Bool()
	}
	return r, d.Err()
}

// ConnectResponse answers a ConnectRequest. Timeout 0 means that the session
// has expired or its password is wrong.
type ConnectResponse struct {
	ProtocolVersion int32
	Timeout         int32 // ms, as negotiated
	Session         SessionID
	Password        []byte
	ReadOnly        bool
	HasReadOnly     bool
}

// AppendConnectResponse appends the body (no frame length).
func AppendConnectResponse(b []byte, r *ConnectResponse) []byte {
	b = AppendInt(b, r.ProtocolVersion)
	b = AppendInt(b, r.Timeout)
	b = AppendLong(b, int64(r.Session))
	b = AppendBuffer(b, r.Password)
	if r.HasReadOnly {
		b = AppendBool(b, r.ReadOnly)
	}
	return b
}

// DecodeConnectResponse decodes the body. The password aliases it.
func DecodeConnectResponse(body []byte) (ConnectResponse, error) {
	d := NewDecoder(body)
	r := ConnectResponse{ProtocolVersion: d.Int(), Timeout: d.Int(),
		Session: SessionID(d.Long()), Password: d.Buffer()}
	if d.err == nil && len(d.Rest()) > 0 {
		r.HasReadOnly, r.ReadOnly = true, d.Bool()
	}
	return r, d.Err()
}

// RequestHeader precedes the body of every request after the ConnectRequest.
type RequestHeader struct {
	Xid  int32
	Type OpCode
}

// AppendRequestHeader appends h.
func AppendRequestHeader(b []byte, h RequestHeader) []byte {
	return AppendInt(AppendInt(b, h.Xid), int32(h.Type))
}

// DecodeRequestHeader splits a frame's payload into header and body.
func DecodeRequestHeader(p []byte) (RequestHeader, []byte, error) {
	d := NewDecoder(p)
	h := RequestHeader{d.Int(), OpCode(d.Int())}
	return h, d.Rest(), d.Err()
}

// ReplyHeader precedes every reply and notification after the ConnectResponse.
type ReplyHeader struct {
	Xid  int32
	Zxid Zxid // of the transaction, or the last one applied when a read ran; -1 on notifications
	Err  ErrCode
}

// AppendReplyHeader appends h.
func AppendReplyHeader(b []byte, h ReplyHeader) []byte {
	return AppendInt(AppendLong(AppendInt(b, h.Xid), int64(h.Zxid)), int32(h.Err))
}

// DecodeReplyHeader splits a frame's payload into header and body.
func DecodeReplyHeader(p []byte) (ReplyHeader, []byte, error) {
	d := NewDecoder(p)
	h := ReplyHeader{d.Int(), Zxid(d.Long()), ErrCode(d.Int())}
	return h, d.Rest(), d.Err()
}

// EventType is what happened to a watched znode.
type EventType int32

// Event types that a server sends.
const (
	EventNodeCreated         EventType = 1
	EventNodeDeleted         EventType = 2
	EventNodeDataChanged     EventType = 3
	EventNodeChildrenChanged EventType = 4
)

// String gives ZooKeeper's name of the event.
func (t EventType) String() string {
	switch t {
	case EventNodeCreated:
		return "NodeCreated"
	case EventNodeDeleted:
		return "NodeDeleted"
	case EventNodeDataChanged:
		return "NodeDataChanged"
	case EventNodeChildrenChanged:
		return "NodeChildrenChanged"
	}
	return "None"
}

// StateSyncConnected is the only state that a server writes into events.
const StateSyncConnected int32 = 3

// WatcherEvent is the body of a notification.
type WatcherEvent struct {
	Type EventType
	Path string
}

// AppendWatcherEvent appends the body of a notification.
func AppendWatcherEvent(b []byte, e WatcherEvent) []byte {
	return AppendReplyString(AppendInt(AppendInt(b, int32(e.Type)), StateSyncConnected), e.Path)
}

// DecodeWatcherEvent decodes the body of a notification.
func DecodeWatcherEvent(body []byte) (WatcherEvent, error) {
	d := NewDecoder(body)
	t := EventType(d.Int())
	d.Int()
	return WatcherEvent{t, d.replyText()}, d.Err()
}
