package node

// ask asks for a turn of a stage that has work, unless it has asked already.
func (n *Node) ask(k StageKind) {
	if !n.asked[k] {
		n.asked[k] = true
		n.out.Turns = append(n.out.Turns, Stage{Kind: k})
	}
}

// turn lets one stage work.
func (n *Node) turn(s Stage, room int) {
	if s.Kind == StageSender {
		n.senderTurn(s.Conn, room)
		return
	}
	n.asked[s.Kind] = false
	switch s.Kind {
	case StageElection:
		n.electionTurn()
	case StagePrep:
		n.prepTurn()
	case StagePropose:
		n.proposeTurn()
	case StageLog:
		n.logTurn()
	case StageCommit:
		n.commitTurn()
	case StageFinal:
		n.finalTurn()
	case StageSnapshot:
		n.snapshotTurn()
	}
}
