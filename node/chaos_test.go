package node_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/sim/rng"
)

// chaos grants whatever can be granted in a random order, breaks things, and has
// clients write, synchronise and read. What it learns:
//   - the rules that every packet is held against (see trace_test.go),
//   - a write that was answered is on every server in the end,
//   - a read behind a sync shows every write answered before the sync was asked.
type chaos struct {
	*world
	draw    *rand.Rand
	power   rng.Stream
	written int
	acked   []string
	users   []*user

	weights  [numActs]int
	patience int // how much is granted between two acts, at most
}

// user is one client and the paths that its requests are about, by xid.
type user struct {
	*client
	creates map[int32]string
	owed    map[int32]string // an exists behind a sync: must be there
	seen    int              // replies looked at
}

// finding is what Fatalf throws, to be caught by the run.
type finding string

type findings struct{}

func (findings) Helper()                           {}
func (findings) Fatalf(format string, args ...any) { panic(finding(fmt.Sprintf(format, args...))) }

// unrest runs one seed and returns what it found, or nothing, and what happened.
func unrest(seed uint64, servers, steps int, bugs node.Bugs, configure func(*chaos)) (found string, facts map[string]int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case finding:
			found = string(r)
		case *proto.Violation:
			found = r.Error()
		default:
			panic(r)
		}
	}()
	c := &chaos{world: newWorld(findings{}, servers), draw: rand.New(rand.NewPCG(seed, 1)),
		power: rng.New(seed).Stream(rng.Key{Purpose: rng.PurposeCrash})}
	c.cfg.Bugs, c.cfg.CommitLogCount, c.cfg.SnapCount = bugs, c.draw.IntN(8)+1, c.draw.IntN(30)+4
	facts, c.noExit = c.facts, true
	c.weigh()
	if configure != nil {
		configure(c)
	}
	for i := range 3 {
		c.users = append(c.users, &user{client: c.client(fmt.Sprint(i)), creates: map[int32]string{}, owed: map[int32]string{}})
	}
	for range steps {
		c.act()
		for range c.draw.IntN(c.patience) {
			if !c.grantOne() {
				break
			}
		}
		c.listen()
	}
	c.calm()
	facts["answered"] += len(c.acked)
	return "", facts
}

func (c *chaos) anyHost() *host { return c.hosts[c.draw.IntN(len(c.hosts))] }

func (c *chaos) up() int {
	n := 0
	for _, h := range c.hosts {
		if h.core != nil {
			n++
		}
	}
	return n
}

// act lets something happen from outside.
func (c *chaos) act() {
	h := c.anyHost()
	switch c.pick() {
	case actKill:
		if h.core != nil && c.up() > 1 {
			h.kill()
		}
	case actCrash:
		if h.core != nil && c.up() > 1 {
			h.crashRandomly(c)
		}
	case actStart:
		c.startAny()
	case actCut:
		if o := c.anyHost(); o != h {
			c.cuts = append(c.cuts, [2]proto.ServerID{min(h.id, o.id), max(h.id, o.id)})
		}
	case actDrop:
		if o := c.anyHost(); o != h {
			c.drop(h.id, o.id)
		}
	case actIsolate:
		c.isolateLeader()
	case actPause:
		c.pause(h)
	case actHeal:
		c.cuts = nil
		for _, h := range c.hosts {
			h.paused, h.hold = nil, nil
		}
	case actWait:
		for range c.draw.IntN(8) + 1 {
			c.wait()
		}
	case actUse:
		c.use(c.users[c.draw.IntN(len(c.users))])
	}
}

const (
	actKill = iota
	actCrash
	actStart
	actCut
	actDrop
	actIsolate
	actPause
	actHeal
	actWait
	actUse
	numActs
)

// pick draws an act; what is likely differs from seed to seed.
func (c *chaos) pick() int {
	total := 0
	for _, weight := range c.weights {
		total += weight
	}
	at := c.draw.IntN(total)
	for act, weight := range c.weights {
		if at -= weight; at < 0 {
			return act
		}
	}
	return actUse
}

