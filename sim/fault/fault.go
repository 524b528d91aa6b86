// Package fault holds fault statements as values: they parse, print, and say
// what they do; the simulator carries them out. The grammar is that of
// docs/model.md, one statement a line.
//
// The package imports the standard library only.
package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Action is what a statement does to the nodes it selects.
type Action uint8

// The actions.
const (
	ActionCrash Action = iota + 1 // the host loses power: nobody is told, unsynced data goes
	ActionKill                    // the process dies: its streams close, the page cache stays
	ActionStart                   // a process that is down starts again
)

// String gives the word of the grammar.
func (a Action) String() string {
	switch a {
	case ActionCrash:
		return "crash"
	case ActionKill:
		return "kill"
	case ActionStart:
		return "start"
	}
	return "action?"
}

// Power is what a crash leaves on the disk.
type Power uint8

// The powers.
const (
	PowerDrawn        Power = iota // no word: lose-unsynced or subset, drawn at the crash
	PowerLoseUnsynced              // everything that was not synced is gone
	PowerKeepAll                   // everything that was written is there
	PowerSubset                    // a drawn subset of what was not synced is there
)

// String gives the word of the grammar, "" for PowerDrawn.
func (p Power) String() string {
	return [...]string{"", "lose-unsynced", "keep-all", "subset"}[p]
}

// The words that select nodes when a statement takes effect.
const (
	NodeLeader = "leader" // the server that leads at that moment
	NodeOne    = "one"    // any voter, the leader too
)

// Statement is one fault: "at 20s for 15s crash one".
type Statement struct {
	At     time.Duration // since the run began, not negative
	For    time.Duration // 0: for good; else undone (started again) after it; never with start
	Action Action
	Nodes  []string // names ("zk2"), or the single word leader or one
	Power  Power    // of a crash
}

// String gives the canonical form, which Parse reads back to an equal value.
func (s Statement) String() string {
	b := "at " + duration(s.At)
	if s.For != 0 {
		b += " for " + duration(s.For)
	}
	b += " " + s.Action.String() + " " + strings.Join(s.Nodes, ",")
	if s.Power != PowerDrawn {
		b += " " + s.Power.String()
	}
	return b
}

// Random reports whether the nodes are selected only when the statement takes
// effect; it may then select nobody.
func (s Statement) Random() bool {
	return len(s.Nodes) == 1 && (s.Nodes[0] == NodeLeader || s.Nodes[0] == NodeOne)
}

// Validate reports a name that no server of an ensemble of so many bears.
func (s Statement) Validate(servers int) error {
	if s.Random() {
		return nil
	}
	for _, name := range s.Nodes {
		if n := ServerNumber(name); n < 1 || n > servers {
			return fmt.Errorf("fault %q names %s, but %s; say leader, one or a server's name", s, name, ensemble(servers))
		}
	}
	return nil
}

// ServerNumber gives the number in a server's name, 3 for "zk3", and 0 for
// anything that is no server's name.
func ServerNumber(name string) int {
	digits, ok := strings.CutPrefix(name, "zk")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n < 1 || strconv.Itoa(n) != digits {
		return 0
	}
	return n
}

func ensemble(servers int) string {
	if servers == 1 {
		return "the only server is zk1"
	}
	return fmt.Sprintf("the servers are zk1 to zk%d", servers)
}

// duration prints like Go, without zero minutes and seconds at the end: "1m".
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
