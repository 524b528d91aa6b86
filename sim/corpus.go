package sim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// corpus lists the bundles that are kept for a test, by name.
func corpus(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // sorted by name
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), bundle.Extension) && !e.IsDir() {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// readBundle reads a bundle of a test.
func readBundle(path string) (*bundle.Bundle, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the bundle cannot be read: %w", err)
	}
	return bundle.Parse(path, data)
}

// inputOf is the run that a bundle tells of.
func inputOf(b *bundle.Bundle) (Input, error) {
	cfg, err := b.Config()
	if err != nil {
		return Input{}, err
	}
	return asked(cfg), nil
}

// asked is the run of a configuration. In it, as in bundles of tests, Clients
// counts all that have names: those of the declaration are there already.
func asked(cfg engine.Config) Input {
	return Input{Seed: cfg.Seed, Schedule: cfg.Schedule, For: cfg.For, config: &cfg}
}

// bundleOf writes a run down.
func (o *Outcome) bundleOf(p place, test string, shrunk *report.Shrunk) ([]byte, error) {
	run := o.run(p, test)
	run.Shrunk = shrunk
	b, err := bundle.New(run)
	if err != nil {
		return nil, err
	}
	b.Document.Config.Clients = o.clients
	return b.Bytes()
}

// run is the run as reports see it.
func (o *Outcome) run(p place, test string) *report.Run {
	return &report.Run{Report: o.Report, Build: thisBuild(), Package: p.pkg, Test: test}
}

// keep writes bytes into a directory under the name that they give, and returns
// the path. A file that is there already holds the same.
func keep(dir string, data []byte) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", fmt.Errorf("the failure cannot be kept: %w", err)
	}
	path := filepath.Join(dir, bundle.Name(data))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	file, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", fmt.Errorf("the failure cannot be kept: %w", err)
	}
	_, err = file.Write(data)
	err = errors.Join(err, file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return "", fmt.Errorf("the failure cannot be kept: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return path, nil
}

// module is the path of the module that this package is part of.
const module = "github.com/zksim/zksim"

// thisBuild tells which version of the simulator a test is linked with. The
// commit is that of the person's code, which nobody tells a test binary.
func thisBuild() report.Build {
	b := report.Build{Version: "devel", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path == module && m.Replace == nil && m.Version != "" && m.Version != "(devel)" {
			b.Version = m.Version
		}
	}
	return b
}
