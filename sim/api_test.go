package sim_test

import (
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim"
	"github.com/zksim/zksim/sim/client"
)

var open = zk.WorldACL(zk.PermAll)

// speaks runs code on a quiet ensemble; what it requires must hold.
func speaks(t *testing.T, code func(c *sim.Cluster, conn client.API)) *sim.Outcome {
	t.Helper()
	o := mustRun(t, 7, only(func(c *sim.Cluster, conn client.API) {
		for conn.State() != zk.StateHasSession {
			client.Await(conn, client.Events(conn))
		}
		code(c, conn)
		c.Logf("done")
	}))
	require.Nil(t, o.Violation)
	require.NotEmpty(t, o.Log, "the code did not come to its end")
	return o
}

// The simulated connection gives what the real one gives.
func TestReadsAndWrites(t *testing.T) {
	speaks(t, func(c *sim.Cluster, conn client.API) {
		path, err := conn.Create("/a", []byte("1"), 0, open)
		require.NoError(c, err)
		require.Equal(c, "/a", path)
		_, err = conn.Create("/a", nil, 0, open)
		require.Equal(c, zk.ErrNodeExists, err)
		_, err = conn.Create("/x/y", nil, 0, open)
		require.Equal(c, zk.ErrNoNode, err)
		data, stat, err := conn.Get("/a")
		require.NoError(c, err)
		require.Equal(c, "1", string(data))
		require.Equal(c, int32(1), stat.DataLength)
		_, _, err = conn.Get("/none")
		require.Equal(c, zk.ErrNoNode, err)
		stat, err = conn.Set("/a", []byte("22"), 0)
		require.NoError(c, err)
		require.Equal(c, int32(1), stat.Version)
		_, err = conn.Set("/a", nil, 7)
		require.Equal(c, zk.ErrBadVersion, err)
		path, err = conn.Create("/a/s-", nil, zk.FlagSequence, open)
		require.NoError(c, err)
		require.Equal(c, "/a/s-0000000000", path)
		names, stat, err := conn.Children("/a")
		require.NoError(c, err)
		require.Equal(c, []string{"s-0000000000"}, names)
		require.Equal(c, int32(1), stat.NumChildren)
		require.Equal(c, zk.ErrNotEmpty, conn.Delete("/a", -1))
		there, _, err := conn.Exists("/a/none")
		require.NoError(c, err)
		require.False(c, there)
		synced, err := conn.Sync("/a")
		require.NoError(c, err)
		require.Equal(c, "/a", synced)
		path, err = conn.Create("/e", nil, zk.FlagEphemeral, open)
		require.NoError(c, err)
		there, stat, err = conn.Exists(path)
		require.True(c, err == nil && there && stat.EphemeralOwner == conn.SessionID())
		_, err = conn.Create("/e/child", nil, 0, open)
		require.Equal(c, zk.ErrNoChildrenForEphemerals, err)
	})
}

func TestMultis(t *testing.T) {
	speaks(t, func(c *sim.Cluster, conn client.API) {
		out, err := conn.Multi(&zk.CreateRequest{Path: "/m", Acl: open}, &zk.SetDataRequest{Path: "/m", Data: []byte("x"), Version: 0},
			&zk.CheckVersionRequest{Path: "/m", Version: 1}, &zk.DeleteRequest{Path: "/m", Version: -1})
		require.NoError(c, err)
		require.Len(c, out, 4)
		require.Equal(c, "/m", out[0].String)
		require.Equal(c, int32(1), out[1].Stat.Version)
		out, err = conn.Multi(&zk.CreateRequest{Path: "/m", Acl: open}, &zk.DeleteRequest{Path: "/none", Version: -1})
		require.Equal(c, zk.ErrNoNode, err)
		require.Len(c, out, 2)
		require.Equal(c, zk.ErrNoNode, out[1].Error)
		_, err = conn.Multi("something")
		require.ErrorContains(c, err, "unknown operation type string")
	})
}

// What go-zookeeper refuses by itself is refused, too.
func TestRefusals(t *testing.T) {
	speaks(t, func(c *sim.Cluster, conn client.API) {
		for _, path := range []string{"", "a", "/a/", "//", "/a//b", "/./a", "/a/..", "/\x00"} {
			_, _, err := conn.Get(path)
			require.Equal(c, zk.ErrInvalidPath, err, "%q", path)
		}
		_, err := conn.Create("/a/", nil, zk.FlagSequence, open)
		require.Equal(c, zk.ErrNoNode, err, "a sequential name may be empty")
		_, err = conn.Create("/a", nil, 9, open)
		require.ErrorContains(c, err, "invalid flag value: [9]")
		_, err = conn.Create("/a", nil, zk.FlagTTL, open)
		require.ErrorIs(c, err, zk.ErrInvalidFlags)
		_, err = conn.CreateTTL("/a", nil, 0, open, time.Second)
		require.ErrorIs(c, err, zk.ErrInvalidFlags)
		_, err = conn.CreateContainer("/a", nil, 0, open)
		require.ErrorIs(c, err, zk.ErrInvalidFlags)
	})
}

