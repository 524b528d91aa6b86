// Package lint holds the module to its own rules by walking its syntax trees:
// which package may import which, and what simulated code may not do because a
// run must be a function of its seed. Its test is the check; nothing imports
// it, and it imports the standard library only.
package lint

import (
	"cmp"
	"fmt"
	"go/token"
	"slices"
	"strings"
)

// Module is the path of the module that the rules are about.
const Module = "github.com/zksim/zksim"

// Finding is one breach of a rule.
type Finding struct {
	Pos  token.Position
	Rule string // the short name of the rule, as in exceptions
	Text string // what is wrong and what to do instead
}

// String gives the form of compilers, so that editors find the line.
func (f Finding) String() string { return fmt.Sprintf("%v: %s: %s", f.Pos, f.Rule, f.Text) }

// Check returns every breach in p, in the order of the files, without those
// that the table of exceptions allows.
func Check(p *Package) []Finding {
	c := &checker{pkg: p}
	c.packageComment()
	c.imports()
	if Simulated(p.Path) {
		c.simulated()
	}
	found := slices.DeleteFunc(c.found, func(f Finding) bool { return excepted(p.Path, f) })
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Offset, b.Pos.Offset), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(found)
}

// checker collects the findings of one package.
type checker struct {
	pkg   *Package
	found []Finding
}

func (c *checker) report(at token.Pos, rule, format string, args ...any) {
	c.found = append(c.found, Finding{c.pkg.Fset.Position(at), rule, fmt.Sprintf(format, args...)})
}

// packageComment demands that some file says what the package is.
func (c *checker) packageComment() {
	want := "Package " + c.pkg.Types.Name() + " "
	if c.pkg.Types.Name() == "main" {
		want = "Command " + c.pkg.Path[strings.LastIndex(c.pkg.Path, "/")+1:] + " "
	}
	for _, f := range c.pkg.Files {
		if f.Doc != nil && strings.HasPrefix(f.Doc.Text(), want) {
			return
		}
	}
	c.report(c.pkg.Files[0].Package, "package-comment", "no file has a package comment that starts with %q", want)
}
