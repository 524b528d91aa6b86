package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// loader lists the module, and what the planted sources need beyond it, once.
var loader = sync.OnceValues(func() (*Loader, error) {
	return NewLoader("../..", "./...", "context", "crypto/rand", "hash/maphash", "maps", "math/rand", "math/rand/v2", "net", "os",
		"sort", "slices", "sync", "sync/atomic", "time", "unsafe", "github.com/spf13/cobra")
})

func TestModuleKeepsItsRules(t *testing.T) {
	l, err := loader()
	require.NoError(t, err)
	packages, err := l.Packages()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(packages), 15, "the loader lost packages")
	for _, p := range packages {
		for _, f := range Check(p) {
			t.Error(f)
		}
	}
}

// What a person's own test imports pulls in little.
func TestClosureOfTheSimulator(t *testing.T) {
	l, err := loader()
	require.NoError(t, err)
	allowed := []string{"github.com/anishathalye/porcupine", "github.com/go-zookeeper/zk"}
	for _, root := range []string{"sim/engine", "sim/client"} {
		i := slices.IndexFunc(l.listed, func(p listed) bool { return p.ImportPath == Module+"/"+root })
		require.GreaterOrEqual(t, i, 0, root)
		for _, dep := range foreign(l.listed[i].Deps, allowed) {
			t.Errorf("%s pulls in %s", root, dep)
		}
	}
}

// foreign returns the paths that are neither ours, of the standard library, nor
// allowed.
func foreign(deps, allowed []string) []string {
	var out []string
	for _, dep := range deps {
		ok := isOurs(dep) && !below(dep, Module+"/cmd") || isStandard(dep) ||
			slices.ContainsFunc(allowed, func(m string) bool { return below(dep, m) })
		if !ok {
			out = append(out, dep)
		}
	}
	return out
}

func TestForeignDependenciesAreSeen(t *testing.T) {
	deps := []string{"fmt", Module + "/node", Module + "/cmd/lint", "github.com/spf13/cobra", "github.com/go-zookeeper/zk", "vendor.org/x"}
	assert.Equal(t, []string{Module + "/cmd/lint", "github.com/spf13/cobra", "vendor.org/x"}, foreign(deps, []string{"github.com/go-zookeeper/zk"}))
}

// Every exception is still needed.
func TestExceptionsAreUsed(t *testing.T) {
	l, err := loader()
	require.NoError(t, err)
	packages, err := l.Packages()
	require.NoError(t, err)
	saved := exceptions
	t.Cleanup(func() { exceptions = saved })
	exceptions = nil
	var raw []Finding
	for _, p := range packages {
		raw = append(raw, Check(p)...)
	}
	for _, e := range saved {
		assert.NotEmpty(t, e.reason, e.path)
		assert.True(t, slices.ContainsFunc(raw, func(f Finding) bool {
			return f.Rule == e.rule && strings.Contains(f.Text, e.text) && strings.Contains(filepath.ToSlash(f.Pos.Filename), "/"+e.path+"/")
		}), "nothing needs the exception of %s to %s %q", e.path, e.rule, e.text)
	}
}

var (
	asPath = regexp.MustCompile(`(?m)^// as: (\S+)$`)
	wanted = regexp.MustCompile(`// want(-above)? ([a-z-]+(?: [a-z-]+)*)`)
)

// Each rule fails on the source planted for it, at the lines that say so, and
// nowhere else.
func TestRulesSeePlantedBreaches(t *testing.T) {
	l, err := loader()
	require.NoError(t, err)
	names, err := filepath.Glob("testdata/*.go")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			src, err := os.ReadFile(name)
			require.NoError(t, err)
			path := asPath.FindSubmatch(src)
			require.NotNil(t, path, "the source does not say which package it stands for")
			p, err := l.Load(Module+"/"+string(path[1]), name)
			require.NoError(t, err)
			var got, want []string
			for _, f := range Check(p) {
				got = append(got, fmt.Sprintf("%d %s", f.Pos.Line, f.Rule))
				seen[f.Rule] = true
			}
			for i, line := range strings.Split(string(src), "\n") {
				if m := wanted.FindStringSubmatch(line); m != nil {
					for _, rule := range strings.Fields(m[2]) {
						want = append(want, fmt.Sprintf("%d %s", i+1-len(m[1])/len("-above"), rule))
					}
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			assert.Equal(t, slices.Compact(want), slices.Compact(got))
		})
	}
	for _, rule := range []string{
		"package-comment", "direction", "import", "linkname", "goroutine", "channel", "clock", "float",
		"address", "map-order", "unstable-sort", "global",
	} {
		assert.True(t, seen[rule], "no planted source breaks the rule %s", rule)
	}
}

func TestBuildConstraintIsSeen(t *testing.T) {
	l, err := loader()
	require.NoError(t, err)
	p, err := l.Load(Module+"/node", "testdata/clean.go")
	require.NoError(t, err)
	require.Empty(t, Check(p))
	p.Ignored = []string{"fast_windows.go"}
	found := Check(p)
	require.Len(t, found, 1)
	assert.Equal(t, "constraint", found[0].Rule)
}

func TestDirections(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"node", "node/store", true},
		{"node", "sim/engine", false},
		{"node", "sim/rng", false},
		{"node", "netsim", false},
		{"node/ztree", "node/store", false},
		{"node/proto", "node/quorum", false},
		{"model", "node/proto", true},
		{"model", "node/ztree", false},
		{"model", "node", false},
		{"linearizability", "model", true},
		{"sim/rng", "sim/vtime", false},
		{"netsim", "sim/rng", true},
		{"netsim", "node/store", false},
		{"disksim", "node/store", true},
		{"disksim", "node", false},
		{"sim/engine", "node", true},
		{"sim/engine", "cmd/lint", false},
		{"sim/engine", "node/host", false},
		{"sim/engine", "sim/bundle", false},
		{"node/host", "node", true},
		{"cmd/zksim", "sim/engine", true},
	} {
		row, ok := directionOf(Module + "/" + c.from)
		require.True(t, ok, c.from)
		assert.Equal(t, c.ok, row.allows(Module+"/"+c.to), "%s -> %s", c.from, c.to)
	}
	_, ok := directionOf(Module + "/elsewhere")
	assert.False(t, ok)
}
