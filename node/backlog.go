package node

// Backlog tells how many items a stage could take off its queue now, and how
// many times something was taken since the process began. A stage with work
// asks for a turn, so one that takes nothing although it gets its turns is dead.
//
// What waits for something else counts as nothing: clients' requests for the
// server to serve, the log for the disk. The stages of connections, which wait
// for their streams, and the snapshot stage, which waits for its disk, tell
// nothing here.
func (n *Node) Backlog(k StageKind) (waiting int, taken uint64) {
	c := &n.commit
	switch k {
	case StageElection:
		if n.role == RoleLooking && !n.stopping {
			return n.election.inbox.len(), n.election.inbox.taken
		}
	case StagePrep:
		return n.prep.len(), n.prep.taken
	case StagePropose:
		return n.propose.len(), n.propose.taken
	case StageLog:
		if !n.log.busy {
			return n.log.queue.len(), n.log.queue.taken
		}
	case StageCommit:
		if n.serving {
			return c.queued.len() + c.decided.len(), c.queued.taken + c.decided.taken
		}
	case StageFinal:
		if n.serving {
			return n.final.len(), n.final.taken
		}
	}
	return 0, 0
}
