package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// ExitError is why a server ended by itself.
type ExitError struct {
	Code   int // of the process, not 0
	Reason string
	// Violation is the invariant that broke, Panic what else the core panicked
	// with; Stack says where.
	Violation *proto.Violation
	Panic     any
	Stack     []byte
}

// Error gives the reason.
func (e *ExitError) Error() string {
	if e.Panic != nil {
		return fmt.Sprintf("host: %s: %v", e.Reason, e.Panic)
	}
	return "host: " + e.Reason
}

// errStopped ends a host that was told to stop, errKilled one that was killed.
var (
	errStopped = errors.New("host: stopped")
	errKilled  = errors.New("host: killed")
)

// Host is a running server. Make it with Start.
type Host struct {
	cfg   Config
	core  stepper
	in    node.Input // of the core's next step; here, so that a step allocates nothing
	node  *node.Node // the core, for those who ask; nil in tests of the driver
	files *files
	locks []*os.File
	inbox *inbox
	stats stats
	done  chan struct{}
	err   error // set before done is closed

	// The loop's.
	began   time.Time
	now     time.Duration
	wall    int64
	lanes   [node.NumLanes]*lane
	alarms  alarms
	sleeper *time.Timer
	wakeAt  time.Duration // for which the sleeper was set last
	turns   turns
	draws   []node.Draw
	freed   []*stream // their gates were opened
	streams map[node.ConnID]*stream
	live    map[*stream]struct{} // their readers have not ended
	lastID  node.ConnID          // of accepted connections
	ending  error
	looking time.Duration // since when it looks for a leader
	refused quiet         // lines about connections of clients that were never let in
	closed  quiet         // about those that were
	letting bool          // the core is being told of a new connection

	listeners [numPorts]net.Listener
	dialling  context.Context
	hangUp    context.CancelFunc

	accepting, readers, writers, disks sync.WaitGroup
}

// Start recovers what the directories hold, listens, and runs the server. When
// it fails nothing that a server had written has been changed but for the cut
// of torn tails, as store.Recover says.
func Start(cfg Config) (*Host, error) {
	return start(cfg, func(cfg node.Config, r *store.Recovered) stepper { return node.New(cfg, r) })
}

func start(cfg Config, core func(node.Config, *store.Recovered) stepper) (*Host, error) {
	h := newHost(cfg.withDefaults())
	if err := h.prepare(core); err != nil {
		h.giveUp()
		return nil, err
	}
	h.begin()
	return h, nil
}

// prepare does what can fail.
func (h *Host) prepare(core func(node.Config, *store.Recovered) stepper) error {
	if err := h.openDisk(); err != nil {
		return err
	}
	if err := h.listen(); err != nil {
		return err
	}
	recovered, err := h.recover()
	if err != nil {
		return err
	}
	return h.makeCore(core, recovered)
}

func newHost(cfg Config) *Host {
	h := &Host{cfg: cfg, inbox: newInbox(), done: make(chan struct{}), alarms: newAlarms(),
		streams: map[node.ConnID]*stream{}, live: map[*stream]struct{}{}, listeners: cfg.Listeners}
	h.refused = quiet{most: refusedLinesMost, tell: h.tellLeft("Refused more connections of clients")}
	h.closed = quiet{most: closedLinesMost, tell: h.tellLeft("Closed more connections of clients")}
	h.dialling, h.hangUp = context.WithCancel(context.Background())
	return h
}

func (h *Host) openDisk() (err error) {
	if h.files, err = openFiles(h.cfg.DataDir, h.cfg.LogDir); err != nil {
		return err
	}
	h.locks, err = lockDirs(h.files.dirs())
	return err
}

func (h *Host) recover() (*store.Recovered, error) {
	began := time.Now()
	r, err := store.Recover(h.files, h.cfg.Node.CommitLogCount)
	if err != nil {
		return nil, err
	}
	for _, refused := range r.Refused {
		h.cfg.Logger.Warn("a snapshot cannot be read and was passed over", "error", refused)
	}
	h.cfg.Logger.Info("recovered", "zxid", r.LastLogged.Hex(), "snapshot", r.SnapshotZxid.Hex(), "znodes", r.Tree.NodeCount(),
		"acceptedEpoch", int64(r.AcceptedEpoch), "currentEpoch", int64(r.CurrentEpoch), "took", time.Since(began))
	return r, nil
}

// makeCore makes the core; it may find that what was recovered breaks an invariant.
func (h *Host) makeCore(core func(node.Config, *store.Recovered) stepper, r *store.Recovered) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = h.unfit(panicked(p, debug.Stack()))
		}
	}()
	h.core = core(h.cfg.Node, r)
	h.node, _ = h.core.(*node.Node)
	return nil
}

