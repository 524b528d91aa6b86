package node

import (
	"encoding/binary"
	"strconv"
)

// Four-letter words are what operators and their tools ask a server by, instead
// of a ConnectRequest: four bytes, answered by text and the end of the
// connection. They are answered where they are read, on the state of now.

// word is one of them. Most tell of what only a server has that serves.
type word struct {
	name    string
	always  bool // it is answered without a quorum too
	payload int  // bytes that follow it
	answer  func(n *Node, b []byte, c *conn, payload []byte) []byte
}

var words = [...]word{
	{"conf", false, 0, (*Node).wordConf},
	{"cons", false, 0, (*Node).wordCons},
	{"crst", false, 0, (*Node).wordCrst},
	{"dirs", false, 0, (*Node).wordDirs},
	{"dump", false, 0, (*Node).wordDump},
	{"envi", true, 0, (*Node).wordEnvi},
	{"gtmk", true, 0, (*Node).wordGtmk},
	{"hash", false, 0, (*Node).wordHash},
	{"isro", true, 0, (*Node).wordIsro},
	{"mntr", false, 0, (*Node).wordMntr},
	{"ruok", true, 0, (*Node).wordRuok},
	{"srst", false, 0, (*Node).wordSrst},
	{"srvr", false, 0, (*Node).wordSrvr},
	{"stat", false, 0, (*Node).wordStat},
	{"stmk", true, 8, (*Node).wordStmk},
	{"wchc", false, 0, (*Node).wordWchc},
	{"wchp", false, 0, (*Node).wordWchp},
	{"wchs", false, 0, (*Node).wordWchs},
}

// Words are the names of all four-letter words.
func Words() []string {
	var names []string
	for i := range words {
		names = append(names, words[i].name)
	}
	return names
}

const (
	notServingText = "This ZooKeeper instance is not currently serving requests\n"
	notListedText  = " is not executed because it is not in the whitelist.\n"
)

// wordArrived answers a four-letter word at the start of a connection. It
// returns how many bytes it took, and whether b begins with one at all: nothing
// is taken of one that is not there whole.
func (n *Node) wordArrived(c *conn, b []byte) (int, bool) {
	w, ok := findWord(b[:4])
	if !ok {
		return 0, false
	}
	size := 4 + w.payload
	if len(b) < size {
		return 0, true
	}
	c.client.asking = true
	n.packetReceived(c.client)
	n.setOut(c, n.wordText(w, c.buffer(), c, b[4:size]))
	n.counters.sent++
	n.closeFlushed(c)
	return size, true
}

func findWord(b []byte) (word, bool) {
	for i := range words {
		if words[i].name == string(b) {
			return words[i], true
		}
	}
	return word{}, false
}

func (n *Node) wordText(w word, b []byte, c *conn, payload []byte) []byte {
	switch {
	case !n.cfg.Clients.listed(w.name):
		return append(append(b, w.name...), notListedText...)
	case !n.serving && !w.always:
		return append(b, notServingText...)
	}
	return w.answer(n, b, c, payload)
}

func (n *Node) wordRuok(b []byte, _ *conn, _ []byte) []byte { return append(b, "imok"...) }

// wordIsro: there is no read-only mode, so a server writes or does not know.
func (n *Node) wordIsro(b []byte, _ *conn, _ []byte) []byte {
	if n.serving {
		return append(b, "rw"...)
	}
	return append(b, "null"...)
}

func (n *Node) wordGtmk(b []byte, _ *conn, _ []byte) []byte {
	return strconv.AppendInt(b, n.traceMask, 10)
}

func (n *Node) wordStmk(b []byte, c *conn, payload []byte) []byte {
	n.traceMask = int64(binary.BigEndian.Uint64(payload))
	return n.wordGtmk(b, c, nil)
}

// traceMaskDefault is what gtmk says of a server that was never told otherwise.
// The mask is kept for tools that set it; nothing hangs on it.
const traceMaskDefault = 306

func (n *Node) wordSrst(b []byte, _ *conn, _ []byte) []byte {
	n.counters.reset()
	return append(b, "Server stats reset.\n"...)
}

func (n *Node) wordCrst(b []byte, _ *conn, _ []byte) []byte {
	for c := n.conns.first; c != nil; c = c.next {
		if c.client != nil {
			c.client.stats.reset()
		}
	}
	return append(b, "Connection stats reset.\n"...)
}