func TestWatches(t *testing.T) {
	speaks(t, func(c *sim.Cluster, conn client.API) {
		there, _, made, err := conn.ExistsW("/w")
		require.True(c, err == nil && !there)
		_, _, root, err := conn.ChildrenW("/")
		require.NoError(c, err)
		_, err = conn.Create("/w", nil, 0, open)
		require.NoError(c, err)
		require.Equal(c, zk.EventNodeCreated, client.Await(conn, made).Type)
		require.Equal(c, zk.EventNodeChildrenChanged, client.Await(conn, root).Type)
		_, _, set, err := conn.GetW("/w")
		require.NoError(c, err)
		_, _, there2, err := conn.ExistsW("/w")
		require.NoError(c, err)
		_, which := client.AwaitAny(conn, time.Second, set, there2)
		require.Equal(c, -1, which)
		require.NoError(c, conn.Delete("/w", -1))
		e, which := client.AwaitAny(conn, time.Second, nil, set)
		require.Equal(c, 1, which)
		require.Equal(c, zk.Event{Type: zk.EventNodeDeleted, State: zk.StateSyncConnected, Path: "/w"}, e)
		require.Equal(c, zk.EventNodeDeleted, client.Await(conn, there2).Type)
		require.Equal(c, zk.Event{}, client.Await(conn, set), "it is closed")
		_, _, _, err = conn.GetW("/w")
		require.Equal(c, zk.ErrNoNode, err)
	})
}

// An expired session is followed by another one; its watches end with an error,
// and its calls too.
func TestExpiry(t *testing.T) {
	o := mustRun(t, 3, func(c *sim.Cluster) {
		c.For(40 * time.Second)
		c.Schedule("at 5s client c1 expire")
		c.Client("a", func(conn client.API) {
			for conn.State() != zk.StateHasSession {
				client.Await(conn, client.Events(conn))
			}
			first := conn.SessionID()
			_, err := conn.Create("/e", nil, zk.FlagEphemeral, open)
			require.NoError(c, err)
			_, _, gone, err := conn.ExistsW("/e")
			require.NoError(c, err)
			e := client.Await(conn, gone)
			require.Equal(c, zk.EventNotWatching, e.Type)
			require.Equal(c, zk.ErrSessionExpired, e.Err)
			for conn.State() != zk.StateHasSession {
				client.Sleep(conn, 100*time.Millisecond)
			}
			require.NotEqual(c, first, conn.SessionID())
			there, _, err := conn.Exists("/e")
			require.True(c, err == nil && !there)
			c.Logf("done")
		})
	})
	require.Nil(t, o.Violation)
	require.NotEmpty(t, o.Log)
}

// A reply that is lost leaves its call unknown: the real library says that the
// connection is closed, whatever became of the request.
func TestLostReplies(t *testing.T) {
	o := mustRun(t, 3, func(c *sim.Cluster) {
		c.For(30 * time.Second)
		c.Schedule("on c1.create#1 client c1 drop-reply")
		c.Client("a", func(conn client.API) {
			client.Sleep(conn, 3*time.Second)
			path, err := conn.CreateProtectedEphemeralSequential("/n-", nil, open)
			require.NoError(c, err, "it is found by its GUID")
			require.Regexp(c, `^/_c_[0-9a-f]{32}-n-\d{10}$`, path)
			names, _, err := conn.Children("/")
			require.NoError(c, err)
			require.Len(c, names, 2, "and zookeeper: it was made once")
			c.Logf("done")
		})
	})
	require.Nil(t, o.Violation)
	require.NotEmpty(t, o.Log)
	require.NotZero(t, o.Counts.OperationsUnknown)
}

func TestClose(t *testing.T) {
	speaks(t, func(c *sim.Cluster, conn client.API) {
		_, _, ch, err := conn.GetW("/")
		require.NoError(c, err)
		conn.Close()
		require.Equal(c, zk.ErrClosing, client.Await(conn, ch).Err)
		_, _, err = conn.Get("/")
		require.Equal(c, zk.ErrConnectionClosed, err)
		require.Equal(c, zk.StateDisconnected, conn.State())
		conn.Close()
	})
}

// Identities, access lists, containers, nodes with a time to live and
// reconfiguration are asked of the server, whatever it answers.
func TestTheRestIsAsked(t *testing.T) {
	speaks(t, func(c *sim.Cluster, conn client.API) {
		_, err := conn.CreateContainer("/c", nil, zk.FlagContainer, open)
		c.Logf("container %v", err)
		_, err = conn.CreateTTL("/t", nil, zk.FlagTTL, open, time.Minute)
		c.Logf("ttl %v", err)
		_, _, err = conn.GetACL("/")
		c.Logf("acl %v", err)
		_, err = conn.SetACL("/zookeeper", open, -1)
		c.Logf("acl %v", err)
		err = conn.AddAuth("digest", []byte("me:secret"))
		c.Logf("auth %v", err)
		_, err = conn.Reconfig([]string{"server.1=x"}, -1)
		require.Error(c, err)
	})
}

// Threads of one client take turns, and see the same connection.
func TestThreads(t *testing.T) {
	speaks(t, func(c *sim.Cluster, conn client.API) {
		sum := 0
		for range 3 {
			client.Go(conn, func() {
				for range 4 {
					client.Sleep(conn, 100*time.Millisecond)
					sum++
				}
			})
		}
		client.Sleep(conn, time.Second)
		require.Equal(c, 12, sum)
		require.Less(c, client.Draw(conn, 10), int64(10))
		require.Greater(c, client.Now(conn), time.Second)
		require.Regexp(c, `^zk[123]:2181$`, conn.Server())
	})
}
