package main

import (
	"fmt"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// noProperty says that a name is of no property, which one it is like, and which
// there are.
func noProperty(name string) string {
	var names []string
	for _, p := range proto.Properties() {
		names = append(names, string(p))
	}
	like := ""
	if best, ok := nearest(name, names); ok {
		like = fmt.Sprintf("did you mean %s? ", best)
	}
	return fmt.Sprintf("there is no such property; %sthere are %s; docs/model.md explains them", like, strings.Join(names, ", "))
}

// nearest is the name that a misspelt one is most like, the first one of several;
// false where it is like none: more than a third of it would have to be changed.
func nearest(name string, names []string) (best string, ok bool) {
	least := len(name)/3 + 1
	for _, n := range names {
		if d := edits(strings.ToLower(name), strings.ToLower(n)); d < least {
			best, least, ok = n, d, true
		}
	}
	return best, ok
}

// edits is how many bytes have to be put in, left out or changed to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1) // row[j]: from the part of a that was read to b[:j]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
