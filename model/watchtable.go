package model

import (
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// table holds watches of one kind: who watches a path and how, and what a session
// watches. A session has one watch of a kind on a path; the last mode counts.
type table struct {
	byPath    sorted[string, watchers]
	bySession sorted[proto.SessionID, names]
}

type watchers = sorted[proto.SessionID, watchMode]

func (t *table) set(path string, id proto.SessionID, mode watchMode) {
	at, _ := t.byPath.get(path)
	t.putWatchers(path, at.with(id, rankOfNumber(int64(id)), mode))
	of, _ := t.bySession.get(id)
	t.putPaths(id, withName(of, path))
}

func (t *table) unset(path string, id proto.SessionID) {
	at, _ := t.byPath.get(path)
	t.putWatchers(path, at.without(id))
	of, _ := t.bySession.get(id)
	t.putPaths(id, of.without(path))
}

func (t *table) has(path string, id proto.SessionID) bool {
	at, _ := t.byPath.get(path)
	_, ok := at.get(id)
	return ok
}

func (t *table) watched(path string) bool {
	_, ok := t.byPath.get(path)
	return ok
}

// take returns those who are to hear of an event at a path, in ascending order,
// and removes those of their watches that fire once. Who watches recursively
// hears of all that happens to nodes, but not that children changed.
func (t *table) take(e proto.EventType, path string) []proto.SessionID {
	var told watchers
	at, _ := t.byPath.get(path)
	for id, mode := range at.all() {
		if mode == recursive {
			continue
		}
		told = told.with(id, rankOfNumber(int64(id)), mode)
		if mode == once {
			t.unset(path, id)
		}
	}
	if e != proto.EventNodeChildrenChanged {
		for _, above := range upwards(path) {
			at, _ := t.byPath.get(above)
			for id, mode := range at.all() {
				if mode == recursive {
					told = told.with(id, rankOfNumber(int64(id)), mode)
				}
			}
		}
	}
	return slices.Collect(told.keys())
}

// upwards lists a path and all above it, up to the root.
func upwards(path string) []string {
	list := []string{path}
	for path != "/" {
		path = canonical(parentOf(path))
		list = append(list, path)
	}
	return list
}

func (t *table) drop(id proto.SessionID) {
	of, _ := t.bySession.get(id)
	for path := range of.keys() {
		t.unset(path, id)
	}
}

func (t *table) count() (n int) {
	for _, at := range t.byPath.all() {
		n += at.len()
	}
	return n
}

func (t *table) putWatchers(path string, at watchers) {
	if at.len() == 0 {
		t.byPath = t.byPath.without(path)
		return
	}
	t.byPath = t.byPath.with(path, rankOfText(path), at)
}

func (t *table) putPaths(id proto.SessionID, of names) {
	if of.len() == 0 {
		t.bySession = t.bySession.without(id)
		return
	}
	t.bySession = t.bySession.with(id, rankOfNumber(int64(id)), of)
}
