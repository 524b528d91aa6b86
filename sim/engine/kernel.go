package engine

import (
	"time"

	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/vtime"
)

// The classes of events, which say who handles one. netsim.Class is 1.
const (
	classNet uint8 = netsim.Class
	_        uint8 = iota
	classServer
	classClient
	classFault
	classProgress
	numClasses
)

// handler carries out the events of one class. The digest that it returns says
// what happened, as far as event and clock do not tell it already; the kernel
// folds it into the hash of the run.
type handler interface {
	Handle(ev vtime.Event) (digest uint64)
}

// kernel is the event loop: it takes the earliest event, has it carried out, and
// folds both into the hash of the run. One event is one step. Nothing is
// allocated per event.
type kernel struct {
	clock    *vtime.Clock
	handlers [numClasses]handler
	step     uint64 // the number of the step at work, from 1
	hash     eventHash
	marks    checkpoints
	events   []byte    // the lowest byte of the hash after each step
	narrator *narrator // nil: nobody wants to know
}

func newKernel(clock *vtime.Clock) *kernel {
	return &kernel{clock: clock, hash: hashStart, marks: newCheckpoints()}
}

// turn carries out one event; false when there is none.
func (k *kernel) turn() bool {
	ev, ok := k.clock.Next()
	if !ok {
		return false
	}
	k.step++
	if k.narrator != nil {
		k.narrator.begin(k.step, ev)
	}
	digest := k.handlers[ev.Class].Handle(ev)
	k.hash.fold(uint64(ev.At))
	k.hash.fold(uint64(ev.Class)<<56 | uint64(ev.Kind)<<48 | uint64(uint32(ev.Host)))
	k.hash.fold(uint64(ev.A))
	k.hash.fold(uint64(ev.B))
	k.hash.fold(digest)
	if len(k.events) < EventsMax {
		k.events = append(k.events, byte(k.hash))
	}
	if k.step&(k.marks.every-1) == 0 {
		k.marks.add(k.step, ev.At, k.hash)
	}
	return true
}

// after schedules an event of one of the simulator's own classes.
func (k *kernel) after(delay time.Duration, ev vtime.Event) {
	k.clock.Schedule(k.clock.Now()+delay, ev)
}

// finish adds the last step as a checkpoint, whatever the distance.
func (k *kernel) finish() []Checkpoint {
	list := k.marks.list
	if k.step%k.marks.every != 0 || len(list) == 0 {
		list = append(list, Checkpoint{k.step, k.clock.Now(), uint64(k.hash)})
	}
	return list
}
