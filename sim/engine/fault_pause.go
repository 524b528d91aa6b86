package engine

import (
	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim/fault"
)

// stageOf gives the core's word for a stage that a statement names.
func stageOf(k fault.StageKind) node.StageKind {
	return [...]node.StageKind{
		fault.StageElection: node.StageElection, fault.StagePrep: node.StagePrep, fault.StagePropose: node.StagePropose,
		fault.StageLog: node.StageLog, fault.StageCommit: node.StageCommit, fault.StageFinal: node.StageFinal,
		fault.StageSender: node.StageSender, fault.StageReceiver: node.StageReceiver,
	}[k]
}

// pause holds processes, or one stage of them. A process that is down cannot be
// paused, and one that is started later is not.
func (f *faults) pause(e *effect) {
	for _, s := range e.servers {
		switch {
		case s.state == processDown:
		case e.st.Stage.Kind == fault.StageProcess:
			s.hold.whole.put(e.id, struct{}{})
		default:
			s.hold.stages.put(e.id, pausedStage{stageOf(e.st.Stage.Kind), f.peerNamed(e.st.Stage.Peer)})
		}
	}
}

func (f *faults) peerNamed(name string) netsim.HostID {
	if name == "" {
		return anyPeer
	}
	return f.named([]string{name})[0]
}

func (f *faults) undoPause(e *effect) {
	for _, s := range e.servers {
		whole, stage := s.hold.whole.drop(e.id), s.hold.stages.drop(e.id)
		if whole || stage {
			s.resume()
		}
	}
}

// resume ends every pause of servers.
func (f *faults) resume(e *effect) {
	for _, s := range e.servers {
		s.unpause()
	}
}

func (s *server) unpause() {
	s.hold.whole.clear()
	s.hold.stages.clear()
	s.resume()
}
