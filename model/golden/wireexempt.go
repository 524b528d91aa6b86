package golden

import (
	"cmp"
	"errors"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// Exemption is one way in which answers may differ from the recorded bytes.
type Exemption struct {
	Name, Why string
	forget    func(p *WirePlayer, a *answer, recorded bool)
}

// exemptions are all of them.
var exemptions = [...]Exemption{
	{"session ids", "a server makes them of its own id and the time of its start", (*WirePlayer).forgetSessions},
	{"passwords", "they are made with a secret of the ensemble", (*WirePlayer).forgetPassword},
	{"wall-clock times", "of making and changing a znode", (*WirePlayer).forgetTimes},
	{"epochs of zxids", "the recorded server ran alone and had none; the counters must agree", (*WirePlayer).forgetEpochs},
	{"order of children", "there it is that of a hash set, here that of the names", (*WirePlayer).forgetOrder},
	{"order of identities", "as with children", (*WirePlayer).forgetOrderOfIDs},
	{"check outside a multi", "there one that succeeds is never answered, which helps nobody", func(*WirePlayer, *answer, bool) {}},
}

// Exemptions are all the ways in which answers may differ from recorded bytes.
func Exemptions() []Exemption { return slices.Clone(exemptions[:]) }

// ExemptionNames are their names.
func ExemptionNames() []string {
	var names []string
	for i := range exemptions {
		names = append(names, exemptions[i].Name)
	}
	return names
}

// answer is a decoded frame of a server.
type answer struct {
	first   bool
	connect proto.ConnectResponse
	header  proto.ReplyHeader
	event   proto.WatcherEvent
	result  proto.Result
	surplus []byte // what an answer with an error must not have
}

var errBytes = errors.New("the bytes are not those that belong to what they say")

// decodeAnswer decodes a frame; written again it must be the same.
func decodeAnswer(l *wireLink, first bool, b []byte) (a *answer, err error) {
	a = &answer{first: first}
	var body []byte
	switch {
	case first:
		a.connect, err = proto.DecodeConnectResponse(b)
	default:
		a.header, body, err = proto.DecodeReplyHeader(b)
	}
	switch {
	case err != nil || first:
	case a.header.Err != proto.OK:
		a.surplus = body
	case a.header.Xid == proto.XidNotification:
		a.event, err = proto.DecodeWatcherEvent(body)
	default:
		a.result, err = proto.DecodeResult(l.types[a.header.Xid], body)
	}
	if err == nil && string(a.encode()) != string(b) {
		err = errBytes
	}
	return a, err
}

func (a *answer) encode() []byte {
	if a.first {
		return proto.AppendConnectResponse(nil, &a.connect)
	}
	b := proto.AppendReplyHeader(nil, a.header)
	switch {
	case a.header.Err != proto.OK:
		return append(b, a.surplus...)
	case a.header.Xid == proto.XidNotification:
		return proto.AppendWatcherEvent(b, a.event)
	}
	return proto.AppendResult(b, &a.result)
}

// stats calls visit for every Stat of an answer.
func (a *answer) stats(visit func(*proto.Stat)) {
	visit(&a.result.Stat)
	for i := range a.result.Multi {
		visit(&a.result.Multi[i].Stat)
	}
}

// number gives the session's place among those that were met, from 1 on; one
// that was never met stays as it is.
func (p *WirePlayer) number(id proto.SessionID, recorded bool) proto.SessionID {
	for i, s := range p.sessions {
		if recorded && s.recorded == id || !recorded && s.here == id {
			return proto.SessionID(i + 1)
		}
	}
	return id
}

func (p *WirePlayer) forgetSessions(a *answer, recorded bool) {
	a.connect.Session = p.number(a.connect.Session, recorded)
	a.stats(func(s *proto.Stat) { s.EphemeralOwner = p.number(s.EphemeralOwner, recorded) })
}

// forgetPassword blanks the password of a session, so that its length counts.
func (p *WirePlayer) forgetPassword(a *answer, _ bool) {
	if a.connect.Session != 0 {
		clear(a.connect.Password)
	}
}

func (p *WirePlayer) forgetTimes(a *answer, _ bool) {
	a.stats(func(s *proto.Stat) { s.Ctime, s.Mtime = min(s.Ctime, 1), min(s.Mtime, 1) })
}

func (p *WirePlayer) forgetEpochs(a *answer, _ bool) {
	forget := func(z *proto.Zxid) {
		if *z > 0 {
			*z = proto.Zxid(z.Counter())
		}
	}
	forget(&a.header.Zxid)
	a.stats(func(s *proto.Stat) {
		forget(&s.Czxid)
		forget(&s.Mzxid)
		forget(&s.Pzxid)
	})
}

func (p *WirePlayer) forgetOrderOfIDs(a *answer, _ bool) {
	// total order: all fields count
	slices.SortFunc(a.result.IDs, func(x, y proto.ID) int {
		return cmp.Or(cmp.Compare(x.Scheme, y.Scheme), cmp.Compare(x.ID, y.ID))
	})
}

func (p *WirePlayer) forgetOrder(a *answer, _ bool) {
	slices.Sort(a.result.Children)
	for i := range a.result.Multi {
		slices.Sort(a.result.Multi[i].Children)
	}
}
