package fault

import (
	"slices"
	"strconv"
	"strings"
)

// The words that select servers when a statement takes effect. The choice stays
// the same until the statement is undone. As Peers of a net statement the drawn
// ones draw from the servers that Nodes leave.
const (
	NodeLeader        = "leader"         // the server that leads at that moment
	NodeFollowers     = "followers"      // the servers that follow it
	NodeObservers     = "observers"      // the servers without a vote
	NodeOne           = "one"            // any voter, the leader too
	NodeMinority      = "minority"       // drawn voters, as many as are no majority
	NodeMajority      = "majority"       // drawn voters, as few as are a majority
	NodeMinorityThird = "minority-third" // drawn voters, less than a third
	NodePrimaries     = "primaries"      // each server that takes itself for the leader
	NodeAll           = "all"            // every server
)

var groupWords = []string{NodeLeader, NodeFollowers, NodeObservers, NodeOne, NodeMinority, NodeMajority,
	NodeMinorityThird, NodePrimaries, NodeAll}

// GroupWords lists the words that select servers.
func GroupWords() []string { return slices.Clone(groupWords) }

// IsGroup reports whether nodes are the word of a group, not names.
func IsGroup(nodes []string) bool { return len(nodes) == 1 && slices.Contains(groupWords, nodes[0]) }

// GroupSize is how many of so many voters a word selects at most: of those that
// are drawn exactly so many. It is -1 for what is no group.
func GroupSize(group string, servers int) int {
	switch group {
	case NodeLeader, NodeOne:
		return min(1, servers)
	case NodeFollowers:
		return max(0, servers-1)
	case NodeObservers:
		return 0
	case NodeMinority:
		return max(0, (servers-1)/2)
	case NodeMajority:
		return servers/2 + 1
	case NodeMinorityThird:
		return max(0, (servers-1)/3)
	case NodePrimaries, NodeAll:
		return servers
	}
	return -1
}

// ServerNumber gives the number in a server's name, 3 for "zk3", and 0 for
// anything that is no server's name.
func ServerNumber(name string) int { return numberAfter("zk", name) }

// ClientNumber gives the number in a client's name, 3 for "c3", and 0 for
// anything that is no client's name.
func ClientNumber(name string) int { return numberAfter("c", name) }

func numberAfter(prefix, name string) int {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok || digits == "" || digits[0] < '1' || digits[0] > '9' {
		return 0
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}

func serverName(n int) string { return "zk" + strconv.Itoa(n) }
