package host

import (
	"sync/atomic"
	"time"

	"github.com/zksim/zksim/node/store"
)

// Stats counts what the driver has done since it started. What the server has
// done its core tells.
type Stats struct {
	Connections   int64 // open now, of clients
	Accepted      int64 // of clients
	Refused       int64 // of clients, because of a bound
	BytesReceived int64
	BytesSent     int64
	Reads, Writes int64 // system calls on connections
	Steps         int64 // of the core
	Batches       int64 // times the inbox was emptied
	LogFsyncs     int64
	LogFsyncTime  time.Duration // of all of them
	FsyncTimeMax  time.Duration // of the log, since it was last asked for
	SlowFsyncs    int64         // of the log, that took longer than FsyncWarning
}

type stats struct {
	connections, accepted, refused    atomic.Int64
	received, sent, reads, writes     atomic.Int64
	steps, batches                    atomic.Int64
	fsyncs, fsyncTime, fsyncMax, slow atomic.Int64
}

// fsynced counts an fsync of a log.
func (s *stats) fsynced(c store.Class, took time.Duration) {
	if c != store.ClassTxnLog {
		return
	}
	s.fsyncs.Add(1)
	s.fsyncTime.Add(int64(took))
	for {
		old := s.fsyncMax.Load()
		if int64(took) <= old || s.fsyncMax.CompareAndSwap(old, int64(took)) {
			return
		}
	}
}

// Stats tells what has been counted.
func (h *Host) Stats() Stats {
	s := &h.stats
	return Stats{
		Connections: s.connections.Load(), Accepted: s.accepted.Load(), Refused: s.refused.Load(),
		BytesReceived: s.received.Load(), BytesSent: s.sent.Load(), Reads: s.reads.Load(), Writes: s.writes.Load(),
		Steps: s.steps.Load(), Batches: s.batches.Load(),
		LogFsyncs: s.fsyncs.Load(), LogFsyncTime: time.Duration(s.fsyncTime.Load()),
		FsyncTimeMax: time.Duration(s.fsyncMax.Swap(0)), SlowFsyncs: s.slow.Load(),
	}
}
