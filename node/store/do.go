package store

import (
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// Do carries out one operation. OpRecover and OpCutLog return what they
// recovered; for all others the result is nil.
func Do(fs FS, op Op) (*Recovered, error) {
	switch op.Kind {
	case OpRecover:
		return Recover(fs, op.Keep)
	case OpCutLog:
		if op.Loose {
			return CutLogUpTo(fs, proto.Zxid(op.Off), op.Keep)
		}
		return CutLog(fs, proto.Zxid(op.Off), op.Keep)
	}
	return nil, change(fs, &op)
}

func change(fs FS, op *Op) error {
	switch op.Kind {
	case OpCreate:
		return fs.Create(op.Name)
	case OpWrite:
		return fs.WriteAt(op.Name, op.Off, op.Data)
	case OpTruncate:
		return fs.Truncate(op.Name, op.Off)
	case OpFsync:
		return fs.Sync(op.Name)
	case OpRename:
		return fs.Rename(op.Name, op.To)
	case OpRemove:
		return fs.Remove(op.Name)
	case OpSyncDir:
		return fs.SyncDir()
	}
	return fmt.Errorf("store: no file operation %d", op.Kind)
}

// doAll carries out ops until one fails.
func doAll(fs FS, ops []Op) error {
	for i := range ops {
		if err := change(fs, &ops[i]); err != nil {
			return err
		}
	}
	return nil
}
