package store

import (
	"slices"
	"strconv"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

const (
	logPrefix      = "log."
	snapshotPrefix = "snapshot."
	tempSuffix     = ".tmp"
)

// LogName returns the name of the log whose first transaction is z.
func LogName(z proto.Zxid) string { return logPrefix + hex(z) }

// SnapshotName returns the name of the snapshot begun at z.
func SnapshotName(z proto.Zxid) string { return snapshotPrefix + hex(z) }

func hex(z proto.Zxid) string { return strconv.FormatUint(uint64(z), 16) }

// parseName takes the zxid out of a name that one of the two functions above
// made. Names with other spellings of the number belong to somebody else.
func parseName(name, prefix string) (proto.Zxid, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	z, err := strconv.ParseInt(digits, 16, 64)
	return proto.Zxid(z), err == nil && z >= 0 && hex(proto.Zxid(z)) == digits
}

// Keeps reports whether a server keeps files of this name, or makes them under it.
func Keeps(name string) bool {
	name = strings.TrimSuffix(name, tempSuffix)
	_, log := parseName(name, logPrefix)
	_, snapshot := parseName(name, snapshotPrefix)
	_, epoch := epochFileNamed(name)
	return log || snapshot || epoch
}

// directory is what the names in a directory tell.
type directory struct {
	snapshots []proto.Zxid // rising
	logs      []proto.Zxid // rising
	temps     []string     // left by writes that a crash cut short; never currentEpoch.tmp
	epochs    [numEpochFiles]bool
	epochTemp bool // currentEpoch.tmp
}

func list(fs FS) (*directory, error) {
	names, err := fs.List()
	if err != nil {
		return nil, err
	}
	d := new(directory)
	for _, name := range names {
		d.add(name)
	}
	slices.Sort(d.snapshots)
	slices.Sort(d.logs)
	return d, nil
}

func (d *directory) add(name string) {
	if z, ok := parseName(name, logPrefix); ok {
		d.logs = append(d.logs, z)
	} else if z, ok := parseName(name, snapshotPrefix); ok {
		d.snapshots = append(d.snapshots, z)
	} else if base, ok := strings.CutSuffix(name, tempSuffix); ok {
		d.addTemp(name, base)
	} else if which, ok := epochFileNamed(name); ok {
		d.epochs[which] = true
	}
}

func (d *directory) addTemp(name, base string) {
	which, epoch := epochFileNamed(base)
	_, snapshot := parseName(base, snapshotPrefix)
	switch {
	case epoch && which == CurrentEpochFile:
		d.epochTemp = true
	case epoch || snapshot:
		d.temps = append(d.temps, name)
	}
}

// untouched reports a directory in which no server has kept anything yet.
// Snapshot 0 is durable before any log or epoch file is written.
func (d *directory) untouched() bool {
	return len(d.snapshots)+len(d.logs) == 0 && d.epochs == [numEpochFiles]bool{}
}
