package store

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// EpochFile is one of the two files that hold an epoch as decimal text.
type EpochFile uint8

// The epoch files.
const (
	AcceptedEpochFile EpochFile = iota // the highest epoch that the server promised to follow
	CurrentEpochFile                   // the epoch whose history it took over last
	numEpochFiles
)

// String gives the name of the file.
func (f EpochFile) String() string { return [...]string{"acceptedEpoch", "currentEpoch"}[f] }

func epochFileNamed(name string) (EpochFile, bool) {
	for f := range numEpochFiles {
		if f.String() == name {
			return f, true
		}
	}
	return 0, false
}

// EpochOps plans the durable change of an epoch file: temporary file, write,
// fsync, rename, directory. Before the last one the change may still be lost.
func EpochOps(ops []Op, which EpochFile, e proto.Epoch) []Op {
	temp := which.String() + tempSuffix
	return append(epochTempOps(ops, which, e),
		Op{Kind: OpRename, Class: ClassEpoch, Name: temp, To: which.String()},
		Op{Kind: OpSyncDir, Class: ClassEpoch})
}

func epochTempOps(ops []Op, which EpochFile, e proto.Epoch) []Op {
	temp := which.String() + tempSuffix
	return append(ops,
		Op{Kind: OpCreate, Class: ClassEpoch, Name: temp},
		Op{Kind: OpWrite, Class: ClassEpoch, Name: temp, Data: strconv.AppendInt(nil, int64(e), 10)},
		Op{Kind: OpFsync, Class: ClassEpoch, Name: temp})
}

// AnnounceEpochOps plans a durable currentEpoch.tmp, which says that the server
// is about to take over the history of epoch e.
//
// A learner must have that history on disk before it writes currentEpoch, and
// the history can hold transactions of e itself. A crash between the two leaves
// a log that is ahead of currentEpoch; the announcement lets recovery tell this
// from damage. The EpochOps that come afterwards complete it.
func AnnounceEpochOps(ops []Op, e proto.Epoch) []Op {
	return append(epochTempOps(ops, CurrentEpochFile, e), Op{Kind: OpSyncDir, Class: ClassEpoch})
}

// epochs is what recovery makes of the epoch files.
type epochs struct {
	accepted, current proto.Epoch
	adopt             bool // currentEpoch lags and must be written
}

// readEpochs reads both files. One that is missing counts as the epoch of the
// last transaction.
func readEpochs(fs FS, d *directory, last proto.Zxid) (epochs, error) {
	accepted, err := readEpochOr(fs, d, AcceptedEpochFile, last.Epoch())
	if err != nil {
		return epochs{}, err
	}
	current, err := readEpochOr(fs, d, CurrentEpochFile, last.Epoch())
	return epochs{accepted: accepted, current: current}, err
}

func readEpochOr(fs FS, d *directory, which EpochFile, missing proto.Epoch) (proto.Epoch, error) {
	if !d.epochs[which] {
		return missing, nil
	}
	return readEpoch(fs, which.String())
}

// check applies the start-up rules of protocol.md §5.2.
func (e *epochs) check(fs FS, d *directory, last proto.Zxid) error {
	if last.Epoch() > e.current {
		if err := checkAnnounced(fs, d, e.current, last); err != nil {
			return err
		}
		e.current, e.adopt = last.Epoch(), true
	}
	if e.accepted < e.current {
		return fmt.Errorf("%w: %d in %v, %d in %v", ErrEpochOrder, e.accepted, AcceptedEpochFile, e.current, CurrentEpochFile)
	}
	return nil
}

// checkAnnounced accepts a log that is ahead of currentEpoch when a write of
// currentEpoch was under way.
//
// The epoch to adopt is that of the last transaction, even if the temporary
// file names a later one: whoever has logged a transaction of an epoch holds all
// that came before that epoch, but of the later one it may lack something that
// a quorum has. A temporary file that a crash left without content replaced an
// announcement and counts as one.
func checkAnnounced(fs FS, d *directory, current proto.Epoch, last proto.Zxid) error {
	behind := fmt.Errorf("%w: %d in %v, last transaction %v (%s)", ErrEpochBehind, current, CurrentEpochFile, last, last.Hex())
	if !d.epochTemp {
		return behind
	}
	temp, err := readEpoch(fs, CurrentEpochFile.String()+tempSuffix)
	switch {
	case errors.Is(err, ErrEpochFile):
		return nil
	case err != nil:
		return err
	case temp < last.Epoch():
		return fmt.Errorf("%w; %d in %v%s", behind, temp, CurrentEpochFile, tempSuffix)
	}
	return nil
}

// maxEpochText is the length of the largest epoch, with room for a line end.
const maxEpochText = 12

func readEpoch(fs FS, name string) (proto.Epoch, error) {
	data, err := fs.ReadFile(name)
	if err != nil {
		return 0, err
	}
	shown := data[:min(len(data), maxEpochText)]
	if len(data) > maxEpochText {
		return 0, fmt.Errorf("%w: %s: %d bytes, beginning with %q", ErrEpochFile, name, len(data), shown)
	}
	e, err := strconv.ParseUint(strings.TrimRight(string(data), "\r\n"), 10, 32)
	if err != nil || e > math.MaxInt32 {
		return 0, fmt.Errorf("%w: %s: want a decimal epoch, got %q", ErrEpochFile, name, shown)
	}
	return proto.Epoch(e), nil
}
