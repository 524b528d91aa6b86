package lint

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// skip is a place where a test may pass without having tested. Its line is for
// reading; what counts is the function, or that it is a script's.
type skip struct {
	file  string // within the module, with slashes
	where string // the function; of a script what stands before its first file
	line  int
}

// allowedSkip is a skip that is meant, with the reason.
type allowedSkip struct{ file, where, reason string }

// script is where a skip of a testscript is.
const script = "script"

// allowedSkips are all of them, by file. A test that is not listed always tests.
var allowedSkips = []allowedSkip{
	{"cmd/internal/ensemble/usage_test.go", "TestUsageOfThisProcess", "needs /proc"},
	{"cmd/internal/repro/repro_test.go", "TestQuoteIsReadBackByTheShell", "needs a POSIX shell"},
	{"cmd/zksim/bisect_commits_test.go", "TestInterruptedSearchAmongCommits", "needs git and the go command"},
	{"cmd/zksim/child_test.go", "onLinux", "needs /proc"},
	{"cmd/zksim/explore_test.go", "TestControlC", "needs os.Interrupt, which cannot be sent on Windows"},
	{"cmd/zksim/git_test.go", "TestFailedTreeLeavesOthersAlone", "needs git"},
	{"cmd/zksim/kept_test.go", "TestKeptBundlesWithAllVerbs", "is slow: .ci/run bundles runs it"},
	{"cmd/zksim/terminal_linux_test.go", "terminal", "needs pseudo terminals"},
	{"cmd/zksim/testdata/gotest/bisect.txtar", script, "needs git"},
	{"cmd/zksim/testdata/script/bisect_commits.txtar", script, "needs git"},
	{"cmd/zksim/testdata/script/bisect_commits.txtar", script, "needs a shell"},
	{"cmd/zksim/testdata/script/explore_disk.txtar", script, "needs files that cannot be written, as Unix has them"},
	{"cmd/zksim/testrunner_test.go", "TestScriptsOfTests", "builds tests: .ci/run people runs it"},
	{"netsim/fault_property_test.go", "anyLossless", "leaves out a draw of rapid, not the test"},
	{"node/host/socket_test.go", "TestIdleConnections", "needs more file descriptors than some systems give"},
	{"sim/check.go", "replayAsked", "a bundle of another test was asked for"},
	{"sim/check.go", "replay", "a kept bundle of a later version, which says so"},
	{"sim/engine/rapid_test.go", "survives", "leaves out a draw of rapid, not the test"},
	{"sim/report/chrome/chrome_test.go", "TestTracesOfManySeeds", "is slow: .ci/run traces runs it"},
	{"sim/simrapid/simrapid.go", "Check", "leaves out a draw of rapid, not the test"},
	{"sim/simrapid/simrapid_test.go", "TestPlanted", "fails by intention: TestRapidFindsAndShrinks runs it"},
	{"sim/simrapid/simrapid_test.go", "FuzzPlanted", "fails by intention: TestBytesFind runs it"},
	{"sim/simrapid/simrapid_test.go", "TestPlantedWait", "fails by intention: TestCodeThatIsLostIsNoSchedule runs it"},
}

// skipsOf finds every skip in the Go files and scripts of a module.
func skipsOf(root string) (all []skip, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		within, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		found, err := skipsOfFile(name, filepath.ToSlash(within))
		all = append(all, found...)
		return err
	})
	return all, err
}

func skipsOfFile(name, within string) ([]skip, error) {
	isScript := strings.HasSuffix(within, ".txtar")
	isSource := strings.HasSuffix(within, ".go") && !strings.Contains(within, "testdata/")
	if !isScript && !isSource {
		return nil, nil
	}
	src, err := os.ReadFile(name)
	if err != nil || isScript {
		return skipsOfScript(within, string(src)), err
	}
	return skipsOfSource(within, src)
}

var skipCommand = regexp.MustCompile(`^\s*(\[[^\]]*\]\s*)*skip(\s|$)`)

// skipsOfScript finds the command among those before the script's first file.
func skipsOfScript(file, text string) (found []skip) {
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "-- ") {
			break
		}
		if skipCommand.MatchString(line) {
			found = append(found, skip{file, script, i + 1})
		}
	}
	return found
}

// skipsOfSource finds calls of Skip, Skipf and SkipNow in a file of tests, or in
// one that has to do with them.
func skipsOfSource(file string, src []byte) (found []skip, err error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(file, "_test.go") && !importsTesting(f) {
		return nil, nil
	}
	for _, d := range f.Decls {
		where := "declaration"
		if fn, ok := d.(*ast.FuncDecl); ok {
			where = fn.Name.Name
		}
		ast.Inspect(d, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && skips(call) {
				found = append(found, skip{file, where, fset.Position(call.Pos()).Line})
			}
			return true
		})
	}
	return found, nil
}

func skips(call *ast.CallExpr) bool {
	s, ok := call.Fun.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name)
}

func importsTesting(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing"` })
}

// judgeSkips compares what there is with what is allowed, both ways: so many times
// as a function is listed it may skip.
func judgeSkips(found []skip, allowed []allowedSkip) (wrong []string) {
	left := slices.Clone(allowed)
	for _, s := range found {
		i := slices.IndexFunc(left, func(a allowedSkip) bool { return a.file == s.file && a.where == s.where })
		if i < 0 {
			wrong = append(wrong, fmt.Sprintf("%s:%d: %s may skip, so that nobody sees that it does not test: list it in allowedSkips with the reason", s.file, s.line, s.where))
			continue
		}
		if left[i].reason == "" {
			wrong = append(wrong, fmt.Sprintf("%s:%d: the skip of %s is listed without a reason", s.file, s.line, s.where))
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, a := range left {
		wrong = append(wrong, fmt.Sprintf("%s: %s does not skip any more: take it out of allowedSkips", a.file, a.where))
	}
	slices.SortFunc(wrong, cmp.Compare[string])
	return wrong
}
