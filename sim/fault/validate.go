package fault

import "fmt"

// Validate reports why a statement cannot be carried out with so many servers
// and clients: a name that nobody bears, nodes among which nobody can be hit, a
// contradiction in itself, or a value that no text stands for. The error names
// the statement and the word. A number of hosts below 1 is none.
func (s Statement) Validate(servers, clients int) error {
	if s.At < 0 || s.For < 0 {
		return fmt.Errorf("fault %q has a negative time: let it begin at 0s or later and last longer than nothing", s)
	}
	if again, err := Parse(s.String()); err != nil {
		return fmt.Errorf("fault %q is none: %w", s, err)
	} else if !again.Equal(s) {
		return fmt.Errorf("fault %q holds values that its words do not tell", s)
	}
	e := ensemble{max(0, servers), max(0, clients)}
	for _, check := range []func(Statement) string{e.names, e.nobody, e.itself} {
		if reason := check(s); reason != "" {
			return fmt.Errorf("fault %q %s", s, reason)
		}
	}
	return nil
}

// ensemble is what statements are held against. Its checks return what is
// wrong, or "".
type ensemble struct{ servers, clients int }

// names looks for a name that nobody bears.
func (e ensemble) names(s Statement) string {
	all := [][]string{{s.On.Node, s.Stage.Peer}, s.Nodes, s.Peers}
	for _, names := range append(all, s.Groups...) {
		for _, name := range names {
			if reason := e.name(name); reason != "" {
				return reason
			}
		}
	}
	return ""
}

func (e ensemble) name(name string) string {
	server, client := ServerNumber(name), ClientNumber(name)
	switch {
	case server > e.servers:
		return fmt.Sprintf("names %s, but %s", name, hostsAre("server", "zk", e.servers))
	case client > e.clients:
		return fmt.Sprintf("names %s, but %s", name, hostsAre("client", "c", e.clients))
	}
	return ""
}

func hostsAre(what, prefix string, n int) string {
	switch {
	case n == 0:
		return "there are no " + what + "s"
	case n == 1:
		return fmt.Sprintf("the only %s is %s1", what, prefix)
	}
	return fmt.Sprintf("the %ss are %s1 to %s%d", what, prefix, prefix, n)
}

// nobody looks for nodes among which nobody can be.
func (e ensemble) nobody(s Statement) string {
	for _, nodes := range [][]string{s.Nodes, s.Peers} {
		if IsGroup(nodes) && GroupSize(nodes[0], e.servers) == 0 {
			return fmt.Sprintf("selects %s, but among %d voting servers that is nobody", nodes[0], e.servers)
		}
	}
	switch s.Action {
	case ActionNet:
		if !e.pairs(s) {
			return fmt.Sprintf("pairs %s with nobody else", s.Nodes[0])
		}
	case ActionPartition:
		return e.undivided(s)
	case ActionStart:
		if IsGroup(s.Nodes) && isRole(s.Nodes[0]) {
			return fmt.Sprintf("starts %s, but those are running", s.Nodes[0])
		}
	}
	return ""
}

// isRole reports whether a word selects servers by what they do, so that they
// run.
func isRole(group string) bool {
	return group == NodeLeader || group == NodeFollowers || group == NodeObservers || group == NodePrimaries
}

// pairs reports whether a net statement can find two different hosts.
func (e ensemble) pairs(s Statement) bool {
	switch {
	case IsGroup(s.Peers) && isDrawn(s.Peers[0]):
		return e.left(s.Nodes) > 0
	case IsGroup(s.Nodes) && IsGroup(s.Peers):
		return e.servers > 1 && !(s.Nodes[0] == NodeLeader && s.Peers[0] == NodeLeader)
	}
	for _, a := range e.candidates(s.Nodes) {
		for _, b := range e.candidates(s.Peers) {
			if a != b {
				return true
			}
		}
	}
	return false
}

// isDrawn reports whether chance selects the servers of a word.
func isDrawn(group string) bool {
	return group == NodeOne || group == NodeMinority || group == NodeMajority || group == NodeMinorityThird
}

// left counts the servers that nodes leave, at the most.
func (e ensemble) left(nodes []string) int {
	switch {
	case !IsGroup(nodes):
		servers := 0
		for _, name := range nodes {
			servers += min(1, ServerNumber(name))
		}
		return e.servers - servers
	case nodes[0] == NodeAll:
		return 0
	case nodes[0] == NodePrimaries:
		return e.servers - 1
	}
	return e.servers - GroupSize(nodes[0], e.servers)
}

// candidates are the names that nodes can come to be. For words two servers
// stand for all.
func (e ensemble) candidates(nodes []string) []string {
	switch {
	case !IsGroup(nodes):
		return nodes
	case e.servers > 1:
		return []string{"zk1", "zk2"}
	}
	return []string{"zk1"}
}

// undivided looks for a partition that cannot divide anybody.
func (e ensemble) undivided(s Statement) string {
	if least := s.Shape.serversMin(); e.servers < least && s.Shape != ShapeGroups {
		return fmt.Sprintf("divides %s, which takes %d servers or more, but there are %d", s.Shape, least, e.servers)
	}
	if s.Shape == ShapeGroups && len(s.CutPairs()) == 0 {
		return fmt.Sprintf("separates nobody: every group has %s", s.Groups[0][0])
	}
	return ""
}

// itself looks for a contradiction within the statement.
func (e ensemble) itself(s Statement) string {
	if s.Stage.Peer != "" && contains(s.Nodes, s.Stage.Peer) {
		return fmt.Sprintf("names %s as its own peer", s.Stage.Peer)
	}
	if a, b, twice := twiceTogether(s.Groups); twice {
		return fmt.Sprintf("names %s and %s together in two groups", a, b)
	}
	return ""
}

// twiceTogether finds two names that share more than one group.
func twiceTogether(groups [][]string) (a, b string, found bool) {
	seen := map[[2]string]bool{}
	for _, g := range groups {
		for i, x := range g {
			for _, y := range g[:i] {
				pair := ordered(x, y)
				if seen[pair] {
					return pair[0], pair[1], true
				}
				seen[pair] = true
			}
		}
	}
	return "", "", false
}

func ordered(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// CutPairs lists the pairs of names that the groups of a partition cut off from
// each other, each once: both are in groups, but in none together.
func (s Statement) CutPairs() [][2]string {
	together := map[[2]string]bool{}
	for _, g := range s.Groups {
		for _, a := range g {
			for _, b := range g {
				together[ordered(a, b)] = true
			}
		}
	}
	var cut [][2]string
	for i, g := range s.Groups {
		for _, h := range s.Groups[:i] {
			for _, a := range h {
				for _, b := range g {
					pair := ordered(a, b)
					if !together[pair] {
						together[pair] = true // listed: not again
						cut = append(cut, pair)
					}
				}
			}
		}
	}
	return cut
}
