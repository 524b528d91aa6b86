package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/report"
)

// store puts bundles into one directory, and nothing anywhere else. Their names
// come from their contents. The nil store keeps nothing.
type store struct {
	dir   string
	force bool
	same  func(path string) // is told of a bundle that is there already
}

// openStore makes the directory, if one was asked for, and sees that it can be
// written to. Force may be about another file.
func openStore(f dirFlags, same func(path string), other bool) (*store, error) {
	if f.dir == "" {
		if f.force && !other {
			return nil, usagef("--force is about --out, which is not given; leave it out")
		}
		return nil, nil
	}
	if info, err := os.Stat(f.dir); err == nil && !info.IsDir() {
		return nil, usagef("--out %s: this is a file; name a directory", f.dir)
	}
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return nil, fmt.Errorf("cannot make the directory for bundles: %w", err)
	}
	probe, err := os.CreateTemp(f.dir, ".zksim-*")
	if err != nil {
		return nil, fmt.Errorf("cannot write into the directory for bundles: %w", err)
	}
	return &store{f.dir, f.force, same}, errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// put writes a run down and returns the path of the bundle, "" from the nil
// store. Path and the command that uses it are added to the run.
func (s *store) put(run *report.Run) (string, error) {
	if s == nil {
		return "", nil
	}
	b, err := bundle.New(run)
	if err != nil {
		return "", err
	}
	data, err := b.Bytes()
	if err != nil {
		return "", err
	}
	path, err := s.putBytes(data)
	if err != nil {
		return "", err
	}
	run.Artifacts = map[string]string{"bundle": path}
	run.Repro = append([]string{replayLine(path)}, run.Repro...)
	return path, nil
}

// putBytes writes a bundle and returns its path.
func (s *store) putBytes(data []byte) (string, error) {
	path := filepath.Join(s.dir, bundle.Name(data))
	return path, s.write(path, data)
}

// tellAlreadyThere says that a bundle was not written because it is there.
func (a *app) tellAlreadyThere(f *outFlags, path string) {
	if !f.quiet {
		fmt.Fprintf(a.stderr, "zksim: %s is already there and holds the same; it was left alone\n", path)
	}
}

func replayLine(path string) string { return "zksim replay " + repro.QuotePath(path) + " --verify" }

// write makes a new file. A file of that name which holds the same already is
// left alone; another one is only replaced with force, as a whole.
func (s *store) write(path string, data []byte) error {
	if _, err := os.Lstat(path); err == nil {
		return s.replace(path, data)
	}
	beside, err := s.writeBeside(path, data)
	if err != nil {
		return fmt.Errorf("cannot write a bundle: %w", err)
	}
	defer os.Remove(beside)
	switch err := os.Link(beside, path); { // another process may write the same
	case errors.Is(err, os.ErrExist):
		return s.replace(path, data)
	case err != nil: // there are file systems without links
		err = os.Rename(beside, path)
		if err != nil {
			return fmt.Errorf("cannot write a bundle: %w", err)
		}
	}
	return nil
}

// writeBeside writes a whole file that is to get its name later.
func (s *store) writeBeside(path string, data []byte) (beside string, err error) {
	file, err := (*os.File)(nil), os.ErrExist
	for n := 0; errors.Is(err, os.ErrExist); n++ { // as os.CreateTemp, with the rights that the user gives new files
		beside = filepath.Join(filepath.Dir(path), fmt.Sprintf(".zksim-%d-%d", os.Getpid(), n))
		file, err = os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	}
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(beside))
	}
	return beside, nil
}

// replace is write where there is a file. One that is none, such as a device or a
// pipe, is neither read nor replaced.
func (s *store) replace(path string, data []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is there and is no file; name another one", path)
	}
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, data):
		s.same(path)
		return nil
	case !s.force:
		return fmt.Errorf("%s is there and holds something else; move it, or say --force", path)
	}
	beside, err := s.writeBeside(path, data)
	if err == nil {
		err = os.Rename(beside, path)
	}
	if err != nil {
		return fmt.Errorf("cannot replace a bundle: %w", err)
	}
	return nil
}

// readBundle reads a bundle from a file, or from standard input for -.
func (a *app) readBundle(path string) (*bundle.Bundle, error) {
	data, err := a.readFile(path, bundle.SizeMax+1)
	if err == errInterrupted {
		return nil, err
	}
	if err != nil {
		return nil, unjudged(fmt.Sprintf("cannot read the bundle: %v", err))
	}
	b, err := bundle.Parse(path, data)
	if err != nil {
		return nil, unjudged(err.Error())
	}
	a.drive(b)
	return b, nil
}

// cannotRun says why there is no run of a bundle.
func cannotRun(path string, err error) error {
	var said unjudged // of the test that alone can make it
	if errors.As(err, &said) {
		return unjudged(path + ": " + string(said))
	}
	return unjudged(fmt.Sprintf("%s: this version cannot run the bundle: %v", path, err))
}

// readFile reads so many bytes at most.
func (a *app) readFile(path string, most int64) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(io.LimitReader(a.input(), most))
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}
