package sim

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/testrun"
)

// Each flag has a twin in the environment: a flag makes go test ./... fail in
// every package that does not import this one, the variable does not. The flag
// has precedence.
type option struct {
	flag, env, usage string
}

// The options. The flags are there in test binaries only.
var (
	optionSeed     = option{"sim.seed", "ZKSIM_SEED", "run this `seed` only, decimal or 0x…"}
	optionSeeds    = option{"sim.seeds", "ZKSIM_SEEDS", "run these `seeds`: 1,2,5-10, random:N or commit:N"}
	optionReplay   = option{"sim.replay", "ZKSIM_REPLAY", "run this bundle `file` only"}
	optionSchedule = option{"sim.schedule", "ZKSIM_SCHEDULE", "take the faults from this `file` and draw none"}
	optionFor      = option{"sim.for", "ZKSIM_FOR", "let faults and clients go on for this `span` of virtual time"}
	optionOut      = option{"sim.out", "ZKSIM_OUT", "write bundles of failures into this `directory`"}
	optionV        = option{"sim.v", "ZKSIM_V", "`1`: tell of every run"}

	// These are variables only.
	optionSave   = option{"", "ZKSIM_SAVE", ""}   // 0: failures are not written to testdata/sim
	optionShrink = option{"", "ZKSIM_SHRINK", ""} // how many runs shrinking takes at most; 0: none
	optionDrive  = option{"", testrun.EnvRequests, ""}
	optionResult = option{"", testrun.EnvResults, ""}
)

// given holds the flags of this process.
var given = map[string]*string{}

func init() {
	if !testing.Testing() {
		return
	}
	for _, o := range []option{optionSeed, optionSeeds, optionReplay, optionSchedule, optionFor, optionOut} {
		given[o.flag] = flag.String(o.flag, "", o.usage)
	}
	v := ""
	given[optionV.flag] = &v
	flag.BoolFunc(optionV.flag, "tell of every run", func(s string) error {
		_, err := strconv.ParseBool(s)
		v = s
		return err
	})
}

// value is what was asked for; empty: nothing.
func (o option) value() string {
	if f := given[o.flag]; f != nil && *f != "" {
		return *f
	}
	return os.Getenv(o.env)
}

// name is how a mistake in the value is told.
func (o option) name() string {
	if f := given[o.flag]; f != nil && *f != "" {
		return "-" + o.flag
	}
	return o.env
}

// on reports whether a switch is on.
func (o option) on() (bool, error) {
	s := o.value()
	if s == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(s)
	if err != nil {
		return false, fmt.Errorf("%s is %q: say 1 or 0", o.name(), s)
	}
	return on, nil
}

// options are what a person asked for with flags and variables.
type options struct {
	seeds    []seedRange // nil: the default ones
	replay   string
	schedule []fault.Statement // nil: as declared
	span     time.Duration     // 0: as declared
	out      string
	verbose  bool
	save     bool
	shrink   int // runs
}

// shrinkRuns is how many runs shrinking takes at most by default.
const shrinkRuns = 200

// readOptions reads them; the error names the one that is wrong.
func readOptions() (o options, err error) {
	o.replay, o.out, o.save, o.shrink = optionReplay.value(), optionOut.value(), true, shrinkRuns
	for _, read := range []func(*options) error{readSeeds, readSchedule, readFor, readSwitches} {
		if err := read(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

func readSeeds(o *options) (err error) {
	one, many := optionSeed.value(), optionSeeds.value()
	switch {
	case one != "" && many != "":
		return fmt.Errorf("%s and %s both say which seeds to run: give one of them", optionSeed.name(), optionSeeds.name())
	case one != "":
		var seed uint64
		if seed, err = parseSeed(one); err != nil {
			return fmt.Errorf("%s is %q: %w", optionSeed.name(), one, err)
		}
		o.seeds = []seedRange{{seed, seed}}
	case many != "":
		if o.seeds, err = parseSeeds(many); err != nil {
			return fmt.Errorf("%s is %q: %w", optionSeeds.name(), many, err)
		}
	}
	return nil
}

func readSchedule(o *options) error {
	name := optionSchedule.value()
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("%s: the schedule cannot be read: %w", optionSchedule.name(), err)
	}
	o.schedule, err = parseSchedule(name, string(text))
	return err
}

func readFor(o *options) (err error) {
	text := optionFor.value()
	if text == "" {
		return nil
	}
	if o.span, err = time.ParseDuration(text); err != nil || o.span <= 0 {
		return fmt.Errorf("%s is %q: give a span above zero with its unit, such as 90s", optionFor.name(), text)
	}
	return nil
}

func readSwitches(o *options) (err error) {
	if o.verbose, err = optionV.on(); err != nil {
		return err
	}
	if optionSave.value() != "" {
		if o.save, err = optionSave.on(); err != nil {
			return err
		}
	}
	if text := optionShrink.value(); text != "" {
		if o.shrink, err = strconv.Atoi(text); err != nil || o.shrink < 0 {
			return fmt.Errorf("%s is %q: give a number of runs, 0 for none", optionShrink.name(), text)
		}
	}
	return nil
}
