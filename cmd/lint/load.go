package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Package is a package of the module with the syntax and types of its non-test
// files.
type Package struct {
	Path  string
	Fset  *token.FileSet
	Files []*ast.File
	Types *types.Package
	Info  *types.Info

	Ignored []string // files that build constraints leave out
	Deps    []string // import paths of everything it is built from
}

// listed is what the go command says about a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, IgnoredGoFiles []string
	Deps                    []string
	DepOnly                 bool
	Error                   *struct{ Err string }
}

// Loader type-checks packages against the export data of what they import.
type Loader struct {
	fset    *token.FileSet
	listed  []listed
	exports map[string]string // import path -> file
	types   types.Importer
}

// NewLoader asks the go command about the packages that the patterns name, in
// the folder dir, and about everything below them. It compiles what changed.
func NewLoader(dir string, patterns ...string) (*Loader, error) {
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,IgnoredGoFiles,Deps,DepOnly,Error"}
	cmd := exec.Command("go", append(args, patterns...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	l := &Loader{fset: token.NewFileSet(), exports: map[string]string{}}
	if err := l.read(out); err != nil {
		return nil, err
	}
	l.types = importer.ForCompiler(l.fset, "gc", l.open)
	return l, nil
}

func (l *Loader) read(out []byte) error {
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case p.Error != nil:
			return fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err)
		}
		l.listed = append(l.listed, p)
		l.exports[p.ImportPath] = p.Export
	}
}

// open gives export data to the type checker.
func (l *Loader) open(path string) (io.ReadCloser, error) {
	name := l.exports[path]
	if name == "" {
		return nil, fmt.Errorf("no export data of %q: nothing that was listed imports it", path)
	}
	return os.Open(name)
}

// Packages parses and checks the packages of the module that were asked for.
func (l *Loader) Packages() ([]*Package, error) {
	var all []*Package
	for _, p := range l.listed {
		if p.DepOnly || !isOurs(p.ImportPath) || len(p.GoFiles) == 0 {
			continue
		}
		var names []string
		for _, f := range p.GoFiles {
			names = append(names, filepath.Join(p.Dir, f))
		}
		pkg, err := l.Load(p.ImportPath, names...)
		if err != nil {
			return nil, err
		}
		pkg.Ignored, pkg.Deps = p.IgnoredGoFiles, p.Deps
		all = append(all, pkg)
	}
	return all, nil
}

// Load parses and checks files as the package path.
func (l *Loader) Load(path string, names ...string) (*Package, error) {
	p := &Package{Path: path, Fset: l.fset}
	for _, name := range names {
		f, err := parser.ParseFile(l.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.Files = append(p.Files, f)
	}
	p.Info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}
	var err error
	p.Types, err = (&types.Config{Importer: l.types}).Check(path, l.fset, p.Files, p.Info)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.TrimPrefix(path, Module+"/"), err)
	}
	return p, nil
}