func (c *chaos) weigh() {
	c.weights = [numActs]int{c.draw.IntN(5), c.draw.IntN(5), 15, c.draw.IntN(4), c.draw.IntN(6), c.draw.IntN(2), c.draw.IntN(5), c.draw.IntN(6) + 1, c.draw.IntN(30) + 5, 60}
	c.patience = []int{4, 20, 60, 200}[c.draw.IntN(4)]
}

func (c *chaos) startAny() {
	for _, h := range c.hosts {
		if h.core != nil {
			continue
		}
		if h.start(); h.core == nil {
			c.t.Fatalf("Durability: %v refuses to start", h.id)
		}
		return
	}
}

// pause stops one stage of a server, or the disk for one class of files.
func (c *chaos) pause(h *host) {
	if c.draw.IntN(2) == 0 {
		h.paused = append(h.paused, node.StageKind(c.draw.IntN(node.NumStages)))
		return
	}
	class := store.Class(c.draw.IntN(3))
	h.hold = func(op store.Op) bool { return op.Class == class }
}

// isolateLeader cuts a leader off and has the others forget it by dying.
func (c *chaos) isolateLeader() {
	for _, l := range c.hosts {
		if l.core == nil || l.core.Role() != node.RoleLeading || !l.core.Serving() {
			continue
		}
		for _, h := range c.hosts {
			if h == l {
				continue
			}
			c.cuts = append(c.cuts, [2]proto.ServerID{min(h.id, l.id), max(h.id, l.id)})
			if h.core != nil {
				h.kill()
				h.start()
			}
		}
		return
	}
}

func (h *host) crashRandomly(c *chaos) {
	h.bury()
	h.silent = true
	h.disk.Crash(disksim.Power(c.draw.IntN(3)), &c.power)
}

// wait lets the next timer fire, or a moment pass without any.
func (c *chaos) wait() {
	h, i := c.nextTimer()
	if h == nil {
		return
	}
	t := h.timers[i]
	h.timers = append(h.timers[:i:i], h.timers[i+1:]...)
	c.now = max(c.now, t.at)
	h.step(node.Event{Kind: node.EventTimer, Timer: t.id})
}

// use has a client do the next thing.
func (c *chaos) use(u *user) {
	switch {
	case u.end == nil || c.draw.IntN(40) == 0:
		if c.draw.IntN(3) == 0 { // give up the session
			u.session, u.password = 0, nil
		}
		clear(u.creates)
		clear(u.owed)
		u.connect(c.anyHost().id, 10000, 0)
	case !u.connected:
	case c.draw.IntN(3) == 0 && len(c.acked) > 0:
		u.ask(proto.Op{Type: proto.OpSync, Path: "/"})
		path := c.acked[c.draw.IntN(len(c.acked))]
		if c.draw.IntN(2) == 0 {
			path = c.acked[len(c.acked)-1]
		}
		u.owed[u.xid+1] = path
		u.ask(proto.Op{Type: proto.OpExists, Path: path})
	default:
		c.written++
		path := fmt.Sprintf("/%d", c.written)
		u.creates[u.xid+1] = path
		u.ask(proto.Op{Type: proto.OpCreate, Path: path, ACL: proto.OpenACL()})
	}
}

// listen looks at the answers that have come.
func (c *chaos) listen() {
	for _, u := range c.users {
		for _, r := range u.replies[u.seen:] {
			if path := u.creates[r.Xid]; path != "" && r.Err == proto.OK {
				c.acked = append(c.acked, path)
			}
			if path := u.owed[r.Xid]; path != "" && r.Err == proto.NoNode {
				c.t.Fatalf("SyncRead: a read behind a sync lacks %s", path)
			}
		}
		u.seen = len(u.replies)
	}
}

