package golden

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// WirePlayer plays exchanges to one server and compares what comes, byte for
// byte but for the exemptions.
type WirePlayer struct {
	driver   Driver
	epoch    proto.Epoch // of the server: the recorded one was in epoch 0
	exempt   []string    // the exemptions that are granted
	links    map[string]*wireLink
	sessions []wireSession
}

// wireSession is a session as it was recorded, and here.
type wireSession struct {
	recorded, here         proto.SessionID
	recordedPass, herePass []byte
}

type wireLink struct {
	Link
	in      []byte
	greeted bool // the first frame has been sent
	welcome bool // and its answer has been taken
	types   map[int32]proto.OpCode
}

// NewWirePlayer returns a player for the exchanges of one server, which is in an
// epoch; exempt are the names of the exemptions that are granted, as a rule those
// that [Exemptions] gives.
func NewWirePlayer(d Driver, epoch proto.Epoch, exempt []string) *WirePlayer {
	return &WirePlayer{driver: d, epoch: epoch, exempt: exempt, links: map[string]*wireLink{}}
}

// PlayWire plays exchanges to servers, which start makes by the names that the
// exchanges have for them, and gives one line for each exchange that differs.
func PlayWire(all []Exchange, start func(server string) Driver, epoch proto.Epoch, exempt []string) (differences []string) {
	players := map[string]*WirePlayer{}
	for i := range all {
		x := &all[i]
		if players[x.Server] == nil {
			players[x.Server] = NewWirePlayer(start(x.Server), epoch, exempt)
		}
		if d := players[x.Server].Play(x); len(d) > 0 {
			differences = append(differences, d[0])
		}
	}
	return differences
}

// Play plays one exchange and tells how the outcome differs from the recorded
// one, in words.
func (p *WirePlayer) Play(x *Exchange) []string {
	l := p.links[x.Conn]
	if l == nil {
		l = &wireLink{Link: p.driver.Dial(0), types: map[int32]proto.OpCode{}}
		p.links[x.Conn] = l
	}
	frames := len(x.Came)
	if p.neverAnswered(x) {
		frames = 1
	}
	l.Write(p.translated(l, x.whole()))
	err := p.driver.Wait(func() bool {
		l.in = append(l.in, l.Take()...)
		return l.Closed() || !x.Closed && !x.isWord() && frameCount(l.in) >= frames
	})
	if err == nil {
		err = p.driver.Quiet()
	}
	l.in = append(l.in, l.Take()...)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", x.Name, err)}
	}
	return p.compare(l, x)
}

func frameCount(b []byte) int {
	count := 0
	for len(b) >= 4 {
		size := 4 + int(binary.BigEndian.Uint32(b))
		if len(b) < size {
			break
		}
		b, count = b[size:], count+1
	}
	return count
}

func (l *wireLink) frames() [][]byte {
	var all [][]byte
	for frameCount(l.in) > 0 {
		size := 4 + int(binary.BigEndian.Uint32(l.in))
		all = append(all, l.in[:size:size])
		l.in = l.in[size:]
	}
	return all
}

// translated puts the sessions and zxids of this server where the recording has
// those of its own. Bytes that are no whole frame stay as they are.
func (p *WirePlayer) translated(l *wireLink, sent []byte) []byte {
	var out []byte
	for len(sent) >= 4 {
		size := 4 + int64(int32(binary.BigEndian.Uint32(sent)))
		if size < 4 || size > int64(len(sent)) {
			break
		}
		frame := p.translatedFrame(l, sent[4:size])
		out = append(proto.AppendInt(out, int32(len(frame))), frame...)
		sent, l.greeted = sent[size:], true
	}
	return append(out, sent...)
}

func (p *WirePlayer) translatedFrame(l *wireLink, frame []byte) []byte {
	if !l.greeted {
		r, err := proto.DecodeConnectRequest(frame)
		if err != nil {
			return frame
		}
		p.translateConnect(&r)
		return proto.AppendConnectRequest(nil, &r)
	}
	h, body, err := proto.DecodeRequestHeader(frame)
	if err != nil {
		return frame
	}
	l.types[h.Xid] = h.Type
	op, err := proto.DecodeOp(h.Type, body)
	if err != nil || h.Type != proto.OpSetWatches && h.Type != proto.OpSetWatches2 {
		return frame
	}
	op.RelativeZxid = p.zxidHere(op.RelativeZxid)
	return proto.AppendOp(proto.AppendRequestHeader(nil, h), &op)
}

