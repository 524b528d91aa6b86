package store_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
	"github.com/zksim/zksim/node/ztree"
)

func TestEpochRules(t *testing.T) {
	type want struct {
		accepted, current proto.Epoch
		err               error
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  want
	}{
		"missing files":            {nil, want{accepted: 2, current: 2}},
		"both":                     {map[string]string{"acceptedEpoch": "7", "currentEpoch": "5\n"}, want{7, 5, nil}},
		"accepted alone":           {map[string]string{"acceptedEpoch": "7"}, want{7, 2, nil}},
		"accepted less":            {map[string]string{"acceptedEpoch": "4", "currentEpoch": "5"}, want{err: store.ErrEpochOrder}},
		"accepted missing":         {map[string]string{"currentEpoch": "5"}, want{err: store.ErrEpochOrder}},
		"behind":                   {map[string]string{"acceptedEpoch": "2", "currentEpoch": "1"}, want{err: store.ErrEpochBehind}},
		"behind, announced":        {map[string]string{"acceptedEpoch": "2", "currentEpoch": "1", "currentEpoch.tmp": "2"}, want{2, 2, nil}},
		"behind, announced later":  {map[string]string{"acceptedEpoch": "4", "currentEpoch": "1", "currentEpoch.tmp": "4"}, want{4, 2, nil}},
		"behind, announced before": {map[string]string{"acceptedEpoch": "2", "currentEpoch": "0", "currentEpoch.tmp": "1"}, want{err: store.ErrEpochBehind}},
		"behind, announcing again": {map[string]string{"acceptedEpoch": "4", "currentEpoch": "1", "currentEpoch.tmp": ""}, want{4, 2, nil}},
		"announced in vain":        {map[string]string{"acceptedEpoch": "4", "currentEpoch": "2", "currentEpoch.tmp": "4"}, want{4, 2, nil}},
		"no number":                {map[string]string{"currentEpoch": "two"}, want{err: store.ErrEpochFile}},
		"empty":                    {map[string]string{"acceptedEpoch": ""}, want{err: store.ErrEpochFile}},
		"negative":                 {map[string]string{"acceptedEpoch": "-1"}, want{err: store.ErrEpochFile}},
		"too large":                {map[string]string{"acceptedEpoch": "2147483648"}, want{err: store.ErrEpochFile}},
		"too long":                 {map[string]string{"acceptedEpoch": "0000000000000000002"}, want{err: store.ErrEpochFile}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			logged(t, d, newScribe(ztree.New()), 2, 2)
			for file, content := range c.files {
				put(t, d, file, []byte(content))
			}
			before := files(t, d)
			r, err := store.Recover(d, 0)
			require.ErrorIs(t, err, c.want.err)
			if err != nil {
				assert.Equal(t, before, files(t, d))
				return
			}
			assert.Equal(t, c.want.accepted, r.AcceptedEpoch)
			assert.Equal(t, c.want.current, r.CurrentEpoch)
			d.Crash(disksim.LoseUnsynced, nil)
			assert.NotContains(t, names(t, d), "currentEpoch.tmp")
			again := mustRecover(t, d)
			assert.Equal(t, c.want.current, again.CurrentEpoch)
		})
	}
}

func TestEpochOps(t *testing.T) {
	d := newDisk(t)
	ops := store.EpochOps(nil, store.AcceptedEpochFile, 9)
	assert.Equal(t, []store.OpKind{store.OpCreate, store.OpWrite, store.OpFsync, store.OpRename, store.OpSyncDir}, kinds(ops))
	for i, op := range ops {
		c := d.Clone()
		c.Crash(disksim.LoseUnsynced, nil)
		assert.Zero(t, mustRecover(t, c).AcceptedEpoch, "before operation %d", i)
		do(t, d, op)
	}
	d.Crash(disksim.LoseUnsynced, nil)
	assert.EqualValues(t, 9, mustRecover(t, d).AcceptedEpoch)
	assert.Equal(t, []byte("9"), read(t, d, "acceptedEpoch"))
}

func TestUnknownOperation(t *testing.T) {
	_, err := store.Do(disksim.New(), store.Op{Kind: 99})
	require.Error(t, err)
	_, err = store.Do(disksim.New(), store.Op{Kind: store.OpWrite, Name: "x"})
	require.Error(t, err)
}
