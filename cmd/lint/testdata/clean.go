// Package node stands for simulated code that keeps every rule.
//
// as: node
package node

import (
	"errors"
	"maps"
	"math"
	"slices"
	"sort"
	"time"
)

var errPlain = errors.New("node: plain")

var table = [...]string{"a", "b"}

type counter struct{ n int64 }

func (c *counter) add() { c.n++ }

func sum(m map[string]int64) (int64, error) {
	var c counter
	c.add()
	total := int64(0)
	for _, v := range m { // order-free: a sum
		total += v
	}
	// order-free: the largest is the same in any order
	for v := range maps.Values(m) {
		total = max(total, v)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		total += m[k]
	}
	keys := slices.Collect(maps.Keys(m)) // order-free: counted only
	// total order: the strings are keys, so no two are equal
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	slices.SortStableFunc(keys, func(a, b string) int { return len(a) - len(b) })
	if total > math.MaxInt32 || len(table) == 0 {
		return 0, errPlain
	}
	return total + int64(2*time.Second), nil
}

var _ = sum
