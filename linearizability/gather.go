package linearizability

import (
	"maps"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// gathered gives items session by session, those of one session in an order,
// and where that says nothing as they were. Nearly always they come in that
// order, so there is nothing to sort but the sessions.
func gathered[T any](items []T, session func(T) proto.SessionID, order func(a, b T) int) []T {
	of := map[proto.SessionID]*[]T{}
	last, list := proto.SessionID(0), (*[]T)(nil)
	for _, it := range items {
		if s := session(it); list == nil || s != last {
			if last, list = s, of[s]; list == nil {
				list = new([]T)
				of[s] = list
			}
		}
		*list = append(*list, it)
	}
	all := make([]T, 0, len(items))
	for _, id := range slices.Sorted(maps.Keys(of)) {
		list := *of[id]
		if !slices.IsSortedFunc(list, order) {
			slices.SortStableFunc(list, order)
		}
		all = append(all, list...)
	}
	return all
}
