package sim_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zksim/zksim/sim"
	"github.com/zksim/zksim/sim/client"
)

// The recipes that the tests of this package use: how people build a leader out
// of znodes, naively and correctly. They are written against client.API, so the
// same code runs on a real connection.

const election = "/election"

// byNumber sorts sequential names by their numbers, not by what comes before.
func byNumber(a, b string) int { return cmp.Compare(a[max(0, len(a)-10):], b[max(0, len(b)-10):]) }

// enter makes the parent and a node of one's own, and returns its name. It tries
// until it succeeds. As in go-zookeeper, a node whose creation is unknown stays, in
// the way of everybody, if the connection is lost once more while it is looked for.
func enter(c client.API) string {
	for {
		_, err := c.Create(election, nil, 0, zk.WorldACL(zk.PermAll))
		if err == nil || err == zk.ErrNodeExists {
			path, err := c.CreateProtectedEphemeralSequential(election+"/n-", nil, zk.WorldACL(zk.PermAll))
			if err == nil {
				return path[len(election)+1:]
			}
		}
		client.Sleep(c, 100*time.Millisecond)
	}
}

// naive believes for ever once its node was the first, until it is told that its
// session has expired: a client that is cut off hears of that too late.
func naive(c client.API, lead *sim.Belief) {
	client.OnSession(c, func(e zk.Event) {
		if e.State == zk.StateExpired {
			lead.Withdraw()
		}
	})
	for {
		own := enter(c)
		for session := c.SessionID(); c.SessionID() == session; client.Sleep(c, 500*time.Millisecond) {
			names, _, err := c.Children(election)
			if err == nil && c.SessionID() == session && len(names) > 0 && slices.MinFunc(names, byNumber) == own {
				lead.Claim()
			}
		}
	}
}

// campaign is the corrected recipe: it withdraws as soon as the connection is
// lost, leads only with a node of the present session, and evaluates anew after
// every event.
func campaign(c client.API, lead *sim.Belief) {
	client.OnSession(c, func(e zk.Event) {
		if e.State != zk.StateHasSession && e.State != zk.StateConnected {
			lead.Withdraw()
		}
	})
	for {
		own := enterSurely(c)
		for there := true; there; {
			there = evaluate(c, own, lead)
		}
		lead.Withdraw()
	}
}

// enterSurely is enter with a GUID of its own: it looks for the node until it is
// told whether there is one, and only then makes another. The sync is for a server
// that has not applied the creation yet.
func enterSurely(c client.API) string {
	guid := fmt.Sprintf("%016x", client.Draw(c, 1<<62))
	for ; ; client.Sleep(c, 100*time.Millisecond) {
		_, err := c.Create(election, nil, 0, zk.WorldACL(zk.PermAll))
		if err != nil && err != zk.ErrNodeExists {
			continue
		}
		path, err := c.Create(election+"/"+guid+"-n-", nil, zk.FlagEphemeral|zk.FlagSequence, zk.WorldACL(zk.PermAll))
		if err == nil {
			return path[len(election)+1:]
		}
		for known := false; !known; client.Sleep(c, 100*time.Millisecond) {
			_, err := c.Sync(election)
			names, _, err2 := c.Children(election)
			known = err == nil && err2 == nil
			if at := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, guid) }); at >= 0 {
				return names[at]
			}
		}
	}
}

// evaluate leads if the own node is the first, and waits until that may have
// changed. It returns false when the node is gone or another session's.
func evaluate(c client.API, own string, lead *sim.Belief) bool {
	names, _, err := c.Children(election)
	there, stat, gone, err2 := c.ExistsW(election + "/" + own)
	switch {
	case err != nil || err2 != nil:
		client.Sleep(c, 100*time.Millisecond)
		return true
	case !there || stat.EphemeralOwner != c.SessionID():
		return false
	}
	for _, n := range names { // a second copy of the request may have come in late
		if n != own && strings.HasPrefix(n, own[:len(own)-10]) {
			c.Delete(election+"/"+n, -1)
			return true
		}
	}
	slices.SortFunc(names, byNumber)
	at := slices.Index(names, own)
	if at < 0 {
		client.Sleep(c, 100*time.Millisecond) // the list is older than the node
		return true
	}
	if at == 0 && c.State() == zk.StateHasSession {
		lead.Claim()
		client.AwaitAny(c, -1, gone, client.Events(c))
		return true
	}
	_, _, before, err := c.GetW(election + "/" + names[max(at-1, 0)])
	if err == nil {
		client.AwaitAny(c, -1, before, client.Events(c))
	}
	return true
}
