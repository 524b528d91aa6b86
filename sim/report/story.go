package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// StoryMax is how many lines a story has at most.
const StoryMax = 10

// Story tells what led to the end of a run, from its facts, in at most so many
// lines of Columns-5 columns: an instant and a sentence each. What came last and
// what matters most is told; facts that belong together share a line.
func Story(facts []engine.Fact, lines int) []string { return tell(facts, &concern{}, lines) }

// StoryOf is the story of a run that has ended: what led to its violation, if
// there is one, before what merely happened.
func StoryOf(r *engine.Report, lines int) []string {
	return tell(r.Story, concernOf(r.Violation), lines)
}

func tell(facts []engine.Fact, k *concern, lines int) []string {
	var told []string
	for _, s := range choose(scenes(facts), k, lines) {
		told = append(told, clip(Clock(s.at())+"  "+s.sentence(), Columns-5))
	}
	return told
}

// scene is facts that one sentence tells: the same happened to several servers,
// or several times to one, shortly after each other.
type scene []engine.Fact

// together is how long a scene may last.
const together = 2 * time.Second

func (s scene) at() time.Duration { return s[0].At }

// scenes groups facts, in the order of their beginnings.
func scenes(facts []engine.Fact) []scene {
	var list []scene
	for _, f := range facts {
		if i := joins(list, f); i >= 0 {
			list[i] = append(list[i], f)
		} else {
			list = append(list, scene{f})
		}
	}
	return list
}

// joins finds the scene that a fact belongs to, or -1. Nothing goes past a scene
// that changes the world: what happened after a fault is not told before it.
func joins(list []scene, f engine.Fact) int {
	for i := len(list) - 1; i >= 0 && f.At-list[i].at() <= together; i-- {
		if alike(list[i][0], f) {
			return i
		}
		if changesTheWorld(list[i][0].Kind) {
			return -1
		}
	}
	return -1
}

// alike reports whether two facts can share a sentence.
func alike(a, b engine.Fact) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case engine.FactServing, engine.FactAccepted:
		return a.Epoch == b.Epoch
	case engine.FactCurrent, engine.FactAcked:
		return a.Epoch == b.Epoch && !astray(a) && !astray(b)
	case engine.FactSync:
		return a.Server == b.Server && a.Sync == b.Sync && !astray(a) && !astray(b)
	case engine.FactGaveUp:
		return a.Role == b.Role && a.Text == b.Text
	case engine.FactExpired, engine.FactTooBusy:
		return a.Server == b.Server
	case engine.FactProposed, engine.FactCommitted:
		return a.Server == b.Server && a.Zxid.Epoch() == b.Zxid.Epoch()
	}
	return false
}

// choose keeps so many scenes, in their order: those that have most to do with
// the end, and of equals the later ones.
func choose(all []scene, k *concern, most int) []scene {
	if len(all) <= most {
		return all
	}
	type rated struct {
		place, points int
	}
	list := make([]rated, len(all))
	for i, s := range all {
		list[i] = rated{i, k.points(s)}
		if i >= len(all)-most/2 {
			list[i].points += k.last()
		}
	}
	slices.SortStableFunc(list, func(a, b rated) int { return cmp.Or(cmp.Compare(b.points, a.points), cmp.Compare(b.place, a.place)) })
	slices.SortStableFunc(list[:most], func(a, b rated) int { return cmp.Compare(a.place, b.place) })
	var keep []scene
	for _, r := range list[:most] {
		keep = append(keep, all[r.place])
	}
	return keep
}

// sentence tells a scene.
func (s scene) sentence() string {
	f := s[0]
	switch f.Kind {
	case engine.FactFault:
		return deed(f)
	case engine.FactUndone:
		return "undone: " + deed(f)
	case engine.FactHeal:
		return "the faults are over; a quorum must make progress"
	case engine.FactLeader:
		return fmt.Sprintf("%v leads epoch %d, from %s", f.Server, f.Epoch, zxid(f.Zxid))
	case engine.FactSync:
		return s.sync()
	case engine.FactServing:
		return fmt.Sprintf("%s in epoch %d", verb(s.servers(), "serves", "serve"), f.Epoch)
	case engine.FactAccepted:
		return fmt.Sprintf("%s acceptedEpoch %d on disk", verb(s.servers(), "has", "have"), f.Epoch)
	case engine.FactCurrent:
		return fmt.Sprintf("%s currentEpoch %d on disk", verb(s.servers(), "has", "have"), f.Epoch) + beside(f)
	case engine.FactAcked:
		return fmt.Sprintf("%s NEWLEADER of epoch %d", verb(s.servers(), "acknowledges", "acknowledge"), f.Epoch) + beside(f)
	case engine.FactProposed:
		return fmt.Sprintf("%v proposes %s", f.Server, s.zxids())
	case engine.FactCommitted:
		return fmt.Sprintf("%v commits %s", f.Server, s.zxids())
	}
	return s.misfortune()
}

