package host

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// purgeRetainMin is how many snapshots stay whatever is asked for.
const purgeRetainMin = 3

func (h *Host) purgeRegularly() {
	for {
		if err := h.files.purge(h.cfg.PurgeRetain); err != nil {
			h.cfg.Logger.Error("cannot purge old snapshots and logs", "error", err)
		}
		select {
		case <-h.done:
			return
		case <-h.dialling.Done():
			return
		case <-time.After(h.cfg.PurgeInterval):
		}
	}
}

// purge removes all but the newest snapshots, and the logs that none of those
// needs: of the logs that begin before the oldest kept snapshot, all but the last
// hold only what that snapshot holds too.
func (f *files) purge(retain int) error {
	names, err := f.List()
	if err != nil {
		return err
	}
	snapshots, logs := numbered(names, snapshotPrefix), numbered(names, logPrefix)
	snapshots = slices.DeleteFunc(snapshots, func(n numberedFile) bool { return !f.looksWhole(n.name) })
	retain = max(retain, purgeRetainMin)
	if len(snapshots) <= retain {
		return nil
	}
	old, oldest := snapshots[:len(snapshots)-retain], snapshots[len(snapshots)-retain].zxid
	straddling := 0
	for straddling+1 < len(logs) && logs[straddling+1].zxid <= oldest {
		straddling++
	}
	var errs []error
	for _, list := range [][]numberedFile{old, logs[:min(straddling, len(logs))]} {
		for _, n := range list { // oldest first: what is left is a history at any moment
			errs = append(errs, f.Remove(n.name))
		}
	}
	return errors.Join(append(errs, f.SyncDir())...)
}

type numberedFile struct {
	name string
	zxid uint64
}

// numbered are the files PREFIX.HEX, by rising number.
func numbered(names []string, prefix string) []numberedFile {
	var found []numberedFile
	for _, name := range names {
		digits, ok := strings.CutPrefix(name, prefix)
		if z, err := strconv.ParseUint(digits, 16, 64); ok && err == nil {
			found = append(found, numberedFile{name, z})
		}
	}
	slices.SortFunc(found, func(a, b numberedFile) int { return cmp.Compare(a.zxid, b.zxid) })
	return found
}

// looksWhole reports whether a snapshot ends as a whole one does: with the seal.
func (f *files) looksWhole(name string) bool {
	file, err := os.Open(f.path(name))
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() < 5 {
		return false
	}
	var end [5]byte
	_, err = file.ReadAt(end[:], info.Size()-5)
	return err == nil && end == [5]byte{0, 0, 0, 1, '/'}
}
