package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// State is the JSON form of what servers are at a moment of a run. Instants are
// spans since the run began, in ns.
type State struct {
	Schema  int            `json:"schema"`
	Seed    string         `json:"seed"`
	AtNS    int64          `json:"at_ns"` // the moment
	Step    uint64         `json:"step"`  // the last one carried out
	Ended   bool           `json:"ended"` // the run was over before the moment that was asked for
	Servers []ServerInside `json:"servers"`
}

// ServerInside is one server. Of one that does not run, what is on its disk.
type ServerInside struct {
	Server        string          `json:"server"`
	Process       string          `json:"process"` // up, booting or down
	SinceNS       int64           `json:"since_ns"`
	Life          int64           `json:"life"` // how many processes have ended before
	Role          string          `json:"role"`
	Phase         string          `json:"phase"`
	Leader        string          `json:"leader"`
	Serving       bool            `json:"serving"`
	Stopping      bool            `json:"stopping"`
	AcceptedEpoch int64           `json:"accepted_epoch"`
	CurrentEpoch  int64           `json:"current_epoch"`
	Round         int64           `json:"round"`
	Vote          string          `json:"vote"`
	Logged        string          `json:"logged"`
	Fsynced       string          `json:"fsynced"` // what a loss of power would leave
	Applied       string          `json:"applied"`
	Committed     string          `json:"committed"` // of a leader
	Digest        string          `json:"digest"`
	Faults        []string        `json:"faults"` // in effect, and about this server
	Log           []LogInside     `json:"log"`
	Stages        []StageInside   `json:"stages"`
	Turns         []TurnInside    `json:"turns"`
	Sessions      []SessionInside `json:"sessions"`
	Streams       []StreamInside  `json:"streams"`
	Timers        []TimerInside   `json:"timers"`
	Disk          []DiskInside    `json:"disk"`
	Waits         []WaitInside    `json:"waits"`
}

// LogInside is a transaction near the end of a history.
type LogInside struct {
	Zxid  string   `json:"zxid"`
	Txn   string   `json:"txn"`
	State string   `json:"state"`
	Disk  bool     `json:"fsynced"`
	Acks  []string `json:"acks"`
}

// StageInside is the queue of a stage.
type StageInside struct {
	Stage string   `json:"stage"`
	Queue int      `json:"queue"`
	First []string `json:"first"`
}

// TurnInside is a turn that a stage has asked for.
type TurnInside struct {
	Stage   string `json:"stage"`
	SinceNS int64  `json:"since_ns"`
	Held    bool   `json:"held"` // by a fault
}

// SessionInside is a session.
type SessionInside struct {
	Session   string `json:"session"`
	TimeoutNS int64  `json:"timeout_ns"`
	Owner     string `json:"owner"` // the host that the server hears of it from
	HeardNS   int64  `json:"heard_ns"`
	DueNS     int64  `json:"due_ns"`
	Closing   bool   `json:"closing"`
}

// StreamInside is a connection.
type StreamInside struct {
	Peer      string `json:"peer"`
	Port      string `json:"port"`
	Dialled   bool   `json:"dialled"`
	State     string `json:"state"`
	HalfOpen  bool   `json:"half_open"`
	Unsent    int64  `json:"unsent"`    // bytes that wait in the server
	InFlight  int    `json:"in_flight"` // bytes on the way
	Used      int    `json:"used"`      // bytes that occupy the stream's room
	Room      int    `json:"room"`
	Unread    int    `json:"unread"`
	Undecoded int    `json:"undecoded"`
	Shut      bool   `json:"shut"` // the server does not read
	Blocked   bool   `json:"blocked"`
}

// TimerInside is a timer.
type TimerInside struct {
	Timer string `json:"timer"`
	AtNS  int64  `json:"at_ns"`

	Overdue bool `json:"overdue"` // a fault keeps it
}

// DiskInside is an operation at work.
type DiskInside struct {
	Lane    string `json:"lane"`
	Op      string `json:"op"`
	File    string `json:"file"`
	Bytes   int    `json:"bytes"`
	SinceNS int64  `json:"since_ns"`
	Hangs   bool   `json:"hangs"`
	Behind  int    `json:"behind"`
}

// WaitInside says who waits for what; SinceNS is -1 where nobody knows.
type WaitInside struct {
	Who     string `json:"who"`
	For     string `json:"for"`
	SinceNS int64  `json:"since_ns"`
}

// NewState makes the JSON form of some servers, all if ids is empty.
func NewState(r *engine.Report, ids ...proto.ServerID) *State {
	s := &State{Schema: Schema, Seed: Seed(r.Config.Seed), AtNS: int64(r.Virtual), Step: r.Step, Servers: []ServerInside{}}
	for i := range r.Inside {
		in := &r.Inside[i]
		if len(ids) == 0 || contains(ids, in.ID) {
			s.Servers = append(s.Servers, serverInside(in, r.Virtual))
		}
	}
	return s
}

