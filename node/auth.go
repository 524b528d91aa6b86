package node

import (
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/ztree"
)

// authArrived handles a request by which a client proves who it is. It is dealt
// with where it is read and answered at once, whatever is on its way: requests
// that were read before go on with the identities that they had.
func (n *Node) authArrived(c *conn, h proto.RequestHeader, body []byte) error {
	op, err := proto.DecodeOp(h.Type, body)
	if err != nil {
		return err
	}
	reply := proto.ReplyHeader{Xid: h.Xid}
	if h.Type == proto.OpSASL { // there are no mechanisms: a null token says so
		n.answer(c, reply, &proto.Result{Type: h.Type})
		return nil
	}
	ids, ok := ztree.Authenticate(op.Auth, n.cfg.Store.SuperDigest)
	reason := ""
	switch {
	case !ok:
		reason = "authentication by the scheme " + quoted(op.Auth.Scheme) + " failed"
	case !c.client.identify(ids):
		reason = "too many identities"
	}
	if reason != "" {
		reply.Err = proto.AuthFailed
		n.answer(c, reply, &proto.Result{})
		n.counters.authFailed++
		n.note(Note{Kind: NoteConnClosed, Conn: c.id, Text: reason})
		n.closeFlushed(c)
		return nil
	}
	n.answer(c, reply, &proto.Result{Type: h.Type})
	return nil
}

// A connection has so many identities at most, and they so many bytes. They go to
// the leader with each write: a packet with more than the leader takes would cost
// the follower who sent it his connection, and all his clients theirs.
const (
	identitiesMax    = 256
	identityBytesMax = 128 << 10
)

// identify adds identities, and reports false if they are too many. Requests share
// the old slice, which stays as it is.
func (cc *clientConn) identify(ids []proto.ID) bool {
	cc.ids = slices.Clip(cc.ids)
	for _, id := range ids {
		if !slices.Contains(cc.ids, id) {
			cc.ids = append(cc.ids, id)
		}
	}
	size := 0
	for _, id := range cc.ids {
		size += len(id.Scheme) + len(id.ID)
	}
	return len(cc.ids) <= identitiesMax && size <= identityBytesMax
}

// identities are those of a connection that watches something.
func (n *Node) identities(w ztree.Watcher) []proto.ID {
	if c := n.conns.byID[ConnID(w)]; c != nil && c.client != nil {
		return c.client.ids
	}
	return nil
}

// hostOf cuts the port off an address.
func hostOf(addr string) string {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 || strings.IndexByte(addr, ':') < i && !strings.HasPrefix(addr, "[") {
		return addr // no port, or a bare IPv6 address
	}
	return strings.Trim(addr[:i], "[]")
}

// quoted shortens a word of a client's for a note.
func quoted(s string) string {
	const most = 40
	if len(s) > most {
		s = s[:most] + "..."
	}
	return "\"" + strings.ToValidUTF8(s, "?") + "\""
}
