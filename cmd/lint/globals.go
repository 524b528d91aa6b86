package lint

import (
	"go/ast"
	"go/token"
	"go/types"
)

// globals refuses to change a package-level variable after its declaration:
// assignment to it or to a part of it, taking its address, and handing it to
// what changes its argument. Constant tables stay possible.
func (c *checker) globals(n ast.Node) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, e := range n.Lhs {
			c.unchanged(e, "assigned")
		}
	case *ast.IncDecStmt:
		c.unchanged(n.X, "assigned")
	case *ast.RangeStmt:
		c.unchanged(n.Key, "assigned")
		c.unchanged(n.Value, "assigned")
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			c.unchanged(n.X, "handed out by address")
		}
	case *ast.CallExpr:
		c.unchangedByCall(n)
	}
}

// unchangedByCall looks at the builtins that change their first argument, and
// at methods with pointer receivers.
func (c *checker) unchangedByCall(call *ast.CallExpr) {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		b, ok := c.pkg.Info.Uses[fun].(*types.Builtin)
		if ok && (b.Name() == "delete" || b.Name() == "clear" || b.Name() == "copy") {
			c.unchanged(call.Args[0], "changed")
		}
	case *ast.SelectorExpr:
		m, ok := c.pkg.Info.Uses[fun.Sel].(*types.Func)
		if ok && m.Signature().Recv() != nil && is[*types.Pointer](m.Signature().Recv().Type()) && isOurs(m.Pkg().Path()) {
			c.unchanged(fun.X, "changed by a method")
		}
	}
}

// unchanged reports an expression that is, or is part of, a package-level
// variable.
func (c *checker) unchanged(e ast.Expr, how string) {
	if e == nil {
		return
	}
	id := c.root(e)
	if id == nil {
		return
	}
	v, ok := c.pkg.Info.Uses[id].(*types.Var)
	if ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
		c.report(e.Pos(), "global", "package-level variable %s is %s; a second run in the process would see it", v.Name(), how)
	}
}

// root is the variable that an expression is a part of. A variable of another
// package is found behind the name of the package.
func (c *checker) root(e ast.Expr) *ast.Ident {
	switch x := e.(type) {
	case *ast.Ident:
		return x
	case *ast.ParenExpr:
		return c.root(x.X)
	case *ast.IndexExpr:
		return c.root(x.X)
	case *ast.SliceExpr:
		return c.root(x.X)
	case *ast.StarExpr:
		return c.root(x.X)
	case *ast.SelectorExpr:
		if id, ok := x.X.(*ast.Ident); ok {
			if _, qualified := c.pkg.Info.Uses[id].(*types.PkgName); qualified {
				return x.Sel
			}
		}
		return c.root(x.X)
	}
	return nil
}
