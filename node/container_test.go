package node_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// trio is three servers that serve, and a client of the first.
func trio(t *testing.T, cfg node.StoreConfig) (*world, *client) {
	w := newWorld(t, 3)
	w.cfg.Store = cfg
	w.cfg.MaxSessionTimeout = time.Hour
	for _, h := range w.hosts {
		h.start()
	}
	w.run(2 * time.Second)
	c := w.client("c")
	c.connect(1, 3_600_000, 0)
	w.settle()
	require.NotZero(t, c.session)
	return w, c
}

func (w *world) has(id proto.ServerID, path string) bool {
	_, ok := w.host(id).core.Tree().ACL(path)
	return ok
}

func (c *client) makes(typ proto.OpCode, path string, flags proto.CreateFlags) {
	c.ask(proto.Op{Type: typ, Path: path, Flags: flags, TTL: 1000, ACL: proto.OpenACL()})
	c.w.settle()
}

// Many containers fall due at once: they go one by one, at the pace configured.
func TestContainersGoAtAPace(t *testing.T) {
	w, c := trio(t, node.StoreConfig{ContainerInterval: 10 * time.Second, ContainersAMinute: 60})
	for i := range 4 {
		path := fmt.Sprintf("/c%d", i)
		c.makes(proto.OpCreateContainer, path, proto.FlagContainer)
		c.makes(proto.OpCreate, path+"/k", 0)
		c.ask(proto.Op{Type: proto.OpDelete, Path: path + "/k", Version: -1})
		w.settle()
	}
	left := func() (n int) {
		for i := range 4 {
			if w.has(2, fmt.Sprintf("/c%d", i)) {
				n++
			}
		}
		return n
	}
	w.run(9900 * time.Millisecond)
	assert.Equal(t, 4, left())
	for i := range 4 {
		w.run(time.Second)
		assert.Equal(t, 3-i, left())
	}
	zxid := w.hosts[0].core.Tree().LastProcessed()
	w.run(time.Minute)
	assert.Equal(t, zxid, w.hosts[0].core.Tree().LastProcessed(), "nothing more is asked for")
}

// A leader dies before it has looked; the next one looks.
func TestContainersOutliveTheirLeader(t *testing.T) {
	w, c := trio(t, node.StoreConfig{ContainerInterval: 5 * time.Second, ExtendedTypes: true})
	c.makes(proto.OpCreateTTL, "/t", proto.FlagTTL)
	w.run(3 * time.Second)
	leader := w.hosts[0].core.Leader()
	require.NotEqual(t, proto.ServerID(1), leader)
	w.host(leader).kill()
	w.run(4 * time.Second)
	require.True(t, w.has(1, "/t"), "the new leader has not looked yet")
	w.run(4 * time.Second)
	assert.False(t, w.has(1, "/t"))
}

// What a client has proved counts for what it asks next, also at the leader; what
// it had asked before is judged as it was. Whoever cannot prove it is shut out.
func TestIdentitiesTravelWithRequests(t *testing.T) {
	w, c := trio(t, node.StoreConfig{})
	own := []proto.ACL{{Perms: 31, Scheme: "auth"}}
	c.ask(proto.Op{Type: proto.OpCreate, Path: "/early", ACL: own})
	c.askAs(proto.XidAuth, &proto.Op{Type: proto.OpAuth, Auth: &proto.Auth{Scheme: "digest", Data: []byte("u0:pw0")}})
	c.ask(proto.Op{Type: proto.OpCreate, Path: "/late", ACL: own})
	w.settle()
	var errs []proto.ErrCode
	for _, h := range c.replies {
		errs = append(errs, h.Err)
	}
	assert.ElementsMatch(t, []proto.ErrCode{proto.InvalidACL, proto.OK, proto.OK}, errs)
	acl, _ := w.host(3).core.Tree().ACL("/late")
	assert.Equal(t, []proto.ACL{{Perms: 31, Scheme: "digest", ID: "u0:xswgqlKtqEn0eA7I3yN8thckKUw="}}, acl)

	other := w.client("other")
	other.connect(2, 10_000, 0)
	w.settle()
	other.ask(proto.Op{Type: proto.OpDelete, Path: "/late", Version: -1}) // the parent is open
	other.ask(proto.Op{Type: proto.OpSetData, Path: "/late", Version: -1})
	w.settle()
	assert.Equal(t, proto.NoNode, other.replies[len(other.replies)-1].Err)
	other.askAs(proto.XidAuth, &proto.Op{Type: proto.OpAuth, Auth: &proto.Auth{Scheme: "kerberos"}})
	w.settle()
	last := other.replies[len(other.replies)-1]
	assert.Equal(t, proto.ReplyHeader{Xid: proto.XidAuth, Err: proto.AuthFailed}, last)
	assert.Nil(t, other.end, "the connection is closed")
	_, open := w.host(2).core.Tree().SessionTimeout(other.session)
	assert.True(t, open, "the session is not")
}

// A quota that is passed is noted by every server that applies the change.
func TestQuotaIsNoted(t *testing.T) {
	w, c := trio(t, node.StoreConfig{})
	c.makes(proto.OpCreate, "/a", 0)
	c.makes(proto.OpCreate, "/zookeeper/quota/a", 0)
	c.ask(proto.Op{Type: proto.OpCreate, Path: "/zookeeper/quota/a/zookeeper_limits", Data: []byte("count=1,bytes=-1"), ACL: proto.OpenACL()})
	c.makes(proto.OpCreate, "/zookeeper/quota/a/zookeeper_stats", 0)
	assert.Zero(t, w.facts["quotas passed"])
	c.makes(proto.OpCreate, "/a/b", 0)
	assert.Equal(t, 3, w.facts["quotas passed"])
}
