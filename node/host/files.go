package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/zksim/zksim/node/store"
)

// versionDir is the folder of dataDir and dataLogDir that holds the files, as
// ZooKeeper has it.
const versionDir = "version-2"

const (
	logPrefix      = "log."
	snapshotPrefix = "snapshot."
)

// files is a store.FS over two folders of the operating system, which may be
// the same: logs lie in one, all else in the other. Lanes use it at once.
//
// Files stay open between operations, until they are renamed or removed, or a
// newer log begins.
type files struct {
	dataDir, logDir string

	mu   sync.Mutex
	open map[string]*os.File
}

// openFiles makes the folders if need be. Where they differ, files that lie in
// the wrong one are an error: the directories were swapped or one was moved, and
// a server that does not see them would begin with half of its history.
func openFiles(dataDir, logDir string) (*files, error) {
	f := &files{dataDir: versionOf(dataDir), logDir: versionOf(logDir),
		open: map[string]*os.File{}}
	for _, dir := range f.dirs() {
		if err := makeDir(dir); err != nil {
			return nil, err
		}
	}
	if f.dataDir == f.logDir {
		return f, nil
	}
	return f, errors.Join(misplaced(f.logDir, snapshotPrefix, "dataLogDir"), misplaced(f.dataDir, logPrefix, "dataDir"))
}

// versionOf is the folder for files in dataDir or dataLogDir.
func versionOf(dir string) string { return filepath.Join(dir, versionDir) }

// makeDir makes a folder and those above it, so that they survive a loss of power.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return probeWrite(dir)
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if _, err := os.Stat(parent); errors.Is(err, os.ErrNotExist) {
			if err := makeDir(parent); err != nil {
				return err
			}
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return errors.Join(syncDir(parent), probeWrite(dir))
}

// probeWrite finds out before anything else whether a folder can be written.
func probeWrite(dir string) error {
	f, err := os.CreateTemp(dir, "probe")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", dir, err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func misplaced(dir, prefix, key string) error {
	names, err := listDir(dir)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(names, func(s string) bool { return strings.HasPrefix(s, prefix) }); i >= 0 {
		return fmt.Errorf("%s holds %s, which does not belong into %s; check dataDir and dataLogDir", dir, names[i], key)
	}
	return nil
}

func (f *files) dirs() []string {
	if f.dataDir == f.logDir {
		return []string{f.dataDir}
	}
	return []string{f.dataDir, f.logDir}
}

// path says where a file lies.
func (f *files) path(name string) string {
	if strings.HasPrefix(name, logPrefix) {
		return filepath.Join(f.logDir, name)
	}
	return filepath.Join(f.dataDir, name)
}

// Create is part of store.FS. Every log before a new one is fsynced: they need
// not stay open.
func (f *files) Create(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shut(name)
	if strings.HasPrefix(name, logPrefix) {
		f.shutLogs()
	}
	_, err := f.openAs(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	return err
}

func (f *files) shutLogs() {
	for name := range f.open {
		if strings.HasPrefix(name, logPrefix) {
			f.shut(name)
		}
	}
}

func (f *files) openAs(name string, flags int) (*os.File, error) {
	file, err := os.OpenFile(f.path(name), flags, 0o644)
	if err == nil {
		f.open[name] = file
	}
	return file, err
}

// shut closes a file if it is open. What it holds is synced by then, or wanted
// no more, so that an error says nothing.
func (f *files) shut(name string) {
	if file := f.open[name]; file != nil {
		_ = file.Close()
		delete(f.open, name)
	}
}

func (f *files) file(name string) (*os.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if file := f.open[name]; file != nil {
		return file, nil
	}
	return f.openAs(name, os.O_RDWR)
}

// WriteAt is part of store.FS.
func (f *files) WriteAt(name string, off int64, p []byte) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	_, err = file.WriteAt(p, off)
	return err
}

// Truncate is part of store.FS.
func (f *files) Truncate(name string, size int64) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	return file.Truncate(size)
}

// Sync is part of store.FS.
func (f *files) Sync(name string) error {
	file, err := f.file(name)
	if err != nil {
		return err
	}
	return syncData(file)
}

// Rename is part of store.FS.
func (f *files) Rename(from, to string) error {
	f.mu.Lock()
	f.shut(from)
	f.shut(to)
	f.mu.Unlock()
	return os.Rename(f.path(from), f.path(to))
}

// Remove is part of store.FS.
func (f *files) Remove(name string) error {
	f.mu.Lock()
	f.shut(name)
	f.mu.Unlock()
	return os.Remove(f.path(name))
}

// SyncDir is part of store.FS.
func (f *files) SyncDir() error {
	for _, dir := range f.dirs() {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// ReadFile is part of store.FS.
func (f *files) ReadFile(name string) ([]byte, error) { return os.ReadFile(f.path(name)) }

// List is part of store.FS.
func (f *files) List() ([]string, error) {
	var names []string
	for _, dir := range f.dirs() {
		found, err := listDir(dir)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return names, nil
}

// listDir lists the files of a folder; a link is one. A folder within it is nobody's
// business, unless its name is that of a file that a server keeps: passed over, it
// would hide a part of the history that somebody has put there, or be in the way of
// the file when that is made.
func listDir(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		switch {
		case !e.IsDir():
			names = append(names, e.Name())
		case store.Keeps(e.Name()):
			return nil, fmt.Errorf("%s is a directory, but a server keeps a file of that name: move the directory away", filepath.Join(dir, e.Name()))
		}
	}
	return names, nil
}

// close closes what is open.
func (f *files) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.open {
		f.shut(name)
	}
}
