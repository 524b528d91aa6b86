package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// The pieces of a snapshot share their memory where the disk keeps none of it, and
// only there; what is on disk is whole in both cases.
func TestPiecesOfSnapshots(t *testing.T) {
	for copies, shared := range map[bool]bool{false: false, true: true} {
		w := newWorld(t, 1)
		w.cfg.DiskCopies, w.cfg.SnapCount = copies, 20
		h := w.hosts[0]
		pieces, memory := 0, map[*byte]bool{}
		h.hold = func(op store.Op) bool {
			if op.Class == store.ClassSnapshot && op.Kind == store.OpWrite && len(op.Data) > 4<<10 {
				pieces++
				memory[&op.Data[0]] = true
			}
			return false
		}
		h.start()
		w.run(time.Second)
		c := w.client("c")
		c.connect(1, 20000, 0)
		w.settle()
		for i := range 60 {
			c.ask(proto.Op{Type: proto.OpCreate, Path: fmt.Sprintf("/%02d", i), Data: []byte(strings.Repeat("x", 2000)), ACL: proto.OpenACL()})
			w.settle()
		}
		assert.Greater(t, pieces, 4)
		assert.Equal(t, shared, len(memory) < pieces, "%d pieces in %d places", pieces, len(memory))
		digest := h.core.Tree().Digest()
		r, err := store.Recover(h.disk, 0)
		require.NoError(t, err)
		assert.Empty(t, r.Refused)
		assert.Nil(t, r.Mismatch)
		assert.Positive(t, int64(r.SnapshotZxid))
		assert.Equal(t, digest, r.Tree.Digest())
	}
}
