package main

import (
	"github.com/spf13/pflag"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// simFlags say what is simulated, the seed apart.
type simFlags struct {
	servers countValue
	clients countValue
	span    spanValue
	profile wordValue
	faults  faultsValue
	bugs    bugsValue
}

func newSimFlags(profile string) simFlags {
	return simFlags{
		servers: countValue{n: repro.DefaultServers, min: 1, noun: "servers"},
		clients: countValue{n: repro.DefaultClients, noun: "clients"},
		span:    spanValue{repro.DefaultFor},
		profile: wordValue{word: profile, kind: "NAME"},
	}
}

func (f *simFlags) add(fl *pflag.FlagSet) {
	fl.Var(&f.servers, "servers", "voting servers, zk1 to zkN; default 5")
	fl.Var(&f.clients, "clients", "clients, c1 to cN; default 10")
	fl.Var(&f.span, "for", "virtual time with load and faults; default 60s")
	fl.Var(&f.profile, "profile", profileUsage(f.profile.word))
	fl.Var(&f.faults, "fault", "add a fault, such as 'at 10s kill leader'")
	fl.Var(&f.bugs, "bug", "plant a bug; --bug list names those that there are")
}

// profileUsage is the help of --profile. Whoever says which faults there are
// wants no others.
func profileUsage(word string) string {
	if word == engine.ProfileLAN {
		return "lan: no faults but yours; swarm: drawn; default lan"
	}
	return "swarm draws faults; default " + word + ", or lan with --fault"
}

// settle chooses the profile, and refuses statements that contradict each
// other. Drawn statements are not asked: they may well.
func (f *simFlags) settle() error {
	if len(f.faults.list) == 0 {
		return nil
	}
	if !f.profile.given {
		f.profile.word = engine.ProfileLAN
	}
	if err := fault.ValidateAll(f.faults.list, f.servers.n, f.clients.n); err != nil {
		return usagef("--fault, %v", err)
	}
	return nil
}

func (f *simFlags) config(seed uint64) engine.Config {
	clients := f.clients.n
	if clients == 0 {
		clients = engine.NoClients
	}
	return engine.Config{Seed: seed, Servers: f.servers.n, Clients: clients, For: f.span.d,
		Profile: f.profile.word, Faults: f.faults.list, Bugs: f.bugs.bugs}
}

// outFlags say how results are printed.
type outFlags struct {
	json    bool
	color   wordValue
	quiet   bool
	verbose bool
}

func newOutFlags() outFlags {
	return outFlags{color: wordValue{word: "auto", words: []string{"auto", "always", "never"}, kind: "WHEN"}}
}

func (f *outFlags) add(fl *pflag.FlagSet, json string) {
	fl.BoolVar(&f.json, "json", false, json)
	fl.Var(&f.color, "color", "auto, always or never")
	fl.BoolVar(&f.quiet, "quiet", false, "print verdict lines only (not with --json)")
}

func (f *outFlags) addVerbose(fl *pflag.FlagSet) {
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every counter, and the checkpoints of the hash")
}

func (f *outFlags) check() error {
	if f.quiet && f.verbose {
		return usagef("--quiet and -v contradict each other; leave one out")
	}
	return nil
}

// dirFlags say where bundles go.
type dirFlags struct {
	dir   string
	force bool
}

func (f *dirFlags) add(fl *pflag.FlagSet, out string) {
	fl.StringVar(&f.dir, "out", "", out)
	fl.Lookup("out").DefValue = ""
	fl.BoolVar(&f.force, "force", false, "let --out replace files of the same name")
}
