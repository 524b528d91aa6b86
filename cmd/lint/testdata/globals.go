// Package store stands for simulated code.
//
// as: node/store
package store

type cache struct{ n int }

func (c *cache) put()     { c.n++ }
func (c cache) size() int { return c.n }

var (
	count  int
	table  = map[string]int{}
	list   = []int{1, 2}
	shared cache
	handle = &cache{}
)

func change() (*int, int) {
	count++               // want global
	count = 2             // want global
	table["a"] = 1        // want global
	delete(table, "a")    // want global
	clear(list)           // want global
	list[0] = 3           // want global
	shared.n = 1          // want global
	shared.put()          // want global
	handle.put()          // want global
	handle.n++            // want global
	for count = range 3 { // want global
	}
	local := shared
	local.put()
	count := 1
	count++
	_ = &count
	return &shared.n, shared.size() // want global
}

var _ = change
