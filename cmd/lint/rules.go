package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// imports holds the table of directions, and in simulated code the list of
// what may be used of the standard library.
func (c *checker) imports() {
	row, ok := directionOf(c.pkg.Path)
	if !ok {
		c.report(c.pkg.Files[0].Package, "direction", "%s has no row in the table of directions; add one", inModule(c.pkg.Path))
		return
	}
	for _, f := range c.pkg.Files {
		outside := c.outside(f)
		for _, spec := range f.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			if !row.allows(path) {
				c.report(spec.Pos(), "direction", "%s must not import %s", inModule(c.pkg.Path), path)
			}
			if Simulated(c.pkg.Path) && !outside && isStandard(path) && !slices.Contains(simulatedImports, path) {
				c.report(spec.Pos(), "import", "simulated code must not import %s", path)
			}
		}
	}
}

// outside reports whether a file runs outside of the simulation that its
// package is part of.
func (c *checker) outside(f *ast.File) bool {
	return isOutside(c.pkg.Path, c.pkg.Fset.Position(f.Package).Filename)
}

// simulated holds the rules that make a run a function of its seed.
func (c *checker) simulated() {
	for _, name := range c.pkg.Ignored {
		c.report(c.pkg.Files[0].Package, "constraint", "%s is left out here by a build constraint; simulated code is the same on every platform", name)
	}
	for _, f := range c.pkg.Files {
		if c.outside(f) {
			continue
		}
		notes := remarks(c.pkg.Fset, f)
		c.directives(f)
		ast.Inspect(f, func(n ast.Node) bool {
			if n != nil {
				c.concurrency(n)
				c.clock(n)
				c.floats(n)
				c.order(n, notes)
				c.globals(n)
				c.addresses(n)
			}
			return true
		})
		c.mapIterators(f, notes)
	}
}

// directives refuses to reach around the rules into the runtime.
func (c *checker) directives(f *ast.File) {
	for _, group := range f.Comments {
		for _, line := range group.List {
			if strings.HasPrefix(line.Text, "//go:linkname") {
				c.report(line.Pos(), "linkname", "simulated code must not reach into other packages by go:linkname")
			}
		}
	}
}

// concurrency refuses goroutines and everything of channels. Any expression or
// type of a channel counts, so ranging, closing and receiving are seen too.
func (c *checker) concurrency(n ast.Node) {
	switch n := n.(type) {
	case *ast.GoStmt:
		c.report(n.Pos(), "goroutine", "simulated code runs on one thread; make it an event")
	case *ast.SelectStmt:
		c.report(n.Pos(), "channel", "simulated code has no select; make it an event")
	case ast.Expr:
		if t := c.pkg.Info.Types[n].Type; t != nil && is[*types.Chan](t) {
			c.report(n.Pos(), "channel", "simulated code has no channels; make it an event")
		}
	}
}

// is reports whether a type, or a member of a type parameter's set, has an
// underlying type of the given kind.
func is[T types.Type](t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.TypeParam); ok {
		return inTypeSet[T](p.Constraint())
	}
	_, ok := t.Underlying().(T)
	return ok
}

func inTypeSet[T types.Type](constraint types.Type) bool {
	iface, ok := constraint.Underlying().(*types.Interface)
	if !ok {
		return false
	}
	for e := range iface.EmbeddedTypes() {
		switch e := types.Unalias(e).(type) {
		case *types.Union:
			for term := range e.Terms() {
				if is[T](term.Type()) {
					return true
				}
			}
		default:
			if is[T](e) || inTypeSet[T](e) {
				return true
			}
		}
	}
	return false
}

// wallClock are the names of package time that look at the machine: its clock,
// its timers, its time zone.
var wallClock = []string{
	"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "NewTimer", "NewTicker", "Tick",
	"Local", "LoadLocation", "Unix", "UnixMilli", "UnixMicro",
}

func (c *checker) clock(n ast.Node) {
	if id, ok := n.(*ast.Ident); ok {
		obj := c.pkg.Info.Uses[id]
		if isPackageLevel(obj, "time") && slices.Contains(wallClock, id.Name) {
			c.report(id.Pos(), "clock", "time.%s looks at the machine; take the time from the event", id.Name)
		}
	}
}

func isPackageLevel(obj types.Object, path string) bool {
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == path && obj.Parent() == obj.Pkg().Scope()
}

