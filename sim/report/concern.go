package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// concern is what a violation is about, as far as its words tell: a story prefers
// what has to do with it. The zero value is about nothing.
type concern struct {
	at      time.Duration // when it came to light
	servers []proto.ServerID
	epochs  []proto.Epoch
	zxids   []proto.Zxid
	steps   []uint64 // of calls
}

// concernOf reads a violation; nil is about nothing.
func concernOf(v *proto.Violation) *concern {
	k := &concern{}
	if v == nil {
		return k
	}
	k.at, k.zxids = v.At, engine.Concerned(v.Detail)
	if v.Server != 0 {
		k.servers = append(k.servers, v.Server)
	}
	for _, z := range k.zxids {
		k.epochs = append(k.epochs, z.Epoch())
	}
	words := strings.FieldsFunc(v.Detail, func(r rune) bool { return strings.ContainsRune(" ,;:()'\"", r) })
	for i, w := range words {
		if n, err := strconv.ParseInt(strings.TrimPrefix(w, "zk"), 10, 32); err == nil && strings.HasPrefix(w, "zk") {
			k.servers = append(k.servers, proto.ServerID(n))
		}
		if i == 0 {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(w, "."), 10, 63)
		switch {
		case err != nil:
		case words[i-1] == "epoch":
			k.epochs = append(k.epochs, proto.Epoch(n))
		case words[i-1] == "step":
			k.steps = append(k.steps, n)
		}
	}
	return k
}

// The points of a scene. What a story turns on beats all; then come the
// transactions concerned, and what changes the world; then whatever is near in
// place or time.
const (
	pointsTurns  = 40
	pointsTxn    = 11
	pointsFault  = 15
	pointsWorld  = 12
	pointsRole   = 6
	pointsServer = 5
	pointsEpoch  = 5
	pointsNear   = 4
	pointsLast   = 6
	pointsLight  = -4
	pointsFar    = -8
)

// near is how long before the end something is said to be near it, nearSteps how
// many steps before a call, and far how long before it is far away.
const (
	near      = 5 * time.Second
	far       = 20 * time.Second
	nearSteps = 10_000
)

// points rates a scene.
func (k *concern) points(s scene) int {
	f := s[0]
	sum := pointsOf(f.Kind)
	if slices.ContainsFunc(s, k.isTurn) {
		sum += pointsTurns
	}
	if slices.ContainsFunc(s, k.meets) {
		sum += pointsServer
	}
	if f.Epoch != 0 && slices.Contains(k.epochs, f.Epoch) {
		sum += pointsEpoch
	}
	switch {
	case k.near(f):
		sum += pointsNear
	case len(k.steps) == 0 && f.At+far < k.at:
		sum += pointsFar
	}
	return sum
}

// last is what it counts to be among the last; less where it is known what counts.
func (k *concern) last() int {
	if k.at > 0 {
		return pointsLast / 3
	}
	return pointsLast
}

// pointsOf rates a kind of facts.
func pointsOf(kind engine.FactKind) int {
	switch kind {
	case engine.FactProposed, engine.FactCommitted:
		return pointsTxn
	case engine.FactFault, engine.FactClient:
		return pointsFault
	case engine.FactAccepted, engine.FactServing:
		return pointsLight
	case engine.FactSync, engine.FactGaveUp, engine.FactCurrent:
		return pointsRole
	}
	if changesTheWorld(kind) {
		return pointsWorld
	}
	return 0
}

// changesTheWorld: what happens after such a fact is not told before it.
func changesTheWorld(kind engine.FactKind) bool {
	switch kind {
	case engine.FactFault, engine.FactLeader, engine.FactTailCut, engine.FactTruncated, engine.FactExit, engine.FactHeal:
		return true
	}
	return false
}

// isTurn: a fact that a story turns on, about a server that the violation is about.
func (k *concern) isTurn(f engine.Fact) bool {
	return astray(f) && (len(k.servers) == 0 || k.meets(f)) && !k.harmless(f)
}

// harmless: a learner that has more than its leader is what TRUNC and SNAP are
// for, and of what a process that was started again has not found nobody may
// have heard.
func (k *concern) harmless(f engine.Fact) bool {
	switch f.Kind {
	case engine.FactSync:
		return f.Sync != node.SyncDiff
	case engine.FactStarted:
		return !slices.ContainsFunc(k.zxids, func(z proto.Zxid) bool { return z > f.Zxid && z <= f.Had })
	}
	return false
}

// meets reports whether a fact is about a server of the violation.
func (k *concern) meets(f engine.Fact) bool {
	about := func(id proto.ServerID) bool {
		return f.Server == id || f.Peer == id || slices.Contains(f.Servers.IDs(), id)
	}
	return slices.ContainsFunc(k.servers, about)
}

func (k *concern) near(f engine.Fact) bool {
	if len(k.steps) > 0 {
		return slices.ContainsFunc(k.steps, func(step uint64) bool { return f.Step <= step && f.Step+nearSteps >= step })
	}
	return k.at > 0 && f.At+near >= k.at
}
