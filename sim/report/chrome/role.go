package chrome

import (
	"fmt"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// role is what a server is at present.
type role struct {
	since time.Duration
	name  string // "" before the first process
	who   string // LOOKING, FOLLOWING zk3
}

// The threads that every server has, on top in this order. Those of connections
// come when there are any.
func (m *machine) stages() {
	for _, name := range []string{"role", "election", "prep", "propose", "log", "commit", "final", "snapshot",
		laneNames[0], laneNames[1], laneNames[2], "timers", "connections"} {
		m.track(name)
	}
}

// live takes in what a server becomes, and what else it tells of itself.
func (r *Recorder) live(m *machine, e *engine.TraceEvent) {
	if e.Kind == engine.TraceProcess {
		r.becomes(m, e.At, strings.TrimSuffix(e.Name+": "+e.Text, ": "))
		return
	}
	switch n := e.Note; n.Kind {
	case node.NoteRole:
		m.role.who = n.Role.String()
		if n.Role == node.RoleFollowing {
			m.role.who += " " + n.Peer.String()
		}
		r.becomes(m, e.At, m.role.who)
	case node.NotePhase:
		r.becomes(m, e.At, m.role.who+" "+n.Phase.String())
	default:
		if text := noteText(n); text != "" && !perTxn(n.Kind) {
			r.instant(m.track("role"), e.At, text, object("step", e.Step))
		}
	}
}

// becomes ends what a server was until now.
func (r *Recorder) becomes(m *machine, at time.Duration, name string) {
	if m.role.name != "" {
		r.lasting(m.track("role"), m.role.since, at, m.role.name, "")
	}
	m.role.since, m.role.name = at, name
}

// perTxn: what is told of every transaction or sign of life is shown with the
// turn that did it.
func perTxn(k node.NoteKind) bool {
	switch k {
	case node.NoteApplied, node.NoteProposed, node.NoteCommitted, node.NoteDurable, node.NoteAckSent, node.NoteSessionHeard:
		return true
	}
	return false
}

// noteText tells a note in words; "" for what is shown otherwise.
func noteText(n *node.Note) string {
	switch n.Kind {
	case node.NoteElected:
		return fmt.Sprintf("elects %v in round %d", n.Peer, n.Round)
	case node.NoteAcceptedEpoch:
		return fmt.Sprintf("acceptedEpoch %d", n.Epoch)
	case node.NoteCurrentEpoch:
		return fmt.Sprintf("currentEpoch %d", n.Epoch)
	case node.NoteSync:
		return fmt.Sprintf("%v to %v, %v", n.Sync, n.Peer, n.Zxid)
	case node.NoteEstablished:
		return fmt.Sprintf("leads epoch %d", n.Epoch)
	case node.NoteServing:
		return fmt.Sprintf("serves in epoch %d", n.Epoch)
	case node.NoteVote:
		return fmt.Sprintf("votes with epoch %d and %v in round %d", n.Epoch, n.Zxid, n.Round)
	case node.NoteGaveUp, node.NoteConnClosed, node.NoteTailCut:
		return n.Text
	case node.NoteSessionOpened, node.NoteSessionExpired, node.NoteSessionClosed:
		return sessionText(n)
	}
	return zxidText(n.Kind, n.Zxid)
}

func sessionText(n *node.Note) string {
	deed := "opened"
	switch n.Kind {
	case node.NoteSessionExpired:
		deed = "expired"
	case node.NoteSessionClosed:
		deed = "closed"
	}
	return fmt.Sprintf("session %v %s", n.Session, deed)
}

func zxidText(k node.NoteKind, z proto.Zxid) string {
	switch k {
	case node.NoteApplied:
		return "applied " + z.String()
	case node.NoteLoaded:
		return "loaded " + z.String()
	case node.NoteProposed:
		return "proposed " + z.String()
	case node.NoteCommitted:
		return "committed " + z.String()
	case node.NoteDurable:
		return "on disk " + z.String()
	case node.NoteAckSent:
		return "acknowledges " + z.String()
	case node.NoteSnapshotDone:
		return "snapshot " + z.String()
	case node.NoteTooBusyToSnap:
		return "too busy to snap, skipping, at " + z.String()
	case node.NoteTruncated:
		return "log cut behind " + z.String()
	}
	return ""
}

// deeds are what a turn did, in a few words.
func deeds(out *node.Output) string {
	if out == nil {
		return "broke down"
	}
	const most = 6
	var did []string
	for i := range out.Notes {
		if text := noteText(&out.Notes[i]); text != "" {
			did = append(did, text)
		}
	}
	if more := len(did) - most; more > 0 {
		did = append(did[:most], fmt.Sprintf("%d more", more))
	}
	if n := len(out.Writes); n > 0 {
		did = append(did, fmt.Sprintf("asks the disk for %d", n))
	}
	if out.Exit != nil {
		did = append(did, "ends: "+out.Exit.Reason)
	}
	return strings.Join(did, "; ")
}
