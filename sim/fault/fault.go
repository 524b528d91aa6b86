// Package fault holds fault statements as values: they parse, print, and say
// what they do; the simulator carries them out. The grammar is that of
// docs/model.md, one statement a line.
package fault

import "time"

// Action is what a statement does to the nodes it selects.
type Action uint8

// The actions.
const (
	ActionCrash Action = iota + 1 // the host loses power: nobody is told, unsynced data goes
	ActionKill                    // the process dies: its streams close, the page cache stays
	ActionStart                   // a process that is down starts again
)

// Statement is one fault: "at 20s for 15s crash one".
type Statement struct {
	At     time.Duration
	For    time.Duration // 0: for good; else undone (started again) after it
	Action Action
	Nodes  []string // names ("zk2"), or the single word leader or one
}
