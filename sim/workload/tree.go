package workload

import "strconv"

// groupSize is how many znodes lie under one parent.
const groupSize = 10

// tree holds the paths of the znodes that all clients of a run share: groups
// under the root, and ten nodes in each, so that lists of children stay short.
type tree struct {
	groups []string // "/g07"
	nodes  []string // "/g07/n3"; node i lies in group i/groupSize
}

func newTree(nodes int) *tree {
	t := &tree{nodes: make([]string, 0, nodes)}
	for i := range nodes {
		if i%groupSize == 0 {
			t.groups = append(t.groups, "/g"+strconv.Itoa(i/groupSize))
		}
		t.nodes = append(t.nodes, t.groups[i/groupSize]+"/n"+strconv.Itoa(i%groupSize))
	}
	return t
}

// share returns the groups that a client makes at its beginning: every
// clients-th, so that all of them together make each once.
func (t *tree) share(client, clients int) []string {
	var out []string
	for i := client - 1; i < len(t.groups); i += clients {
		out = append(out, t.groups[i])
	}
	return out
}
