package host

import (
	"sync"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/store"
)

// diskDone is a finished disk operation.
type diskDone struct {
	id        node.WriteID
	lane      node.Lane
	err       error
	recovered *store.Recovered
}

// lane carries out disk operations one after the other.
type lane struct {
	id    node.Lane
	fs    store.FS
	inbox *inbox
	stats *stats
	slow  func(op store.Op, took time.Duration)
	limit time.Duration // of an fsync; 0: none is slow

	mu     sync.Mutex
	change sync.Cond
	queue  []node.Write
	paused bool // an operation has failed, and the core has not judged that yet
	over   bool
}

func newLane(id node.Lane, fs store.FS, in *inbox, st *stats) *lane {
	l := &lane{id: id, fs: fs, inbox: in, stats: st}
	l.change.L = &l.mu
	return l
}

func (l *lane) put(w *node.Write) {
	l.mu.Lock()
	l.queue = append(l.queue, *w)
	l.mu.Unlock()
	l.change.Signal()
}

// resume lets a lane go on after an error that was not the end of the process.
func (l *lane) resume() {
	l.mu.Lock()
	l.paused = false
	l.mu.Unlock()
	l.change.Signal()
}

// stop lets the lane finish what it has and end.
func (l *lane) stop() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	l.change.Signal()
}

// abandon lets the lane end after the operation that it is carrying out.
func (l *lane) abandon() {
	l.mu.Lock()
	l.over, l.queue = true, nil
	l.mu.Unlock()
	l.change.Signal()
}

// take waits for work. After an error nothing is done before the core has heard
// of it: a rename must not follow the write that failed. A process that ends
// meanwhile leaves the rest undone.
func (l *lane) take() (node.Write, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for !l.over && (l.paused || len(l.queue) == 0) {
		l.change.Wait()
	}
	if l.paused || len(l.queue) == 0 {
		return node.Write{}, false
	}
	w := l.queue[0]
	l.queue[0] = node.Write{}
	if l.queue = l.queue[1:]; len(l.queue) == 0 {
		l.queue = nil
	}
	return w, true
}

// run is the lane's goroutine.
func (l *lane) run() {
	for {
		w, ok := l.take()
		if !ok {
			return
		}
		recovered, err := l.do(w.Op)
		if err != nil {
			l.mu.Lock()
			l.paused = true
			l.mu.Unlock()
		}
		if w.Notify || err != nil {
			l.inbox.put(message{kind: msgDisk, done: diskDone{w.ID, l.id, err, recovered}})
		}
	}
}

func (l *lane) do(op store.Op) (*store.Recovered, error) {
	if op.Kind != store.OpFsync {
		return store.Do(l.fs, op)
	}
	began := time.Now()
	_, err := store.Do(l.fs, op)
	took := time.Since(began)
	l.stats.fsynced(op.Class, took)
	if l.limit > 0 && took > l.limit && l.slow != nil {
		l.slow(op, took)
	}
	return nil, err
}
