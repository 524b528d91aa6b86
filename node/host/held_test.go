package host

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/store"
)

// gated is a core that stops reading from a connection when something has come,
// and closes it when a timer rings.
type gated struct{ conn node.ConnID }

// Step is what the driver calls.
func (g *gated) Step(in *node.Input) *node.Output {
	out := &node.Output{}
	switch in.Kind {
	case node.EventReceived:
		g.conn = in.Conn
		out.Gates = []node.ReadGate{{Conn: in.Conn}}
		out.Timers = []node.Timer{{Min: 100 * time.Millisecond, Max: 100 * time.Millisecond}}
	case node.EventTimer:
		out.Closes = []node.ConnID{g.conn}
	}
	return out
}

// A client sends, and hangs up while the core does not read: its end waits
// behind what it has sent. Then the core closes the connection by itself, and the
// end that nobody will hear of must not keep the descriptor.
func TestEndThatIsHeldBackIsNotLost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg := Config{Node: node.Config{ID: 1}, DataDir: t.TempDir()}
	cfg.Listeners[node.PortClient] = l
	h, err := start(cfg, func(node.Config, *store.Recovered) stepper { return &gated{} })
	require.NoError(t, err)
	defer h.Kill()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	for _, part := range []string{"one", "two"} {
		_, err = c.Write([]byte(part))
		require.NoError(t, err)
		time.Sleep(20 * time.Millisecond)
	}
	require.NoError(t, c.Close())
	open := -1
	for range 100 {
		time.Sleep(50 * time.Millisecond)
		require.True(t, h.Look(func(*node.Node) { open = len(h.live) + len(h.streams) }))
		if open == 0 {
			return
		}
	}
	assert.Zero(t, open, "connections that are still kept")
}
