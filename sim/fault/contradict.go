package fault

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// ValidateAll validates each statement, and reports statements that contradict
// each other: a start of a server that cannot be down then, a resume of one that
// cannot be paused, and the same fault on the same nodes at overlapping times.
// The error names the statement by its place, from 1, and the word.
func ValidateAll(list []Statement, servers, clients int) error {
	for i, s := range list {
		if err := s.Validate(servers, clients); err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	for i, s := range list {
		if reason := idle(s, list, servers); reason != "" {
			return fmt.Errorf("statement %d: fault %q %s", i+1, s, reason)
		}
	}
	return overlaps(list, servers)
}

// idle looks for a start or a resume that finds nothing to do.
func idle(s Statement, list []Statement, servers int) string {
	switch s.Action {
	case ActionStart:
		if name := untouched(s, list, servers, Statement.downs); name != "" {
			return fmt.Sprintf("starts %s, which no statement takes down before", name)
		}
	case ActionResume:
		if name := untouched(s, list, servers, Statement.pauses); name != "" {
			return fmt.Sprintf("resumes %s, which no statement pauses before", name)
		}
	}
	return ""
}

// downs reports whether a server may be down by the statement. An error of its
// disk ends a process too.
func (s Statement) downs() bool {
	return s.Undo() == UndoStart || s.Action == ActionDisk && s.Disk.Kind == DiskError
}

func (s Statement) pauses() bool { return s.Action == ActionPause }

// untouched finds a node of a statement that nothing in the list can have
// brought to the state that it ends; "" when there is none.
func untouched(s Statement, list []Statement, servers int, brings func(Statement) bool) string {
	for _, name := range s.Nodes {
		touched := slices.ContainsFunc(list, func(cause Statement) bool {
			return brings(cause) && cause.mayHit(name) && cause.mayLastAt(s)
		})
		if !touched {
			return name
		}
	}
	return ""
}

// mayHit reports whether a name, or a word, can stand for one of the nodes.
func (s Statement) mayHit(name string) bool {
	return IsGroup(s.Nodes) || contains(groupWords, name) || contains(s.Nodes, name)
}

// mayLastAt reports whether the statement can have begun and not ended when
// another begins.
func (s Statement) mayLastAt(other Statement) bool {
	if s.When != WhenAt || other.When != WhenAt {
		return true
	}
	return s.At <= other.At && (s.For == 0 || s.Action == ActionDisk || s.end() > other.At)
}

// end is when the effect of a statement with for is undone.
func (s Statement) end() time.Duration {
	if s.At > math.MaxInt64-s.For {
		return math.MaxInt64
	}
	return s.At + s.For
}

// lasting is one fault on one node, or between two, for a while.
type lasting struct {
	what  string // equal for the same fault on the same nodes
	at    time.Duration
	end   time.Duration
	place int // of the statement
}

// overlaps reports two statements that do the same to the same nodes at
// overlapping times: it would not be clear which of them undoes it. Words that
// are drawn are left out: nobody knows yet whom they select.
func overlaps(list []Statement, servers int) error {
	var spans []lasting
	for i, s := range list {
		if s.When == WhenAt && s.For > 0 {
			for _, what := range s.targets(servers) {
				spans = append(spans, lasting{what, s.At, s.end(), i})
			}
		}
	}
	slices.SortStableFunc(spans, func(a, b lasting) int {
		return cmp.Or(strings.Compare(a.what, b.what), cmp.Compare(a.at, b.at), cmp.Compare(a.place, b.place))
	})
	for i := 1; i < len(spans); i++ {
		a, b := spans[i-1], spans[i]
		if a.what == b.what && b.at < a.end {
			return fmt.Errorf("statement %d: fault %q begins before statement %d, %q, ends, which does the same (%s): let one end before the other begins",
				b.place+1, list[b.place], a.place+1, list[a.place], b.what)
		}
	}
	return nil
}

// targets names what a statement does to whom, one by one.
func (s Statement) targets(servers int) []string {
	switch s.Action {
	case ActionNet:
		return s.netTargets(servers)
	case ActionPartition:
		return pairTargets("partition ", s.CutPairs())
	}
	nodes, known := known(s.Nodes, servers)
	if !known {
		return nil
	}
	out := make([]string, len(nodes))
	for i, node := range nodes {
		out[i] = s.kind() + " " + node
	}
	return out
}

// kind names what is done, without its numbers.
func (s Statement) kind() string {
	b := s.Action.String()
	switch s.Action {
	case ActionPause:
		b += with("", s.Stage.String())
	case ActionClock:
		b += " " + s.Clock.Kind.String()
	case ActionDisk:
		b += " " + s.Disk.Class.String() + " " + s.Disk.Kind.String() + option("ops", s.Disk.Ops.String()) + option("path", s.Disk.Path)
	case ActionClient:
		b += " " + s.Client.String()
	}
	return b
}

// known gives the names of nodes that are not drawn.
func known(nodes []string, servers int) ([]string, bool) {
	if !IsGroup(nodes) {
		return nodes, true
	}
	if nodes[0] != NodeAll {
		return nil, false
	}
	all := make([]string, servers)
	for i := range all {
		all[i] = serverName(i + 1)
	}
	return all, true
}

func (s Statement) netTargets(servers int) []string {
	from, knownFrom := known(s.Nodes, servers)
	to, knownTo := known(s.Peers, servers)
	if !knownFrom || !knownTo {
		return nil
	}
	seen := map[[2]string]bool{}
	var pairs [][2]string
	add := func(a, b string) {
		if pair := [2]string{a, b}; a != b && !seen[pair] {
			seen[pair] = true
			pairs = append(pairs, pair)
		}
	}
	for _, a := range from {
		for _, b := range to {
			add(a, b)
			if s.Net.Both {
				add(b, a)
			}
		}
	}
	return pairTargets("net "+s.Net.Kind.String()+" ", pairs)
}

func pairTargets(prefix string, pairs [][2]string) []string {
	out := make([]string, len(pairs))
	for i, p := range pairs {
		out[i] = prefix + p[0] + " " + p[1]
	}
	return out
}
