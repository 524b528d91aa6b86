package node

import (
	"math"
	"strconv"
	"time"

	"github.com/zksim/zksim/node/proto"
)

// latencies are spans in ms of the server's clock.
type latencies struct {
	count, sum, least, most int64
}

func (l *latencies) add(ms int64) {
	if l.count == 0 || ms < l.least {
		l.least = ms
	}
	l.most = max(l.most, ms)
	l.count++
	l.sum += ms
}

// decimal writes the mean to four places, as Java writes such a number.
func (l *latencies) decimal() string {
	const places = 10_000
	x := int64(0)
	if l.count > 0 {
		x = (l.sum*places + l.count/2) / l.count
	}
	digits := strconv.FormatInt(places+x%places, 10)[1:]
	for len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return strconv.FormatInt(x/places, 10) + "." + digits
}

// mean is the mean, cut to an integer.
func (l *latencies) mean() int64 {
	if l.count == 0 {
		return 0
	}
	return l.sum / l.count
}

// sizes are lengths in bytes; -1 as long as there is none.
type sizes struct{ last, least, most int64 }

func newSizes() sizes { return sizes{-1, -1, -1} }

func (s *sizes) add(size int) {
	s.last = int64(size)
	if s.least < 0 || s.last < s.least {
		s.least = s.last
	}
	s.most = max(s.most, s.last)
}

// counters are what a server counts for those who look after it. Words of four
// letters reset the first group.
type counters struct {
	received, sent int64 // packets of clients
	latency        latencies
	proposals      sizes // of the leader's transactions
	responses      sizes // to clients, without their frame lengths

	dropped      int64 // connections of clients that this server closed, with a reason
	rejected     int64 // that were one too many
	notServing   int64 // that asked for a session while there was no quorum
	sessionless  int64 // that never asked for one
	authFailed   int64
	throttledOps int64
	stale        int64 // requests that waited longer than their connections lived
	largeRefused int64
	proposed     int64
	lookings     int64
}

func newCounters() counters { return counters{proposals: newSizes(), responses: newSizes()} }

// reset forgets what the word srst says.
func (c *counters) reset() {
	c.received, c.sent, c.latency = 0, 0, latencies{}
	c.proposals = newSizes()
}

// connStats are what cons tells of a connection.
type connStats struct {
	received, sent int64
	began          int64 // when it was made, ms since 1970
	last           string
	cxid           int64 // of the last request; -1 before the first
	zxid           proto.Zxid
	response       int64 // when the last one was answered, ms of the server's clock
	lastLatency    int64
	latency        latencies
}

func newConnStats(wall int64) connStats { return connStats{began: wall, last: "NA", cxid: -1} }

// reset forgets what the word crst says.
func (s *connStats) reset() {
	s.received, s.sent = 0, 0
	s.forgetRequests()
}

func (s *connStats) forgetRequests() {
	s.last, s.cxid, s.zxid, s.response, s.lastLatency = "NA", -1, 0, 0, 0
	s.latency = latencies{}
}

// packetReceived counts a packet of a client.
func (n *Node) packetReceived(cc *clientConn) {
	n.counters.received++
	cc.stats.received++
}

// packetSent counts a packet to a client.
func (n *Node) packetSent(cc *clientConn, size int) {
	n.counters.sent++
	cc.stats.sent++
	n.counters.responses.add(size)
}

// measured counts how long a request took that is being answered.
func (n *Node) measured(cc *clientConn, r *request, z proto.Zxid) {
	ms := millis(n.now) - millis(r.began)
	n.counters.latency.add(ms)
	s := &cc.stats
	s.latency.add(ms)
	s.lastLatency, s.response, s.last, s.zxid = ms, millis(n.now), shortName(r.op.Type), z
	if r.xid >= 0 {
		s.cxid = int64(r.xid)
	}
}

func millis(d time.Duration) int64 { return int64(d / time.Millisecond) }

// shortNames are the words of cons for requests.
var shortNames = [...]struct {
	op   proto.OpCode
	word string
}{
	{proto.OpPing, "PING"}, {proto.OpCreateSession, "SESS"}, {proto.OpCloseSession, "CLOS"},
	{proto.OpMulti, "MULT"}, {proto.OpMultiRead, "MLTR"}, {proto.OpCreate, "CREA"}, {proto.OpCreate2, "CREA"},
	{proto.OpCreateTTL, "CREA"}, {proto.OpCreateContainer, "CREA"}, {proto.OpDelete, "DELE"},
	{proto.OpDeleteContainer, "DELE"}, {proto.OpSetData, "SETD"}, {proto.OpReconfig, "RECO"}, {proto.OpSetACL, "SETA"},
	{proto.OpSync, "SYNC"}, {proto.OpCheck, "CHEC"}, {proto.OpExists, "EXIS"}, {proto.OpGetData, "GETD"},
	{proto.OpSetWatches, "SETW"}, {proto.OpSetWatches2, "SETW"}, {proto.OpAddWatch, "ADDW"}, {proto.OpGetACL, "GETA"},
	{proto.OpGetChildren, "GETC"}, {proto.OpGetChildren2, "GETC"}, {proto.OpGetAllChildren, "GETACN"},
	{proto.OpCheckWatches, "CHKW"}, {proto.OpRemoveWatches, "REMW"}, {proto.OpWhoAmI, "HOMI"}, {proto.OpGetEphemerals, "GETE"},
}

func shortName(op proto.OpCode) string {
	for i := range shortNames {
		if shortNames[i].op == op {
			return shortNames[i].word
		}
	}
	return "NA"
}

// digestEntry is the digest of the tree after a transaction.
type digestEntry struct {
	zxid   proto.Zxid
	digest int64
}

// digestEvery is how many transactions apart the entries are that hash tells,
// digestMax how many there are at most.
const (
	digestEvery = 128
	digestMax   = 1024
)

func (n *Node) keepDigest(z proto.Zxid) {
	if z.Counter()%digestEvery != 0 {
		return
	}
	if n.digests.len() == digestMax {
		n.digests.pop()
	}
	n.digests.push(digestEntry{z, n.tree.Digest()})
}

// Counters are what a server has counted since it started, or since srst, and
// [Node.Monitor] does not tell.
type Counters struct {
	Requests   int64 // answered
	LatencySum time.Duration
}

// Counters tells what has been counted.
func (n *Node) Counters() Counters {
	l := &n.counters.latency
	return Counters{Requests: l.count, LatencySum: time.Duration(min(l.sum, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond}
}
