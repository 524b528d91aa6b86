package disksim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/zksim/zksim/node/store"
)

// reference is a disk that is slow and plainly right: it keeps the list of all
// operations since the last crash and answers every question by going through it.
type reference struct {
	start   map[string]string // the files after the last crash
	history []store.Op
}

// inode tells files apart that had the same name at different times: the place
// in the history of the operation that made it, or its name at the start.
type inode struct {
	made int
	name string
}

// names replays the directory operations of a prefix of the history.
func (r *reference) names(prefix int) map[string]inode {
	names := map[string]inode{}
	for name := range r.start {
		names[name] = inode{-1, name}
	}
	for i, op := range r.history[:prefix] {
		switch op.Kind {
		case store.OpCreate:
			if _, ok := names[op.Name]; !ok {
				names[op.Name] = inode{i, op.Name}
			}
		case store.OpRename:
			file := names[op.Name]
			delete(names, op.Name)
			names[op.To] = file
		case store.OpRemove:
			delete(names, op.Name)
		}
	}
	return names
}

// possibleNames are the directories that a crash may leave: as of the last
// SyncDir, and after each operation since.
func (r *reference) possibleNames() []map[string]inode {
	synced := 0
	for i, op := range r.history {
		if op.Kind == store.OpSyncDir {
			synced = i
		}
	}
	var all []map[string]inode
	for prefix := synced; prefix <= len(r.history); prefix++ {
		all = append(all, r.names(prefix))
	}
	return all
}

// contents replays what was done to one file: its content as programs see it,
// the content as of its last Sync, and the operations since.
func (r *reference) contents(file inode) (cached, durable string, since []store.Op) {
	if file.made < 0 {
		cached, durable = r.start[file.name], r.start[file.name]
	}
	for i, op := range r.history {
		if before, existed := r.names(i)[op.Name]; i == file.made || !existed || before != file {
			continue
		}
		switch op.Kind {
		case store.OpFsync:
			durable, since = cached, nil
		case store.OpCreate, store.OpWrite, store.OpTruncate:
			cached = applied(cached, op)
			since = append(since, op)
		}
	}
	return cached, durable, since
}

// applied is a content after one operation.
func applied(content string, op store.Op) string {
	switch op.Kind {
	case store.OpCreate:
		return ""
	case store.OpTruncate:
		return fitted(content, int(op.Off))
	default:
		b := []byte(fitted(content, max(len(content), int(op.Off)+len(op.Data))))
		copy(b[op.Off:], op.Data)
		return string(b)
	}
}

func fitted(content string, size int) string {
	b := make([]byte, size)
	copy(b, content)
	return string(b)
}

// possible are all contents that a crash may leave of a file.
func (r *reference) possible(file inode) map[string]bool {
	_, durable, since := r.contents(file)
	all := map[string]bool{durable: true}
	for _, op := range since {
		for content := range maps.Clone(all) {
			all[applied(content, op)] = true
		}
	}
	return all
}

// files is the cached state.
func (r *reference) files() map[string]string {
	files := map[string]string{}
	for name, file := range r.names(len(r.history)) {
		files[name], _, _ = r.contents(file)
	}
	return files
}

// lost is what a crash leaves that loses everything unsynced.
func (r *reference) lost() map[string]string {
	files := map[string]string{}
	for name, file := range r.possibleNames()[0] {
		_, files[name], _ = r.contents(file)
	}
	return files
}

// allows says whether a crash may leave these files.
func (r *reference) allows(got map[string]string) bool {
	return slices.ContainsFunc(r.possibleNames(), func(names map[string]inode) bool {
		if len(names) != len(got) {
			return false
		}
		for name, file := range names {
			content, ok := got[name]
			if !ok || !r.possible(file)[content] {
				return false
			}
		}
		return true
	})
}

// unsynced counts what a crash could undo of a file.
func (r *reference) unsynced(name string) int {
	file, ok := r.names(len(r.history))[name]
	if !ok {
		return 0
	}
	_, _, since := r.contents(file)
	return len(since)
}

// carryOut does op on the reference; false where a disk must say fs.ErrNotExist.
func (r *reference) carryOut(op store.Op) bool {
	_, exists := r.names(len(r.history))[op.Name]
	if !exists && op.Kind != store.OpCreate && op.Kind != store.OpSyncDir {
		return false
	}
	if op.Kind == store.OpRename && op.Name == op.To || op.Kind == store.OpWrite && len(op.Data) == 0 {
		return true
	}
	r.history = append(r.history, op)
	return true
}

func (r *reference) clone() *reference {
	return &reference{start: r.start, history: slices.Clone(r.history)}
}

func (r *reference) restart(files map[string]string) { *r = reference{start: files} }

// filesOf reads a whole disk through its interface.
func filesOf(d store.FS) (map[string]string, error) {
	names, err := d.List()
	if err != nil {
		return nil, err
	}
	if !slices.IsSorted(names) {
		return nil, fmt.Errorf("names out of order: %q", names)
	}
	files := map[string]string{}
	for _, name := range names {
		content, err := d.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files[name] = string(content)
	}
	return files, nil
}