// misfortune tells the scenes in which something ends.
func (s scene) misfortune() string {
	f := s[0]
	switch f.Kind {
	case engine.FactGaveUp:
		return fmt.Sprintf("%s %v: %s", verb(s.servers(), "stops", "stop"), f.Role, f.Text)
	case engine.FactStarted:
		return started(f)
	case engine.FactTailCut:
		return fmt.Sprintf("%v starts with a torn tail behind %s: %s", f.Server, zxid(f.Zxid), f.Text)
	case engine.FactTruncated:
		return fmt.Sprintf("%v cuts its log behind %s", f.Server, zxid(f.Zxid))
	case engine.FactExpired:
		if len(s) > 1 {
			return fmt.Sprintf("%v expires %d sessions", f.Server, len(s))
		}
		return fmt.Sprintf("%v expires the session %v", f.Server, f.Session)
	case engine.FactTooBusy:
		return fmt.Sprintf("%v is too busy to snap, skipping, at %s", f.Server, zxid(f.Zxid))
	case engine.FactExit:
		return fmt.Sprintf("the process of %v ends by itself", f.Server)
	case engine.FactClient:
		return f.Client + " " + f.Text
	}
	return "something happens" // a kind that this package does not know yet
}

// sync tells how a learner is brought up to date, and what it had that its leader
// has not.
func (s scene) sync() string {
	f := s[0]
	text := fmt.Sprintf("%v brings %s up to date: %v, %s", f.Server, s.peers(), f.Sync, zxid(f.Zxid))
	if astray(f) {
		though := "for"
		if f.Sync == node.SyncDiff {
			though = "though"
		}
		return fmt.Sprintf("%v sends %v %v, %s %v's log has %s more", f.Server, f.Peer, f.Sync, though, f.Peer, span(f.Common, f.Had))
	}
	return text
}

// astray reports whether a fact is one that a story turns on: a history that is
// not what it is taken for, or transactions that are gone.
func astray(f engine.Fact) bool {
	switch f.Kind {
	case engine.FactCurrent, engine.FactAcked:
		return f.Common != f.Had || f.Zxid != f.Common
	case engine.FactSync:
		return f.Common != f.Had
	case engine.FactStarted:
		return f.Zxid != f.Had
	}
	return false
}

// beside tells with which history a disk has an epoch, if it is not the one that
// the epoch began with.
func beside(f engine.Fact) string {
	switch {
	case !astray(f):
		return ", with " + f.Had.String()
	case f.Common != f.Had:
		return fmt.Sprintf(", but of %v only %v", f.Had, f.Common)
	}
	return fmt.Sprintf(", and %s more", span(f.Common, f.Zxid))
}

// started tells what a process found that was started again.
func started(f engine.Fact) string {
	if !astray(f) {
		return fmt.Sprintf("%v starts again with %s", f.Server, zxid(f.Zxid))
	}
	return fmt.Sprintf("%v starts again with %v; %s did not survive", f.Server, f.Zxid, span(f.Zxid, f.Had))
}

// span names the transactions after one up to another.
func span(after, last proto.Zxid) string {
	first := proto.MakeZxid(last.Epoch(), 1)
	if after.Epoch() == last.Epoch() {
		first = after.Next()
	}
	if first == last {
		return last.String()
	}
	return first.String() + " … " + last.String()
}

// zxids lists the transactions of a scene: they come in their order.
func (s scene) zxids() string {
	if len(s) == 1 {
		return zxid(s[0].Zxid)
	}
	var list []string
	for _, f := range s {
		list = append(list, f.Zxid.String())
	}
	return strings.Join(list, ", ")
}

// deed is a fault statement without its times, and whom it hit.
func deed(f engine.Fact) string {
	text := untimed(f.Text)
	var names []string
	for _, id := range f.Servers.IDs() {
		names = append(names, id.String())
	}
	if joined := strings.Join(names, ","); joined != "" && !strings.Contains(text, joined) {
		return text + " (" + joined + ")"
	}
	return text
}

// untimed cuts "at TIME", "for TIME" and "from TIME to TIME" off a statement.
func untimed(statement string) string {
	words := strings.Fields(statement)
	for len(words) > 2 && slices.Contains([]string{"at", "for", "from", "to"}, words[0]) {
		words = words[2:]
	}
	return strings.Join(words, " ")
}

// zxid writes a zxid in the two notations that people look for.
func zxid(z proto.Zxid) string { return z.String() + " (" + z.Hex() + ")" }

func (s scene) servers() []proto.ServerID {
	return s.named(func(f engine.Fact) proto.ServerID { return f.Server })
}

func (s scene) peers() string {
	return joined(s.named(func(f engine.Fact) proto.ServerID { return f.Peer }))
}

func (s scene) named(who func(engine.Fact) proto.ServerID) []proto.ServerID {
	var ids []proto.ServerID
	for _, f := range s {
		ids = append(ids, who(f))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func joined(ids []proto.ServerID) string {
	var names []string
	for _, id := range ids {
		names = append(names, id.String())
	}
	return strings.Join(names, ", ")
}

// verb makes subject and verb agree.
func verb(ids []proto.ServerID, one, many string) string {
	if len(ids) == 1 {
		return joined(ids) + " " + one
	}
	return joined(ids) + " " + many
}
