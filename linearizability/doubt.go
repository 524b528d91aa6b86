package linearizability

import "github.com/zksim/zksim/node/proto"

// span is a part of W, strictly between two zxids, in which something may have
// been set off by a transaction of which it is not known whether, or where, it
// is in W.
type span struct{ low, high proto.Zxid }

// doubts tells when what is watched may have changed unknown to anybody. Of the
// triggers of what is in doubt it leaves the sure ones in the lists. What the
// replay has placed is one way in which it can have been, also where a reply
// mentions its zxid: another transaction may have had that.
func (r *replay) doubts(list map[watched][]trigger) map[watched][]span {
	out := map[watched][]span{}
	for on := range r.triggers.watched { // order-free: each for itself
		var spans []span
		for n := range r.unknown {
			if u := &r.unknown[n]; u.footprint.covers(on.path) {
				spans = append(spans, span{u.low, u.high})
			}
		}
		if len(spans) > 0 {
			list[on], out[on] = parted(list[on], spans)
		}
	}
	return out
}

// parted takes the triggers that are not sure out of a list and into doubt. What
// the end of a session deletes is among them: an unknown outcome may have deleted
// it before.
func parted(list []trigger, spans []span) ([]trigger, []span) {
	sure := make([]trigger, 0, len(list))
	for _, t := range list {
		if t.sure {
			sure = append(sure, t)
		} else {
			spans = append(spans, span{t.zxid - 1, t.zxid + 1})
		}
	}
	return sure, spans
}

// mayFire reports whether something unknown may have happened to what is watched
// above a zxid and up to another.
func (c *eventCheck) mayFire(on watched, above, upTo proto.Zxid) bool {
	for _, s := range c.doubts[on] {
		if max(s.low, above) < min(s.high-1, upTo) {
			return true
		}
	}
	return false
}

// inDoubt reports whether something unknown may have set off a watch, at an item.
func (c *eventCheck) inDoubt(i int, on watched, a *active) bool {
	switch {
	case a.carried:
		return c.mayFire(on, a.since, c.firstReply(i))
	case a.next != nil:
		return c.mayFire(on, a.since, a.next.zxid-1)
	}
	return c.mayFire(on, a.since, noBound)
}

// suits reports whether a watch can send an event of a type at all.
func suits(on watched, a *active, t proto.EventType) bool {
	switch {
	case on.children:
		return t == proto.EventNodeChildrenChanged || t == proto.EventNodeDeleted
	case a.missing:
		return t == proto.EventNodeCreated
	}
	return t == proto.EventNodeDataChanged || t == proto.EventNodeDeleted
}