// unfit says of an invariant that broke before the server began that it is the
// files that break it.
func (h *Host) unfit(err error) error {
	var exit *ExitError
	if errors.As(err, &exit) && exit.Violation != nil {
		exit.Reason = fmt.Sprintf("the snapshot and the logs in %s do not fit together: a file of them is missing or altered (%s)",
			strings.Join(h.files.dirs(), " and "), exit.Reason)
	}
	return err
}

func (h *Host) begin() {
	h.began = h.cfg.Clock()
	h.sleeper = time.AfterFunc(time.Hour, h.inbox.ring)
	for i := range h.lanes {
		l := newLane(node.Lane(i), h.laneFiles(node.Lane(i)), h.inbox, &h.stats)
		l.limit, l.slow = h.cfg.FsyncWarning, h.slowFsync
		h.lanes[i] = l
		h.disks.Go(l.run)
	}
	for p, l := range h.listeners {
		if l != nil {
			h.accepting.Go(func() { h.accept(node.Port(p), l) })
		}
	}
	if h.cfg.PurgeInterval > 0 {
		h.accepting.Go(h.purgeRegularly)
	}
	go h.run()
}

// laneFiles are the files as a lane sees them.
func (h *Host) laneFiles(l node.Lane) store.FS {
	if h.cfg.NoSync && l == node.LaneLog {
		return unsynced{h.files}
	}
	return h.files
}

// unsynced are files of which none is ever synced.
type unsynced struct{ *files }

// Sync is part of store.FS.
func (unsynced) Sync(string) error { return nil }

// giveUp undoes what a start that failed has done.
func (h *Host) giveUp() {
	for _, l := range h.listeners {
		if l != nil {
			_ = l.Close()
		}
	}
	if h.files != nil {
		h.files.close()
	}
	unlockDirs(h.locks)
}

// Addr gives the address of a port, nil if the server does not listen there.
func (h *Host) Addr(p node.Port) net.Addr {
	if h.listeners[p] == nil {
		return nil
	}
	return h.listeners[p].Addr()
}

// Stop ends the server: what it has asked of its disk is done first. It returns
// what Wait does.
func (h *Host) Stop() error {
	h.inbox.put(message{kind: msgStop, failed: errStopped})
	return h.Wait()
}

// Kill ends the server as the death of its process would: its connections
// close, and what it has asked of its disk and is not done yet never will be.
func (h *Host) Kill() {
	h.inbox.put(message{kind: msgStop, failed: errKilled})
	_ = h.Wait()
}

// Done is closed when the server has ended.
func (h *Host) Done() <-chan struct{} { return h.done }

// Wait waits for the end. It returns nil if the server was told to stop, and an
// *ExitError if it ended by itself.
func (h *Host) Wait() error {
	<-h.done
	return h.err
}

// Look runs a function in between steps of the core, which it may look at and
// must not change. It reports false if the server has ended.
func (h *Host) Look(f func(*node.Node)) bool {
	seen := make(chan struct{})
	h.inbox.put(message{kind: msgAsk, ask: func(n *node.Node) { f(n); close(seen) }})
	select {
	case <-seen:
		return true
	case <-h.done:
		return false
	}
}

// shutdown ends everything but the loop itself, which has ended.
func (h *Host) shutdown(why error) {
	h.refused.end()
	h.closed.end()
	h.cfg.Logger.Info("shutting down", "why", why)
	h.hangUp()
	h.sleeper.Stop()
	for _, l := range h.listeners {
		if l != nil {
			_ = l.Close()
		}
	}
	h.closeStreams()
	for _, l := range h.lanes {
		if errors.Is(why, errStopped) {
			l.stop()
		} else {
			l.abandon()
		}
	}
	h.disks.Wait()
	h.accepting.Wait()
	h.writers.Wait()
	h.readers.Wait()
	for _, m := range h.inbox.take(nil) {
		m.discard()
	}
	h.files.close()
	unlockDirs(h.locks)
	if !errors.Is(why, errStopped) && !errors.Is(why, errKilled) {
		h.err = why
	}
}

// closeStreams closes what is open, and gives up what was on its way to become so.
func (h *Host) closeStreams() {
	for _, s := range h.streams {
		if s.sock == nil {
			s.cancel()
		}
	}
	for s := range h.live {
		_ = s.sock.Close()
		select {
		case s.credits <- struct{}{}: // its reader may wait for one
		default:
		}
	}
}

// Voters is how many servers vote in the ensemble.
func (h *Host) Voters() int { return len(h.cfg.Node.Servers) }