func (p *WirePlayer) zxidHere(z proto.Zxid) proto.Zxid {
	if z.Epoch() != 0 || z <= 0 {
		return z
	}
	return proto.MakeZxid(p.epoch, z.Counter())
}

func (p *WirePlayer) translateConnect(r *proto.ConnectRequest) {
	r.LastZxidSeen = p.zxidHere(r.LastZxidSeen)
	for _, s := range p.sessions {
		if s.recorded != r.Session {
			continue
		}
		r.Session = s.here
		if bytes.Equal(r.Password, s.recordedPass) {
			r.Password = s.herePass
		}
	}
}

func (p *WirePlayer) compare(l *wireLink, x *Exchange) (differences []string) {
	add := func(format string, args ...any) {
		differences = append(differences, x.Name+": "+fmt.Sprintf(format, args...))
	}
	if l.Closed() != x.Closed && !x.ClosedUnknown && !overBefore(x) {
		add("closed is %v, recorded was %v", l.Closed(), x.Closed)
	}
	if x.isWord() {
		if !sameText(x.Came[0], l.in) {
			add("the answer to a word is %q, recorded was %q", l.in, x.Came[0])
		}
		return differences
	}
	got := l.frames()
	if p.neverAnswered(x) {
		got = nil
	}
	if len(got) != len(x.Came) || len(l.in) > 0 {
		add("%d frames and %d bytes came, recorded were %d", len(got), len(l.in), len(x.Came))
	}
	for i := range min(len(got), len(x.Came)) {
		if d := p.compareFrame(l, x.Came[i][4:], got[i][4:]); d != "" {
			add("frame %d: %s", i+1, d)
		}
	}
	return differences
}

// neverAnswered reports whether it is the request that only the recorded server
// leaves without an answer.
func (p *WirePlayer) neverAnswered(x *Exchange) bool {
	return x.Name == "check_ok" && p.granted("check outside a multi")
}

// sameText compares answers to words; of those that show numbers of a server only
// how they begin, for they are compared elsewhere.
func sameText(recorded, here []byte) bool {
	version := []byte("Zookeeper version: 3.8.0-")
	return bytes.Equal(recorded, here) || bytes.HasPrefix(recorded, version) && bytes.HasPrefix(here, version)
}

// overBefore reports whether the connection was closed by an earlier exchange of
// another one, and nothing came of this.
func overBefore(x *Exchange) bool { return len(x.Came) == 0 && !x.Closed }

func (p *WirePlayer) compareFrame(l *wireLink, recorded, here []byte) string {
	first := !l.welcome
	l.welcome = true
	want, err := decodeAnswer(l, first, recorded)
	if err != nil {
		return "recorded: " + err.Error()
	}
	got, err := decodeAnswer(l, first, here)
	if err != nil {
		return err.Error()
	}
	if first && want.connect.Session != 0 && got.connect.Session != 0 {
		p.learn(&want.connect, &got.connect)
	}
	for i := range exemptions {
		if p.granted(exemptions[i].Name) {
			exemptions[i].forget(p, want, true)
			exemptions[i].forget(p, got, false)
		}
	}
	if w, g := want.encode(), got.encode(); !bytes.Equal(w, g) {
		return fmt.Sprintf("%x, recorded was %x", g, w)
	}
	return ""
}

func (p *WirePlayer) learn(recorded, here *proto.ConnectResponse) {
	s := wireSession{recorded.Session, here.Session, bytes.Clone(recorded.Password), bytes.Clone(here.Password)}
	if i := slices.IndexFunc(p.sessions, func(o wireSession) bool { return o.recorded == s.recorded }); i >= 0 {
		return // it was taken up again: both must be the same ones
	}
	p.sessions = append(p.sessions, s)
}

func (p *WirePlayer) granted(name string) bool { return slices.Contains(p.exempt, name) }
