package sim

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// Property is something that must hold, with the name that reports, bundles and
// --expect use: a word that begins with a capital letter and is none of the
// simulator's own properties.
type Property struct {
	Name string

	// Holds returns nil if the property holds, or what is wrong. It must only look,
	// and be a function of what the code of the clients has done.
	Holds func(c *Cluster) error
}

// The names of the properties that this package declares.
const (
	MutualExclusion = "MutualExclusion" // of what is held
	AtMostOneLeader = "AtMostOneLeader"
	SomeHolder      = "SomeHolder"
	SomeLeader      = "SomeLeader"
)

// That makes a property of a function.
func That(name string, holds func() error) Property {
	return Property{Name: name, Holds: func(*Cluster) error { return holds() }}
}

// AtMostOne demands that no two clients believe the same at one instant: that
// they lead, for "leader", or that they hold something. Its name is
// AtMostOneLeader or MutualExclusion.
func AtMostOne(what string) Property {
	return Property{Name: nameFor(what, AtMostOneLeader, MutualExclusion), Holds: func(c *Cluster) error {
		held := c.holders(what)
		if len(held) < 2 {
			return nil
		}
		return &tooMany{what, held}
	}}
}

// SomeOne demands that some client believes it: what must come about at last. Its
// name is SomeLeader or SomeHolder.
func SomeOne(what string) Property {
	return Property{Name: nameFor(what, SomeLeader, SomeHolder), Holds: func(c *Cluster) error {
		if len(c.holders(what)) > 0 {
			return nil
		}
		if what == leader {
			return fmt.Errorf("nobody leads")
		}
		return fmt.Errorf("nobody holds %s", what)
	}}
}

func nameFor(what, ofLeader, ofOthers string) string {
	if what == leader {
		return ofLeader
	}
	return ofOthers
}

// tooMany says who believes the same.
type tooMany struct {
	what string
	held []*Belief
}

// Error tells it in one sentence: "2 holders of /locks/a: c1 since 00:12.004, …".
func (e *tooMany) Error() string {
	noun := "holders of " + e.what
	if e.what == leader {
		noun = "leaders"
	}
	var who []string
	for _, b := range e.held {
		who = append(who, b.id+" since "+clock(b.since))
	}
	return fmt.Sprintf("%d %s: %s", len(e.held), noun, strings.Join(who, ", "))
}

// client is who came last.
func (e *tooMany) client() string { return e.held[len(e.held)-1].id }

var propertyName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)

// sound refuses properties whose name would be mistaken.
func (c *Cluster) sound(properties []Property) []Property {
	for _, p := range properties {
		switch {
		case p.Holds == nil:
			c.wrong("the property %q has no function Holds", p.Name)
		case !propertyName.MatchString(p.Name):
			c.wrong("the property %q needs a name of letters and digits that begins with a capital letter, such as FencedWrites", p.Name)
		case p.Name == string(engine.Assertion) || slices.Contains(proto.Properties(), proto.Property(p.Name)):
			c.wrong("%s is a property of the simulator: give yours another name", p.Name)
		}
	}
	return properties
}

// judgeAlways judges what must hold in every moment.
func (c *Cluster) judgeAlways() *proto.Violation {
	if c.running == nil || c.over {
		return nil
	}
	for i := range c.always {
		if err := c.always[i].Holds(c); err != nil {
			v := c.broken(&c.always[i], err)
			c.violate(v)
			return v
		}
	}
	return nil
}

// judgeEventually returns what has not come about.
func (c *Cluster) judgeEventually() *proto.Violation {
	for i := range c.eventually {
		if err := c.eventually[i].Holds(c); err != nil {
			return c.broken(&c.eventually[i], fmt.Errorf("%w, %v after the ensemble works again", err, c.within))
		}
	}
	return nil
}

func (c *Cluster) broken(p *Property, err error) *proto.Violation {
	v := &proto.Violation{Property: proto.Property(p.Name), Detail: err.Error()}
	if many, ok := err.(*tooMany); ok {
		v.Place = "client " + many.client()
	}
	return v
}
