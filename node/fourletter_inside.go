package node

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// The words that tell of what a server holds and how it was set up: conf, envi,
// dirs, dump, hash, wchs, wchc, wchp.

// isLong reports whether an answer that grows with what clients do is as long as
// what may wait for a client.
func (n *Node) isLong(b []byte) bool { return len(b) >= n.cfg.Clients.MaxUnsent }

// cut ends an answer in the middle, and says so.
func (n *Node) cut(b []byte) []byte {
	return fmt.Appendf(b, "This answer is cut, it has more than %d bytes.\n", n.cfg.Clients.MaxUnsent)
}

func hexID(id proto.SessionID) string { return fmt.Sprintf("0x%x", uint64(id)) }

func (n *Node) wordConf(b []byte, _ *conn, _ []byte) []byte {
	c := &n.cfg.Clients
	data, log := c.Machine.DirSizes()
	b = fmt.Appendf(b, "clientPort=%d\nsecureClientPort=-1\n", c.Port)
	b = fmt.Appendf(b, "dataDir=%s\ndataDirSize=%d\ndataLogDir=%s\ndataLogSize=%d\n", c.DataDir, data, c.LogDir, log)
	b = fmt.Appendf(b, "tickTime=%d\nmaxClientCnxns=%d\n", millis(n.cfg.TickTime), c.MaxPerAddress)
	b = fmt.Appendf(b, "minSessionTimeout=%d\nmaxSessionTimeout=%d\n", millis(n.cfg.MinSessionTimeout), millis(n.cfg.MaxSessionTimeout))
	b = append(b, "clientPortListenBacklog=-1\n"...)
	if n.alone() {
		return append(b, "serverId=0\n"...)
	}
	return n.appendMembership(fmt.Appendf(b, "serverId=%d\n", int64(n.id)))
}

// appendMembership appends what only members of an ensemble tell.
func (n *Node) appendMembership(b []byte) []byte {
	b = fmt.Appendf(b, "initLimit=%d\nsyncLimit=%d\nelectionAlg=3\n", n.cfg.InitLimit, n.cfg.SyncLimit)
	for _, s := range n.cfg.Servers {
		if s.ID == n.id {
			b = fmt.Appendf(b, "electionPort=%s\nquorumPort=%s\n", portOf(s.ElectionAddr), portOf(s.QuorumAddr))
		}
	}
	b = append(b, "peerType=0\nmembership: \n"...)
	return append(b, configText(n.cfg.Servers)...)
}

func (n *Node) wordEnvi(b []byte, _ *conn, _ []byte) []byte {
	b = fmt.Appendf(b, "Environment:\nzookeeper.version=%s\n", n.cfg.Clients.Version)
	for _, line := range n.cfg.Clients.Machine.Environment() {
		b = append(append(b, line...), '\n')
	}
	return b
}

func (n *Node) wordDirs(b []byte, _ *conn, _ []byte) []byte {
	data, log := n.cfg.Clients.Machine.DirSizes()
	return fmt.Appendf(b, "datadir_size: %d\nlogdir_size: %d\n", data, log)
}

func (n *Node) wordHash(b []byte, _ *conn, _ []byte) []byte {
	for i := range n.digests.len() {
		e := n.digests.at(i)
		b = fmt.Appendf(b, "%x: %d\n", int64(e.zxid), e.digest)
	}
	return b
}

func (n *Node) wordDump(b []byte, _ *conn, _ []byte) []byte {
	sessions := n.appendGlobalSessions
	if n.leader != nil {
		sessions = n.appendSessionSets
	}
	b = append(b, "SessionTracker dump:\n"...)
	for _, list := range []func([]byte) ([]byte, bool){sessions, n.appendEphemerals, n.appendConnSets} {
		var whole bool
		if b, whole = list(b); !whole {
			return n.cut(b)
		}
	}
	return b
}

// Each list of dump says whether it is whole: it ends where the answer gets long.

func (n *Node) appendGlobalSessions(b []byte) ([]byte, bool) {
	all := n.tree.Sessions()
	b = fmt.Appendf(b, "Global Sessions(%d):\n", len(all))
	for _, s := range all {
		if n.isLong(b) {
			return b, false
		}
		b = fmt.Appendf(b, "%s\t%dms\n", hexID(s.ID), s.Timeout)
	}
	return b, true
}

func (n *Node) appendEphemerals(b []byte) ([]byte, bool) {
	owners := n.tree.EphemeralOwners()
	b = fmt.Appendf(b, "ephemeral nodes dump:\nSessions with Ephemerals (%d):\n", len(owners))
	for _, id := range owners {
		if n.isLong(b) {
			return b, false
		}
		b = fmt.Appendf(b, "%s:\n", hexID(id))
		for _, path := range n.tree.Ephemerals(id) {
			if n.isLong(b) {
				return b, false
			}
			b = fmt.Appendf(b, "\t%s\n", path)
		}
	}
	return b, true
}

