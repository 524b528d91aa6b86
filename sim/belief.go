package sim

import (
	"time"
)

// Belief is what one client believes: that it leads, or holds a lock. It is the
// code of the client that says so, and when it does not any more.
type Belief struct {
	c     *Cluster
	what  string
	id    string
	held  bool
	since time.Duration
}

// Leader is the belief of a client that it leads; the same as Hold("leader", id).
func (c *Cluster) Leader(id string) *Belief { return c.Hold("leader", id) }

// Hold is the belief of a client that it holds something. Asked again it is the
// same one.
func (c *Cluster) Hold(what, id string) *Belief {
	for _, b := range c.beliefs {
		if b.what == what && b.id == id {
			return b
		}
	}
	b := &Belief{c: c, what: what, id: id}
	c.beliefs = append(c.beliefs, b)
	return b
}

// Claim begins the belief, at this instant of virtual time.
func (b *Belief) Claim() {
	if b.held || b.c.over {
		return
	}
	b.held, b.since = true, b.c.Now()
	b.tell(b.verb())
	b.c.judgeAlways()
}

// Withdraw ends it. Withdrawing what is not believed does nothing.
func (b *Belief) Withdraw() {
	if !b.held || b.c.over {
		return
	}
	b.held = false
	b.tell("withdraws: no longer " + b.state())
}

// Claimed reports whether the client believes it now.
func (b *Belief) Claimed() bool { return b.held }

// leader is the belief that has words of its own.
const leader = "leader"

func (b *Belief) verb() string {
	if b.what == leader {
		return "leads"
	}
	return "holds " + b.what
}

func (b *Belief) state() string {
	if b.what == leader {
		return "leader"
	}
	return "holder of " + b.what
}

func (b *Belief) tell(text string) {
	if r := b.c.running; r != nil {
		r.Tell(b.id, text)
	}
}

// holders are the beliefs in one thing that are held now, the oldest first.
func (c *Cluster) holders(what string) []*Belief {
	var list []*Belief
	for _, b := range c.beliefs {
		if b.what != what || !b.held {
			continue
		}
		at := len(list)
		for at > 0 && list[at-1].since > b.since {
			at--
		}
		list = append(list, nil)
		copy(list[at+1:], list[at:])
		list[at] = b
	}
	return list
}
