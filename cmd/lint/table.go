package lint

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// direction says what the packages at and below a path may import: ours, by
// path within the module, and the modules of others. The first row that
// matches a package is its row.
type direction struct {
	path   string   // of the package; with /... also those below it
	ours   []string // "..." is everything, "x/..." is x and all below it
	others []string // prefixes of import paths
}

// directions is the picture of the architecture: imports point down only.
var directions = []direction{
	{path: "cmd/zkserver", ours: []string{"node", "node/..."}, others: []string{"github.com/spf13/pflag", "github.com/prometheus/client_golang"}},
	{path: "cmd/internal/zkclients", ours: []string{"cmd/internal/ensemble", "node/..."}, others: []string{"github.com/go-zookeeper/zk"}},
	{path: "cmd/internal/script", others: []string{"github.com/rogpeppe/go-internal/testscript"}},
	{path: "cmd/...", ours: []string{"..."}, others: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term"}},

	{path: "node/proto"},
	{path: "node/quorum", ours: []string{"node/proto"}},
	{path: "node/ztree", ours: []string{"node/proto"}},
	{path: "node/store", ours: []string{"node/proto", "node/ztree"}},
	{path: "node/host/...", ours: []string{"node/..."}},
	{path: "node", ours: []string{"node/proto", "node/quorum", "node/ztree", "node/store"}},

	{path: "model", ours: []string{"node/proto"}},
	{path: "model/golden/recorded", ours: []string{"model/golden"}},
	{path: "model/golden", ours: []string{"node/proto"}},
	{path: "linearizability", ours: []string{"model", "node/proto"}, others: []string{"github.com/anishathalye/porcupine"}},

	{path: "sim/rng"},
	{path: "sim/vtime"},
	{path: "netsim", ours: []string{"sim/rng", "sim/vtime"}},
	{path: "disksim", ours: []string{"sim/rng", "sim/vtime", "node/store"}},

	{path: "sim/fault/netem"},
	{path: "sim/fault/faultgen", ours: []string{"sim/fault", "sim/fault/netem"}, others: []string{"pgregory.net/rapid"}},
	{path: "sim/fault", ours: []string{"node/proto", "sim/fault/netem"}},
	{path: "sim/client", ours: []string{"node/proto"}, others: []string{"github.com/go-zookeeper/zk"}},
	{path: "sim/workload", ours: []string{"node/proto", "sim/client", "sim/rng", "linearizability"}},
	{path: "sim/simrapid", ours: []string{"sim", "sim/...", "node/proto"}, others: []string{"pgregory.net/rapid"}},
	{path: "sim/shrink", ours: []string{"node", "node/proto", "sim/engine", "sim/fault", "sim/fault/netem", "sim/bundle", "sim/report", "sim/rng"}},
	{path: "sim/bisect", ours: []string{"node", "node/proto", "sim/engine", "sim/fault", "sim/bundle", "sim/report", "sim/rng"}},
	{path: "sim/report/chrome", ours: []string{"linearizability", "node", "node/proto", "sim/engine", "sim/report"}},
	{path: "sim/report", ours: []string{"node", "node/proto", "sim/engine", "sim/fault"}},
	{path: "sim/bundle", ours: []string{"linearizability", "node", "node/proto", "sim/engine", "sim/fault", "sim/report", "sim/rng"}},
	{path: "sim/testrun", ours: []string{"sim/engine"}},
	{path: "sim", ours: []string{"node", "node/proto", "linearizability", "sim/..."}, others: []string{"github.com/go-zookeeper/zk"}},
	{path: "sim/engine", ours: []string{"node", "node/proto", "node/quorum", "node/store", "node/ztree", "netsim", "disksim",
		"linearizability", "model", "sim/rng", "sim/vtime", "sim/fault", "sim/fault/netem", "sim/client", "sim/workload"}},
}

// simulatedRoots are the folders whose code runs inside a simulation.
var simulatedRoots = []string{"node", "sim", "netsim", "disksim", "model", "linearizability"}

// outsideRoots are the parts of them that do not.
var outsideRoots = []string{"node/host"}

// outsidePackages are single packages of them that do not, whatever lies below:
// what a person's test imports knows testing, files and the environment.
var outsidePackages = []string{"model/golden/recorded", "sim", "sim/simrapid", "sim/testrun"}

// outsideFiles are single files of simulated packages that do not run inside a
// simulation either.
var outsideFiles = []string{"sim/client/real.go"}

// simulatedImports is all of the standard library that simulated code may use.
// What is missing has a clock, a lock, a goroutine, the operating system or
// chance in it, or has not been needed.
var simulatedImports = []string{
	"bufio", "bytes", "cmp", "crypto/hmac", "crypto/sha1", "crypto/sha256", "encoding/base64", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt",
	"hash", "hash/adler32", "hash/crc32", "hash/fnv", "io", "io/fs", "iter", "maps", "math", "math/big", "math/bits", "path", "slices", "sort",
	"strconv", "strings", "time", "unicode", "unicode/utf16", "unicode/utf8",
}

// exception allows one rule to be broken in one package.
type exception struct {
	path   string // of the package within the module
	rule   string
	text   string // the finding holds it
	reason string
}

// exceptions are all the breaches that are meant.
var exceptions = []exception{
	{"sim/engine", "import", "runtime", "names the function of the core that panicked; no run hangs on it"},
	{"sim/client", "channel", "", "watch events come on channels in go-zookeeper's shapes; one thread fills and empties them"},
}

// Simulated reports whether the code of a package runs inside a simulation.
func Simulated(path string) bool {
	within := inModule(path)
	below := func(root string) bool { return below(within, root) }
	return slices.ContainsFunc(simulatedRoots, below) && !slices.ContainsFunc(outsideRoots, below) &&
		!slices.Contains(outsidePackages, within)
}

// isOutside reports whether a file of a simulated package runs outside of it.
func isOutside(pkg, file string) bool {
	return slices.Contains(outsideFiles, inModule(pkg)+"/"+path.Base(filepath.ToSlash(file)))
}

// inModule cuts the module off a package path.
func inModule(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, Module), "/") }

func isOurs(path string) bool { return below(path, Module) }

// below reports whether path is root or lies under it.
func below(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// matches reports whether a path within the module is what a pattern of the
// table says.
func matches(within, pattern string) bool {
	if root, ok := strings.CutSuffix(pattern, "/..."); ok {
		return below(within, root)
	}
	return pattern == "..." || within == pattern
}

// directionOf returns the row of a package.
func directionOf(path string) (direction, bool) {
	i := slices.IndexFunc(directions, func(d direction) bool { return matches(inModule(path), d.path) })
	if i < 0 {
		return direction{}, false
	}
	return directions[i], true
}

// allows reports whether the row lets its packages import path.
func (d direction) allows(path string) bool {
	switch {
	case isOurs(path):
		return slices.ContainsFunc(d.ours, func(p string) bool { return matches(inModule(path), p) })
	case isStandard(path):
		return true
	}
	return slices.ContainsFunc(d.others, func(p string) bool { return below(path, p) })
}

// isStandard reports whether a path is of the standard library: its first part
// has no dot.
func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func excepted(path string, f Finding) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool {
		return Module+"/"+e.path == path && e.rule == f.Rule && strings.Contains(f.Text, e.text)
	})
}
