package node

// QueueLengths tells how many items lie before each stage of the pipeline, by
// kind. Stages of connections have no queue but their stream; see Unsent.
func (n *Node) QueueLengths() (q [NumStages]int) {
	q[StageElection] = n.election.inbox.len()
	q[StagePrep] = n.prep.len()
	q[StagePropose] = n.propose.len()
	q[StageLog] = n.log.queue.len() + len(n.log.batch)
	q[StageCommit] = n.commit.queued.len() + n.commit.decided.len()
	q[StageFinal] = n.final.len()
	return q
}

// Unsent is how many bytes wait in this server for room in their streams.
func (n *Node) Unsent() int64 {
	sum := int64(0)
	for c := n.conns.first; c != nil; c = c.next {
		sum += c.queued - c.left
	}
	return sum
}
