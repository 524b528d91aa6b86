package host

import (
	"net"
	"sync"

	"github.com/zksim/zksim/node"
)

// message is what reaches the loop from another goroutine.
type message struct {
	kind   messageKind
	stream *stream  // arrived, drained, ended
	buf    *buffer  // arrived
	sock   net.Conn // accepted, dialled
	port   node.Port
	done   diskDone
	ask    func(*node.Node)
	failed error // of the host itself
}

type messageKind uint8

const (
	msgArrived   messageKind = iota // bytes came
	msgEnded                        // the peer closed, or the connection broke
	msgDrained                      // what was left to write has been written
	msgAccepted                     // somebody connected
	msgDialled                      // a dial succeeded
	msgUndialled                    // a dial failed
	msgDisk                         // an operation is finished
	msgAsk                          // somebody wants to look at the core
	msgFailed                       // the host cannot go on
	msgStop                         // it shall end
)

// discard gives up a message that nobody will handle.
func (m *message) discard() {
	if m.sock != nil {
		_ = m.sock.Close()
	}
}

// inbox hands messages to the loop, in the order of their coming. What can be in
// it is bounded by its senders: connections by their buffers, lanes by the core.
type inbox struct {
	mu       sync.Mutex
	messages []message
	asleep   bool
	wake     chan struct{}
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

func (b *inbox) put(m message) {
	b.mu.Lock()
	b.messages = append(b.messages, m)
	asleep := b.asleep
	b.asleep = false
	b.mu.Unlock()
	if asleep {
		b.ring()
	}
}

// ring wakes the loop, also when it is not asleep yet.
func (b *inbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// take returns everything that has come, and uses the memory of what was taken
// last for what will come next. If there is nothing, whoever puts something next
// rings.
func (b *inbox) take(last []message) []message {
	clear(last)
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.messages
	b.messages = last[:0]
	b.asleep = len(taken) == 0
	return taken
}