func contains(ids []proto.ServerID, id proto.ServerID) bool {
	for _, x := range ids {
		if x == id {
			return true
		}
	}
	return false
}

func serverInside(in *engine.Inside, now time.Duration) ServerInside {
	s := ServerInside{Server: in.ID.String(), Process: in.Process, SinceNS: int64(in.Since), Life: in.Life,
		AcceptedEpoch: int64(in.AcceptedEpoch), CurrentEpoch: int64(in.CurrentEpoch), Fsynced: zxid(in.Fsynced),
		Faults: append([]string{}, in.Faults...), Log: []LogInside{}, Stages: []StageInside{}, Turns: []TurnInside{},
		Sessions: []SessionInside{}, Streams: []StreamInside{}, Timers: []TimerInside{}, Disk: []DiskInside{}, Waits: []WaitInside{}}
	if in.Core == nil {
		return s
	}
	s.core(in)
	s.driver(in, now)
	return s
}

// core takes over what the server itself tells.
func (s *ServerInside) core(in *engine.Inside) {
	d := in.Core
	s.Role, s.Phase, s.Serving, s.Stopping = d.Role.String(), d.Phase.String(), d.Serving, d.Stopping
	s.AcceptedEpoch, s.CurrentEpoch, s.Round = int64(d.AcceptedEpoch), int64(d.CurrentEpoch), int64(d.Round)
	s.Logged, s.Applied, s.Digest = zxid(d.Logged), zxid(d.Applied), Hash(uint64(in.Digest))
	if d.Leader != 0 {
		s.Leader = d.Leader.String()
	}
	if d.Vote.Leader != 0 {
		s.Vote = fmt.Sprintf("%v of epoch %d with %v", d.Vote.Leader, d.Vote.PeerEpoch, d.Vote.Zxid)
	}
	if d.Role == node.RoleLeading {
		s.Committed = zxid(d.Committed)
	}
	for _, e := range d.Log {
		acks := []string{}
		for _, id := range e.Acks {
			acks = append(acks, id.String())
		}
		s.Log = append(s.Log, LogInside{zxid(e.Zxid), e.Text, e.State, e.OnDisk, acks})
	}
	for _, q := range d.Queues {
		s.Stages = append(s.Stages, StageInside{q.Stage.String(), q.Len, append([]string{}, q.Items...)})
	}
	for _, x := range d.Sessions {
		s.Sessions = append(s.Sessions, SessionInside{x.ID.String(), int64(x.Timeout), owner(in, x.Conn), int64(x.Heard), int64(x.Due), x.Closing})
	}
}

// owner names the host behind a connection.
func owner(in *engine.Inside, id node.ConnID) string {
	for i := range in.Streams {
		if in.Streams[i].ID == id {
			return in.Streams[i].Peer
		}
	}
	return ""
}

var portNames = [...]string{"client", "quorum", "election"}

var laneNames = [...]string{"log", "snapshot", "main"}

// driver takes over what only the driver knows.
func (s *ServerInside) driver(in *engine.Inside, now time.Duration) {
	for i := range in.Streams {
		x := &in.Streams[i]
		s.Streams = append(s.Streams, StreamInside{x.Peer, portNames[x.Port], x.Dialled, x.State, x.HalfOpen, x.Unsent, x.InFlight,
			x.Used, x.EndState.Room, x.Unread, x.Undecoded, x.Shut, x.Blocked})
	}
	for _, t := range in.Turns {
		s.Turns = append(s.Turns, TurnInside{strings.TrimSpace(t.Stage.String() + " " + t.Peer), int64(t.Since), t.Held})
	}
	for _, t := range in.Timers {
		s.Timers = append(s.Timers, TimerInside{timerName(t.TimerID), int64(t.At), t.At < now})
	}
	for _, d := range in.Disk {
		s.Disk = append(s.Disk, DiskInside{laneNames[d.Lane], d.Name, d.File, d.Bytes, int64(d.Since), d.Hangs, d.Behind})
	}
	for _, w := range in.Waits {
		since := int64(-1)
		if w.Known {
			since = int64(w.Since)
		}
		s.Waits = append(s.Waits, WaitInside{w.Who, w.For, since})
	}
}

func timerName(t node.TimerID) string {
	switch {
	case t.Peer == 0:
		return t.Kind.String()
	case t.Kind == node.TimerRedial:
		return t.Kind.String() + " " + proto.ServerID(t.Peer).String()
	}
	return fmt.Sprintf("%v of connection %d", t.Kind, t.Peer)
}