// due is something that is over at the end of a bucket of ticks.
type due struct {
	bucket int64
	line   string
}

// appendSets appends things by bucket, under a head that counts both.
func (n *Node) appendSets(b []byte, head string, all []due) ([]byte, bool) {
	slices.SortStableFunc(all, func(x, y due) int { return cmp.Compare(x.bucket, y.bucket) })
	first := func(i int) bool { return i == 0 || all[i].bucket != all[i-1].bucket }
	buckets := 0
	for i := range all {
		if first(i) {
			buckets++
		}
	}
	b = fmt.Appendf(b, "%s (%d)/(%d):\n", head, buckets, len(all))
	for i := range all {
		if n.isLong(b) {
			return b, false
		}
		if first(i) {
			b = fmt.Appendf(b, "%d expire at %s:\n", sameBucket(all[i:]), n.date(time.Duration(all[i].bucket)*n.cfg.TickTime))
		}
		b = fmt.Appendf(b, "\t%s\n", all[i].line)
	}
	return b, true
}

func sameBucket(all []due) int {
	k := 0
	for k < len(all) && all[k].bucket == all[0].bucket {
		k++
	}
	return k
}

// date writes an instant of the server's clock by its wall clock.
func (n *Node) date(at time.Duration) string {
	wall := time.Duration(n.wall)*time.Millisecond + at - n.now
	return time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).Add(wall).Format("Mon Jan 02 15:04:05 UTC 2006")
}

func (n *Node) appendSessionSets(b []byte) ([]byte, bool) {
	var all []due
	for _, s := range n.tree.Sessions() {
		if t := n.leader.sessions.byID[s.ID]; t != nil {
			all = append(all, due{t.bucket, hexID(s.ID)})
		}
	}
	return n.appendSets(b, "Session Sets", all)
}

// appendConnSets tells when connections are closed if nothing is heard on them.
func (n *Node) appendConnSets(b []byte) ([]byte, bool) {
	var all []due
	for c := n.conns.first; c != nil; c = c.next {
		if cc := c.client; cc != nil {
			at := cc.lastHeard + n.idleLimit(cc)
			id := proto.SessionID(0)
			if cc.ready {
				id = cc.session
			}
			all = append(all, due{int64(at/n.cfg.TickTime) + 1, "ip: /" + c.addr + " sessionId: " + hexID(id)})
		}
	}
	return n.appendSets(append(b, "Connections dump:\n"...), "Connections Sets", all)
}

// watched is a watch for data, with the session behind its connection.
type watched struct {
	session proto.SessionID
	path    string
}

// dataWatches gives the watches for data, by path.
func (n *Node) dataWatches() []watched {
	var all []watched
	for _, w := range n.watches.DataWatches() {
		all = append(all, watched{n.sessionOf(w.Who), w.Path})
	}
	return all
}

func (n *Node) sessionOf(w ztree.Watcher) proto.SessionID {
	if c := n.conns.byID[ConnID(w)]; c != nil && c.client != nil {
		return c.client.session
	}
	return 0
}

func (n *Node) wordWchs(b []byte, _ *conn, _ []byte) []byte {
	all := n.dataWatches()
	sessions, paths := map[proto.SessionID]bool{}, map[string]bool{}
	for _, w := range all {
		sessions[w.session], paths[w.path] = true, true
	}
	return fmt.Appendf(b, "%d connections watching %d paths\nTotal watches:%d\n", len(sessions), len(paths), len(all))
}

func (n *Node) wordWchc(b []byte, _ *conn, _ []byte) []byte {
	all := n.dataWatches()
	slices.SortStableFunc(all, func(x, y watched) int { return cmp.Compare(x.session, y.session) })
	for i, w := range all {
		if n.isLong(b) {
			return n.cut(b)
		}
		if i == 0 || w.session != all[i-1].session {
			b = fmt.Appendf(b, "%s\n", hexID(w.session))
		}
		b = fmt.Appendf(b, "\t%s\n", w.path)
	}
	return append(b, '\n')
}

func (n *Node) wordWchp(b []byte, _ *conn, _ []byte) []byte {
	all := n.dataWatches()
	for i, w := range all {
		if n.isLong(b) {
			return n.cut(b)
		}
		if i == 0 || w.path != all[i-1].path {
			b = fmt.Appendf(b, "%s\n", w.path)
		}
		b = fmt.Appendf(b, "\t%s\n", hexID(w.session))
	}
	return append(b, '\n')
}
