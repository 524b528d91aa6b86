package engine

import (
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/store"
)

// lane is a queue of disk operations, of which the first one is at work.
type lane struct {
	queue []node.Write
	head  int
	hangs bool  // the first one does not complete until the disk is better
	err   error // with which the first one will fail
}

func (l *lane) empty() bool { return l.head == len(l.queue) }

func (l *lane) clear() {
	clear(l.queue)
	l.queue, l.head = l.queue[:0], 0
	l.hangs, l.err = false, nil
}

func laneID(i int) node.Lane { return node.Lane(i) }

// pop takes the first operation.
func (l *lane) pop() node.Write {
	w := l.queue[l.head]
	l.queue[l.head] = node.Write{} // lets its data go
	l.head++
	if l.empty() {
		l.queue, l.head = l.queue[:0], 0
	}
	return w
}

// push appends an operation; half a queue of finished ones is room to be used again.
func (l *lane) push(w *node.Write) {
	if l.head > 64 && 2*l.head > len(l.queue) {
		n := copy(l.queue, l.queue[l.head:])
		clear(l.queue[n:])
		l.queue, l.head = l.queue[:n], 0
	}
	l.queue = append(l.queue, *w)
}

// write queues an operation.
func (s *server) write(w *node.Write) {
	l := &s.lanes[w.Lane]
	idle := l.empty()
	l.push(w)
	if idle {
		s.beginDisk(w.Lane)
	}
}

// beginDisk starts the first operation of a lane. It is carried out at the end
// of its latency: a process that dies before has not done it.
func (s *server) beginDisk(id node.Lane) {
	l := &s.lanes[id]
	op := &l.queue[l.head].Op
	if t := s.c.trace; t != nil {
		t.diskBegan(s, id)
	}
	size := len(op.Data)
	if op.Kind == store.OpRecover || op.Kind == store.OpCutLog {
		size = int(s.disk.Bytes())
	}
	delay := s.c.drawn.disk.Draw(op.Kind, size, &s.diskDelays[op.Kind])
	if s.diskFaults.any() {
		t := s.diskTrouble(op)
		if l.hangs, l.err = t.hangs, t.err; t.hangs {
			return
		}
		if delay += t.delay; t.delay > 0 {
			s.slowUntil = max(s.slowUntil, s.now()+delay)
		}
	}
	s.after(delay, serverDisk, uint8(id), 0)
}

// diskDone carries out the first operation of a lane, starts the next one, and
// tells the core what it wants to know.
func (s *server) diskDone(id node.Lane) {
	l := &s.lanes[id]
	if s.watched && s.interrupted(beforeDisk(&l.queue[l.head].Op)) {
		return
	}
	w := l.pop()
	recovered, err := s.carryOutDisk(l, &w.Op)
	if t := s.c.trace; t != nil {
		t.diskDone(s, id, &w, err)
	}
	if s.watched && s.interrupted(afterDisk(&w.Op)) {
		return
	}
	if w.Op.Kind == store.OpFsync {
		s.c.counts.Fsyncs++
	}
	if !l.empty() {
		s.beginDisk(id)
	}
	s.c.digest.fold(uint64(w.ID)<<8 | uint64(w.Op.Kind))
	if w.Notify || err != nil {
		in := s.input(node.EventDiskDone)
		in.Write, in.Lane, in.Err, in.Recovered = w.ID, id, err, recovered
		s.step()
	}
}

// carryOutDisk does one operation, unless it is to fail.
func (s *server) carryOutDisk(l *lane, op *store.Op) (*store.Recovered, error) {
	if err := l.err; err != nil {
		l.err = nil
		return nil, err
	}
	recovered, err := store.Do(s.disk, *op)
	if err == nil {
		s.c.carriedOut(s, op, recovered)
	}
	return recovered, err
}
