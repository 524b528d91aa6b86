package node_test

import (
	"strings"
	"time"
)

// What stories about bounds on clients need beside the other verbs.

// clientsOption sets one bound of a new ensemble.
func (s *story) clientsOption(key, value string) bool {
	c := &s.w.cfg.Clients
	switch key {
	case "words":
		c.Words = strings.Split(value, ",")
	case "conns":
		c.MaxConns = s.number(value)
	case "conns-per-address":
		c.MaxPerAddress = s.number(value)
	case "tokens":
		c.Tokens, c.TokenEvery = s.number(value), 100*time.Millisecond
	case "outstanding":
		c.Outstanding = s.number(value)
	case "requests":
		c.MaxRequests = s.number(value)
	case "wait":
		c.ThrottledWait = s.span(value)
	case "large":
		c.LargeRequest = s.number(value)
	case "large-max":
		c.LargeMax = int64(s.number(value))
	case "unsent":
		c.MaxUnsent = s.number(value)
	case "stale":
		c.KeepStale = value == "kept"
	case "watches":
		c.MaxWatches = int64(s.number(value))
	default:
		return false
	}
	return true
}

// roughClient: what a client does that is no request of the protocol.
func (s *story) roughClient(c *client, verb string, args []string) {
	switch verb {
	case "from": // ADDRESS
		c.addr = args[0]
	case "deaf": // it stops reading
		c.deaf = true
	case "hears":
		c.deaf = false
	case "word": // WORD SERVER
		c.open(s.server(args[1]))
		c.words = true
		c.raw([]byte(args[0]))
	case "times": // N REQUEST...: all at once
		for range s.number(args[0]) {
			s.clientVerb(c.name, args[1:])
		}
	}
}

// text takes what has come in answer to a word.
func (c *client) text() []byte {
	if !c.words {
		return nil
	}
	text := c.in
	c.in = nil
	return text
}
