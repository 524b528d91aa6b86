package node

import (
	"time"

	"github.com/zksim/zksim/node/proto"
)

// doomedScan is the leader's search for containers that are empty and for znodes
// whose time to live is over. It runs as long as there are such znodes at all.
type doomedScan struct {
	running bool          // a timer is set
	next    time.Duration // when to search again
	found   []string      // paths of the last search that are still to be deleted
}

// What ZooKeeper does by default.
const (
	containerInterval = time.Minute
	containersAMinute = 10000
)

func (n *Node) containerInterval() time.Duration {
	if d := n.cfg.Store.ContainerInterval; d > 0 {
		return d
	}
	return containerInterval
}

// containerPace is the time between two deletions.
func (n *Node) containerPace() time.Duration {
	k := n.cfg.Store.ContainersAMinute
	if k <= 0 {
		k = containersAMinute
	}
	return time.Minute / time.Duration(k)
}

// watchDoomed begins to search when the first such znode has appeared.
func (n *Node) watchDoomed() {
	s := &n.leader.scan
	if s.running || !n.tree.HasDoomed() {
		return
	}
	s.running = true
	s.next = n.now + n.containerInterval()
	n.arm(TimerContainers, 0, n.containerInterval())
}

// deleteDoomed searches, or goes on with what was found, one znode at a time.
func (n *Node) deleteDoomed() {
	if n.leader == nil || !n.leader.established || n.stopping {
		return
	}
	s := &n.leader.scan
	if len(s.found) == 0 && n.now >= s.next {
		s.next = n.now + n.containerInterval()
		s.found = n.tree.Doomed(n.wall, n.cfg.Store.ContainerNeverUsed.Milliseconds())
	}
	wait := max(s.next-n.now, n.containerPace())
	if len(s.found) > 0 {
		n.submitDeletion(s.found[0])
		if s.found = s.found[1:]; len(s.found) > 0 {
			wait = n.containerPace()
		}
	}
	s.running = len(s.found) > 0 || n.tree.HasDoomed()
	if s.running {
		n.arm(TimerContainers, 0, wait)
	}
}

// submitDeletion asks the prep stage, which looks again: a child may be on its way.
func (n *Node) submitDeletion(path string) {
	r := n.takeRequest()
	r.op = proto.Op{Type: proto.OpDeleteContainer, Path: path, TTL: n.cfg.Store.ContainerNeverUsed.Milliseconds()}
	n.prep.push(r)
	n.ask(StagePrep)
}
