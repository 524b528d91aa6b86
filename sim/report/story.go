package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// StoryMax is how many lines a story has at most.
const StoryMax = 10

// Story tells what led to the end of a run, from its facts, in at most so many
// lines of Columns-5 columns: an instant and a sentence each. What came last and
// what matters most is told; facts that belong together share a line.
func Story(facts []engine.Fact, lines int) []string {
	var told []string
	for _, s := range choose(scenes(facts), lines) {
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
		if weight(list[i][0].Kind) == heavy {
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
	case engine.FactServing, engine.FactAccepted, engine.FactCurrent:
		return a.Epoch == b.Epoch
	case engine.FactSync:
		return a.Server == b.Server && a.Sync == b.Sync
	case engine.FactGaveUp:
		return a.Role == b.Role && a.Text == b.Text
	case engine.FactExpired, engine.FactTooBusy:
		return a.Server == b.Server
	}
	return false
}

// The weights of facts. A story tells heavy ones first, then those that fill
// it, the latest of each.
const (
	light = iota
	medium
	heavy
)

func weight(k engine.FactKind) int {
	switch k {
	case engine.FactFault, engine.FactLeader, engine.FactTailCut, engine.FactTruncated, engine.FactExit, engine.FactHeal:
		return heavy
	case engine.FactSync, engine.FactUndone, engine.FactGaveUp, engine.FactClient:
		return medium
	}
	return light
}

// choose keeps so many scenes, in their order. Half of the places go to the
// heavy ones at least, the rest to the latest whatever they weigh: the end of a
// story is what a reader looks for.
func choose(all []scene, most int) []scene {
	if len(all) <= most {
		return all
	}
	tail := len(all) - most/2
	keep := append([]scene{}, all[tail:]...)
	for w := heavy; w >= light; w-- {
		for i := tail - 1; i >= 0 && len(keep) < most; i-- {
			if weight(all[i][0].Kind) == w {
				keep = append(keep, all[i])
			}
		}
	}
	slices.SortStableFunc(keep, func(a, b scene) int { return before(a[0], b[0]) })
	return keep
}

func before(a, b engine.Fact) int {
	switch {
	case a.Step < b.Step:
		return -1
	case a.Step > b.Step:
		return 1
	}
	return 0
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
		return fmt.Sprintf("%v brings %s up to date: %v, %s", f.Server, s.peers(), f.Sync, zxid(f.Zxid))
	case engine.FactServing:
		return fmt.Sprintf("%s in epoch %d", verb(s.servers(), "serves", "serve"), f.Epoch)
	case engine.FactAccepted:
		return fmt.Sprintf("%s acceptedEpoch %d on disk", verb(s.servers(), "has", "have"), f.Epoch)
	case engine.FactCurrent:
		return fmt.Sprintf("%s currentEpoch %d on disk", verb(s.servers(), "has", "have"), f.Epoch)
	}
	return s.misfortune()
}

// misfortune tells the scenes in which something ends.
func (s scene) misfortune() string {
	f := s[0]
	switch f.Kind {
	case engine.FactGaveUp:
		return fmt.Sprintf("%s %v: %s", verb(s.servers(), "stops", "stop"), f.Role, f.Text)
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