// grantOne grants one thing of all that could be granted, at random.
func (c *chaos) grantOne() bool {
	var can []func()
	for _, h := range c.hosts {
		for len(h.draws) > 0 {
			d := h.draws[0]
			h.draws = h.draws[1:]
			h.step(node.Event{Kind: node.EventDrawn, Draw: d.Kind, Value: c.draw.Int64N(d.Below)})
		}
		for i := range h.turns {
			if h.room(h.turns[i]) > 0 {
				can = append(can, func() { h.turn(i) })
			}
		}
		for l := range h.lanes {
			if len(h.lanes[l]) > 0 && (h.hold == nil || !h.hold(h.lanes[l][0].Op)) {
				can = append(can, func() { h.disks(node.Lane(l)) })
			}
		}
	}
	for _, l := range c.links {
		if l.blocked() {
			continue
		}
		if l.target != nil && l.ends[0].open {
			can = append(can, l.answer)
			continue
		}
		for _, e := range l.ends {
			if e.ready() {
				can = append(can, func() { e.deliver(1 + c.draw.IntN(len(e.buf)+1)) })
			}
		}
	}
	if len(can) == 0 {
		return false
	}
	can[c.draw.IntN(len(can))]()
	c.prune()
	return true
}

// calm ends all trouble: everybody serves, holds the same, and nothing answered is lost.
func (c *chaos) calm() {
	c.cuts = nil
	for _, h := range c.hosts {
		h.paused, h.hold = nil, nil
		if h.core == nil {
			h.start()
		}
	}
	serving := func() bool {
		for _, h := range c.hosts {
			if !h.core.Serving() || h.core.Leader() != c.hosts[0].core.Leader() {
				return false
			}
		}
		return true
	}
	for i := 0; !serving(); i++ {
		if i == 1000 {
			c.t.Fatalf("Progress: not everybody serves after 100 quiet seconds")
		}
		c.run(100 * time.Millisecond)
		c.listen()
	}
	c.run(100 * time.Millisecond)
	c.listen()
	for _, h := range c.hosts {
		r := h.core.Tree()
		if first := c.hosts[0].core.Tree(); r.LastProcessed() != first.LastProcessed() || r.Digest() != first.Digest() {
			c.t.Fatalf("DigestEquality: %v is at %v, %v at %v", h.id, r.LastProcessed(), c.hosts[0].id, first.LastProcessed())
		}
		for _, path := range c.acked {
			if _, ok := r.ACL(path); !ok {
				c.t.Fatalf("Durability: %v lacks %s, which was answered", h.id, path)
			}
		}
	}
}

var unrestSeeds = flag.Uint64("unrest", 90, "how many seeds TestUnrest runs")

// TestUnrest runs random interleavings and failures of small ensembles.
func TestUnrest(t *testing.T) {
	total := map[string]int{}
	for seed := range *unrestSeeds {
		servers := []int{3, 3, 5, 1}[seed%4]
		life := []func(*chaos){nil, deposing, stalling}[seed%3]
		found, facts := unrest(seed, servers, 150, node.Bugs{}, life)
		if found != "" {
			t.Fatalf("seed %d, %d servers: %s", seed, servers, found)
		}
		for fact, n := range facts {
			total[fact] += n
		}
	}
	t.Log(total)
}

// deposing is a life of leaders that are cut off and of clients that do not notice.
func deposing(c *chaos) {
	c.weights = [numActs]int{actStart: 5, actIsolate: 2, actHeal: 1, actWait: 20, actUse: 60}
	c.patience = 200
}

// stalling is a life of stages and disks that stand still while connections break.
func stalling(c *chaos) {
	c.weights = [numActs]int{actStart: 5, actDrop: 12, actPause: 6, actHeal: 3, actWait: 2, actUse: 60}
	c.patience = 200
}

// TestUnrestSeesPlantedBugs shows that each of its checks can fail.
func TestUnrestSeesPlantedBugs(t *testing.T) {
	for _, c := range []struct {
		name, want string
		bug        string
		configure  func(*chaos)
	}{
		{"fsync that does nothing", "EpochMonotonic", "", func(c *chaos) { c.noFsync = true }},
		{"sync without a quorum", "SyncRead", "sync-without-quorum", deposing},
		{"ACK of NEWLEADER before the history is logged", "AckOrder", "ack-newleader-before-fsync/a", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var bugs node.Bugs
			if c.bug != "" {
				require.NoError(t, node.ParseBug(c.bug, &bugs))
			}
			for seed := range uint64(400) {
				if found, _ := unrest(seed, 3, 150, bugs, c.configure); found != "" {
					t.Logf("seed %d: %s", seed, found)
					assert.True(t, strings.HasPrefix(found, c.want), "%s", found)
					return
				}
			}
			t.Error("not seen in 400 seeds")
		})
	}
}
