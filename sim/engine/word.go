package engine

import (
	"github.com/zksim/zksim/sim/client"
)

// wordProbe asks one server a four-letter word, as a monitor does: on a
// connection of its own, from a host of its own, and waits for its end.
type wordProbe struct {
	st   *station
	word string
	text []byte // what has come
	over bool   // the connection has ended; an answer may have come before
}

// askWord begins to ask.
func (c *cluster) askWord(s *server, word string) *wordProbe {
	p := &wordProbe{word: word}
	p.st = c.addStation("word-"+s.id.String(), int(s.host), client.Config{SessionTimeout: sessionTimeout})
	p.st.tap = p
	p.st.Dial(int(s.host))
	return p
}

// Connected is part of tap. Four bytes fit into any stream.
func (p *wordProbe) Connected(c client.Conn) { p.st.Write(c, []byte(p.word)) }

// Received is part of tap.
func (p *wordProbe) Received(_ client.Conn, data []byte) { p.text = append(p.text, data...) }

// Writable is part of tap.
func (p *wordProbe) Writable(client.Conn) {}

// Closed is part of tap.
func (p *wordProbe) Closed(client.Conn) { p.over = true }
