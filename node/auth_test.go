package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// A client of a follower proves more and more identities. They go to the leader
// with each of its writes: it is shut out before they make a packet that the
// leader refuses together with the follower who sent it.
func TestIdentitiesAreBounded(t *testing.T) {
	for name, filler := range map[string]string{"many": "", "long": strings.Repeat("x", 20_000)} {
		t.Run(name, func(t *testing.T) {
			w, _ := trio(t, node.StoreConfig{})
			follower := w.hosts[0].core.Leader()%3 + 1
			epoch := func() proto.Epoch { _, e := w.host(follower).core.Epochs(); return e }
			before := epoch()
			bad := w.client("bad")
			bad.connect(follower, 10_000, 0)
			w.settle()
			for i := 0; i < 1100 && bad.end != nil; i++ {
				credentials := fmt.Sprintf("u%d%s:p", i, filler)
				bad.askAs(proto.XidAuth, &proto.Op{Type: proto.OpAuth, Auth: &proto.Auth{Scheme: "digest", Data: []byte(credentials)}})
				w.settle()
			}
			if bad.end != nil {
				bad.ask(proto.Op{Type: proto.OpCreate, Path: "/bad", ACL: proto.OpenACL()})
				w.settle()
			}
			assert.Nil(t, bad.end, "it is shut out")
			w.run(3 * time.Second)
			assert.True(t, w.host(follower).core.Serving())
			assert.Equal(t, before, epoch())
			assert.NotContains(t, w.facts, "gave up")
			good := w.client("good")
			good.connect(follower, 10_000, 0)
			w.settle()
			assert.True(t, good.connected)
		})
	}
}
