package engine

import (
	"fmt"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/node"
)

// conn is a connection of a process.
type conn struct {
	id        node.ConnID
	port      node.Port
	end       netsim.EndID
	shut      bool // the core does not want to read
	receiving bool // a receiver's turn is on its way
	blocked   bool // its sender has asked for a turn and waits for room
	scan      scanner
	rest      []byte // taken from the stream, and not yet handed over
}

// connTable finds the connections of one process by their ids. Ids are counted
// off, those of dialled connections downwards from -1 by the core, those of
// accepted ones upwards from 1 here, so that a lookup is one index.
type connTable struct {
	down, up []*conn // nil where a connection is gone
}

// dialled adds a connection that the core has named.
func (t *connTable) dialled(cn *conn) {
	t.down = append(t.down, cn)
	if int(-cn.id) != len(t.down) {
		panic(fmt.Sprintf("sim: connection %d was dialled after %d others", cn.id, len(t.down)-1))
	}
}

// accepted adds a connection and names it.
func (t *connTable) accepted(cn *conn) {
	t.up = append(t.up, cn)
	cn.id = node.ConnID(len(t.up))
}

// of gives the connection of an id, nil if it is gone.
func (t *connTable) of(id node.ConnID) *conn {
	switch {
	case id > 0 && int(id) <= len(t.up):
		return t.up[id-1]
	case id < 0 && int(-id) <= len(t.down):
		return t.down[-id-1]
	}
	return nil
}

func (t *connTable) remove(id node.ConnID) {
	if id > 0 {
		t.up[id-1] = nil
	} else {
		t.down[-id-1] = nil
	}
}

// count is how many connections there are.
func (t *connTable) count() int {
	n := 0
	for _, list := range [...][]*conn{t.down, t.up} {
		for _, cn := range list {
			if cn != nil {
				n++
			}
		}
	}
	return n
}

// clear forgets all connections, and their ends too.
func (t *connTable) clear(ends *endTable) {
	for _, list := range [...][]*conn{t.down, t.up} {
		for i, cn := range list {
			if cn != nil {
				ends.put(cn.end, nil)
			}
			list[i] = nil
		}
	}
	t.down, t.up = t.down[:0], t.up[:0]
}

// endTable finds the connection of a server's end. The network counts ends off.
type endTable []*conn

func (t endTable) of(end netsim.EndID) *conn {
	if int(end) < len(t) {
		return t[end]
	}
	return nil
}

// put sets the connection of an end, nil when it is gone.
func (t *endTable) put(end netsim.EndID, cn *conn) {
	for int(end) >= len(*t) {
		*t = append(*t, nil)
	}
	(*t)[end] = cn
}
