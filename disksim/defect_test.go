package disksim

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/rng"
)

// The disks below have one defect each. The comparison must see every one.

type lyingSync struct{ *Disk }

func (d lyingSync) Sync(name string) error {
	_, err := d.ReadFile(name)
	return err
}

type eagerSync struct{ *Disk } // makes writes durable at once

func (d eagerSync) WriteAt(name string, off int64, p []byte) error {
	return errors.Join(d.Disk.WriteAt(name, off, p), d.Disk.Sync(name))
}

type lyingSyncDir struct{ *Disk }

func (d lyingSyncDir) SyncDir() error { return nil }

type splitRename struct{ *Disk } // removes the old file in a step of its own

func (d splitRename) Rename(from, to string) error {
	if from != to {
		_, err := d.ReadFile(from)
		if err == nil {
			_ = d.Disk.Remove(to)
		}
	}
	return d.Disk.Rename(from, to)
}

type dirtyHole struct{ *Disk } // a hole is not zeros

func (d dirtyHole) Truncate(name string, size int64) error {
	old, err := d.ReadFile(name)
	if err == nil && size > int64(len(old)) {
		err = d.Disk.WriteAt(name, int64(len(old)), []byte("?"))
	}
	return errors.Join(err, d.Disk.Truncate(name, size))
}

type inventive struct{ *Disk } // a crash leaves what nobody wrote

func (d inventive) Crash(p Power, draw *rng.Stream) {
	if p == Subset {
		_ = d.SyncDir()
		p = LoseUnsynced
		names, _ := d.List()
		for _, name := range names {
			_ = d.Disk.Truncate(name, 1)
			_ = d.Disk.Sync(name)
		}
	}
	d.Disk.Crash(p, draw)
}

// shareBytes is a clone that writes into the original's content.
func shareBytes(s subject) subject {
	c := s.(*Disk).Clone()
	for i := range c.files {
		c.files[i].shared = 0
	}
	return c
}

// shareChanges is a clone after which the original uses the memory of its
// unsynced changes again.
func shareChanges(s subject) subject {
	d := s.(*Disk)
	c := d.Clone()
	for i := range d.files {
		d.files[i].lent = false
	}
	return c
}

func TestReferenceSeesDefects(t *testing.T) {
	defects := map[string]struct {
		disk  func() subject
		clone func(subject) subject
	}{
		"lying sync":     {disk: func() subject { return lyingSync{New()} }},
		"eager sync":     {disk: func() subject { return eagerSync{New()} }},
		"lying syncdir":  {disk: func() subject { return lyingSyncDir{New()} }},
		"split rename":   {disk: func() subject { return splitRename{New()} }},
		"dirty hole":     {disk: func() subject { return dirtyHole{New()} }},
		"invention":      {disk: func() subject { return inventive{New()} }},
		"no clone":       {disk: plain, clone: func(s subject) subject { return s }},
		"shared bytes":   {disk: plain, clone: shareBytes},
		"shared changes": {disk: plain, clone: shareChanges},
	}
	for name, d := range defects {
		seed := uint64(0)
		for seed < 5000 && sessionOf(seed, d.disk(), d.clone) == nil {
			seed++
		}
		assert.Less(t, seed, uint64(5000), name)
	}
	for seed := range uint64(1000) {
		require.NoError(t, sessionOf(seed, New(), plainClone), "no defect")
	}
}

func plain() subject { return New() }

func sessionOf(seed uint64, disk subject, clone func(subject) subject) error {
	s := rng.New(seed).Stream(rng.Key{})
	return newSession(func(_ string, n int) int { return int(s.Below(int64(n))) }, disk, clone).run(40)
}
