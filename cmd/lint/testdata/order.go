// Package ztree stands for simulated code.
//
// as: node/ztree
package ztree

import (
	"maps"
	"slices"
	"sort"
)

type set map[string]bool

func list(m set) []string {
	var out []string
	for k := range m { // want map-order
		out = append(out, k)
	}
	for k := range m { // order-free:
		out = append(out, k) // want-above map-order
	}
	out = append(out, "") // order-free: a remark beside other code covers that line only
	for k := range m {    // want map-order
		out = append(out, k)
	}
	for k := range maps.Keys(m) { // want map-order
		out = append(out, k)
	}
	out = append(out, slices.Collect(maps.Keys(m))...) // want map-order
	for k := range maps.All(m) {                       // want map-order
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return len(out[i]) < len(out[j]) }) // want unstable-sort
	slices.SortFunc(out, func(a, b string) int { return len(a) - len(b) })    // want unstable-sort
	_ = slices.SortedFunc(maps.Keys(m), func(a, b string) int { return 0 })   // want unstable-sort
	return out
}

func keys[M ~map[K]V, K comparable, V any](m M) (out []K) {
	for k := range m { // want map-order
		out = append(out, k)
	}
	return out
}

var _, _ = list, keys[set]
