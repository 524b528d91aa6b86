package engine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// moment is when something happened.
type moment struct {
	at   time.Duration
	step uint64
}

func (c *cluster) moment() moment { return moment{c.clock.Now(), c.kernel.step} }

// committed notes who was the first to commit a transaction.
func (e *entry) committed(by proto.ServerID, m moment) {
	if e.committedBy == 0 {
		e.committedBy, e.committedAt = by, m
	}
}

// compareTo says what is durable on a disk of the time before an epoch, and how
// much of what that epoch began with.
func (r *replication) compareTo(f *Fact, s *server) {
	g := r.ghost(s)
	f.Zxid = g.durable.before(f.Epoch)
	if a := r.adopted(f.Epoch); a != nil {
		f.Peer, f.Had, f.Common = a.leader, a.history.tip(), g.durable.common(a.history)
		return
	}
	f.Peer, f.Had, f.Common = s.id, f.Zxid, f.Zxid
}

// compareWith says how much of a learner's history is its leader's.
func (r *replication) compareWith(f *Fact, leader *server) {
	if f.Peer < 1 || int(f.Peer) > len(r.ghosts) {
		return
	}
	learner := &r.ghosts[r.c.hostOf(f.Peer)]
	f.Had, f.Common = learner.cached.tip(), learner.cached.common(r.ghost(leader).cached)
}

// tellCurrent tells that currentEpoch is on a disk, and beside which history.
// It is told when the file gets its name, before anybody judges.
func (r *replication) tellCurrent(s *server, e proto.Epoch) {
	f := Fact{Kind: FactCurrent, Server: s.id, Epoch: e}
	r.compareTo(&f, s)
	if s.seen.role == node.RoleLeading {
		f.Peer, f.Had, f.Common = s.id, f.Zxid, f.Zxid
	}
	r.c.tell(f)
}

// tellStarted tells what a process that was started again finds of what had been
// written. It must be called before the ghost of the disk forgets the rest.
func (c *cluster) tellStarted(s *server, found *store.Recovered) {
	if s.life > 0 {
		c.tell(Fact{Kind: FactStarted, Server: s.id, Epoch: found.CurrentEpoch, Zxid: found.LastLogged,
			Had: c.replication.ghost(s).cached.tip()})
	}
}

// tellConcerned adds to the story when the transactions were committed that the
// violation is about, or when they were proposed if that is all.
func (c *cluster) tellConcerned() {
	if c.violation == nil {
		return
	}
	for _, z := range Concerned(c.violation.Detail) {
		e := c.checks.ledger.find(z)
		if e == nil {
			continue
		}
		if e.proposedBy != 0 && e.committedBy == 0 {
			c.story.insert(Fact{Kind: FactProposed, Server: e.proposedBy, Zxid: z, At: e.proposedAt.at, Step: e.proposedAt.step})
		}
		if e.committedBy != 0 {
			c.story.insert(Fact{Kind: FactCommitted, Server: e.committedBy, Zxid: z, At: e.committedAt.at, Step: e.committedAt.step})
		}
	}
}

// find finds the entry of a zxid, nil if nobody has told of it.
func (l *ledger) find(z proto.Zxid) *entry {
	i, ok := slices.BinarySearchFunc(l.epochs, z.Epoch(), func(ch chapter, e proto.Epoch) int { return cmp.Compare(ch.epoch, e) })
	if !ok || int64(z.Counter()) >= int64(len(l.epochs[i].entries)) {
		return nil
	}
	return &l.epochs[i].entries[z.Counter()]
}

// insert adds a fact of the past in its place.
func (s *story) insert(f Fact) {
	s.ring, s.next = s.told(), 0
	at := len(s.ring)
	for at > 0 && s.ring[at-1].Step > f.Step {
		at--
	}
	s.ring = slices.Insert(s.ring, at, f)
}

// concernedMax bounds how many transactions of a detail are followed.
const concernedMax = 6

// Concerned finds the transactions that the detail of a violation names, in the
// order in which it does: "5.12 (0x50000000c)".
func Concerned(detail string) []proto.Zxid {
	var list []proto.Zxid
	for rest := detail; len(list) < concernedMax; {
		_, after, ok := strings.Cut(rest, "(0x")
		if !ok {
			break
		}
		digits, _, ok := strings.Cut(after, ")")
		rest = after
		z, err := strconv.ParseInt(digits, 16, 64)
		if zxid := proto.Zxid(z); ok && err == nil && zxid.Counter() != 0 && !slices.Contains(list, zxid) {
			list = append(list, zxid)
		}
	}
	return list
}
