package linearizability

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// Touch says that the leader heard of a session, which it then had to wait for
// as long as the negotiated timeout.
type Touch struct {
	Session proto.SessionID
	At      time.Duration // since the run began, by the leader's clock
	Timeout time.Duration
}

// Expiry says that the leader gave a session up.
type Expiry struct {
	Session proto.SessionID
	At      time.Duration // since the run began, by the leader's clock
	Late    time.Duration // how long its clock or its stages stood still since the last touch
}

// CheckExpiry checks facts that one leader tells, each list in the order of time
// (SessionExpiry, G14): a session is not given up unless nothing was heard of it
// for its timeout, and with a tick above 0 not later than two ticks after that,
// one by which deadlines are rounded up and one to come round to it. A new
// leader hears of every session when it takes over: its facts begin with these
// touches, and those of earlier leaders are left out. Of a session that was
// never heard of nothing is said.
func CheckExpiry(touches []Touch, expiries []Expiry, tick time.Duration) *proto.Violation {
	last := map[proto.SessionID]Touch{}
	for _, e := range expiries {
		for len(touches) > 0 && touches[0].At <= e.At {
			last[touches[0].Session] = touches[0]
			touches = touches[1:]
		}
		t, ok := last[e.Session]
		switch silent := e.At - t.At; {
		case !ok:
		case silent < t.Timeout:
			return expiryViolation(e, "given up after a silence of %v, its timeout is %v", silent, t.Timeout)
		case tick > 0 && silent > t.Timeout+2*tick+e.Late:
			return expiryViolation(e, "given up only after a silence of %v, its timeout is %v and a tick %v", silent, t.Timeout, tick)
		}
		delete(last, e.Session)
	}
	return nil
}

func expiryViolation(e Expiry, format string, args ...any) *proto.Violation {
	return &proto.Violation{Property: proto.SessionExpiry, Place: "leader", At: e.At,
		Detail: fmt.Sprintf("session %v: ", e.Session) + fmt.Sprintf(format, args...)}
}