// floats refuses floating point: its results differ between architectures.
func (c *checker) floats(n ast.Node) {
	e, ok := n.(ast.Expr)
	if !ok {
		return
	}
	t := c.pkg.Info.Types[e].Type
	if t == nil {
		return
	}
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&(types.IsFloat|types.IsComplex) != 0 {
		c.report(e.Pos(), "float", "floating point differs between machines; use integers or a ratio")
	}
	if lit, ok := e.(*ast.BasicLit); ok && (lit.Kind == token.FLOAT || lit.Kind == token.IMAG) {
		c.report(e.Pos(), "float", "floating point differs between machines; use integers or a ratio")
	}
}

// addresses refuses to print where things lie in memory.
func (c *checker) addresses(n ast.Node) {
	if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, "%p") {
		c.report(lit.Pos(), "address", "an address differs from run to run; print a name or a number")
	}
}

// unstable are the sorts that leave equal elements in any order.
var unstable = map[string][]string{
	"sort":   {"Slice", "Sort"},
	"slices": {"SortFunc", "SortedFunc"},
}

// order refuses what may leak the order of a map or of equal elements, unless a
// comment on its line or directly above says why it does not.
func (c *checker) order(n ast.Node, notes map[int]string) {
	switch n := n.(type) {
	case *ast.RangeStmt:
		if t := c.pkg.Info.Types[n.X].Type; t != nil && is[*types.Map](t) && !c.noted(n, notes, "order-free:") {
			c.report(n.Pos(), "map-order", "the order of a map differs from run to run; sort its keys, or say `// order-free: why`")
		}
	case *ast.Ident:
		for path, names := range unstable { // order-free: at most one path matches
			if isPackageLevel(c.pkg.Info.Uses[n], path) && slices.Contains(names, n.Name) && !c.noted(n, notes, "total order:") {
				c.report(n.Pos(), "unstable-sort", "%s.%s leaves equal elements in any order; sort stably, or say `// total order: why`", path, n.Name)
			}
		}
	}
}

// mapIterators refuses iterators over maps that are not sorted at once.
func (c *checker) mapIterators(f *ast.File, notes map[int]string) {
	sorted := map[*ast.CallExpr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := c.called(call, "slices")
		if name == "Sorted" || name == "SortedFunc" || name == "SortedStableFunc" {
			if arg, ok := call.Args[0].(*ast.CallExpr); ok {
				sorted[arg] = true
			}
		}
		switch c.called(call, "maps") {
		case "Keys", "Values", "All":
			if !sorted[call] && !c.noted(call, notes, "order-free:") {
				c.report(call.Pos(), "map-order", "the order of a map differs from run to run; use slices.Sorted(maps.Keys(m)), or say `// order-free: why`")
			}
		}
		return true
	})
}

// called returns the name of the function of a package that a call calls, or
// nothing.
func (c *checker) called(call *ast.CallExpr, path string) string {
	fun := ast.Unparen(call.Fun)
	switch indexed := fun.(type) {
	case *ast.IndexExpr:
		fun = indexed.X
	case *ast.IndexListExpr:
		fun = indexed.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok || !isPackageLevel(c.pkg.Info.Uses[sel.Sel], path) {
		return ""
	}
	return sel.Sel.Name
}

// remarks gives the comments that cover each line: those that stand on it, and
// those without code beside them whose last line is directly above it.
func remarks(fset *token.FileSet, f *ast.File) map[int]string {
	code := map[int]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.File, *ast.CommentGroup, *ast.Comment:
		default:
			code[fset.Position(n.Pos()).Line] = true
			code[fset.Position(n.End()).Line] = true
		}
		return true
	})
	notes := map[int]string{}
	for _, group := range f.Comments {
		first, last := fset.Position(group.Pos()).Line, fset.Position(group.End()).Line
		if !code[first] {
			last++
		}
		for line := first; line <= last; line++ {
			notes[line] += group.Text()
		}
	}
	return notes
}

// noted reports whether a comment with the mark and a reason covers the line.
func (c *checker) noted(n ast.Node, notes map[int]string, mark string) bool {
	_, reason, ok := strings.Cut(notes[c.pkg.Fset.Position(n.Pos()).Line], mark)
	return ok && strings.TrimSpace(reason) != ""
}
