package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// differing is where a run is not as its bundle says.
type differing struct {
	step  uint64           // the first such event; 0: none
	words *engine.Narrated // of it; nil: it was never met again
}

// differsTries is how often a run is repeated to hear what its first differing
// event is: code that is not deterministic may differ elsewhere each time.
const differsTries = 3

// differ finds the first event that is not as the bundle says, and has the run
// repeated to put it into words.
func (a *app) differ(r *rerun, cfg engine.Config) error {
	recorded := r.bundle.Events
	d := differing{step: firstDifferent(recorded, r.Report)}
	for try := 0; try < differsTries && d.step != 0 && d.words == nil; try++ {
		cfg.Narrate = engine.Steps{First: d.step, Last: d.step}
		again, err := a.simulateInterruptibly(cfg)
		if err != nil {
			return err
		}
		is := firstDifferent(recorded, again)
		if is == d.step && len(again.Narration) == 1 {
			d.words = &again.Narration[0]
		}
		if is != 0 {
			d.step, r.Report = is, again
		}
	}
	r.differing = d
	return nil
}

// firstDifferent passes over what a run that was stopped has not come to.
func firstDifferent(recorded []byte, run *engine.Report) uint64 {
	if run.Stopped {
		recorded = recorded[:min(len(recorded), len(run.Events))]
	}
	return engine.FirstDifferentEvent(recorded, run.Events)
}

// tell makes the finding about an event of the one about a checkpoint. The bundle
// and the run tell of so many events.
func (d *differing) tell(v *proto.Violation, recorded, run int) {
	v.Place = "event"
	found := fmt.Sprintf("The first differing event is step %d", d.step)
	switch {
	case d.words != nil:
		v.At, v.Server = d.words.At, serverOf(d.words.Host)
		v.Detail = fmt.Sprintf("%s (%s), which is here: %s.", found, report.Clock(v.At), report.Narrate(d.words))
	case d.step > uint64(run):
		v.Detail = found + ", which the bundle has and this run has not."
		return
	default:
		v.Detail = found + "; it was not met again. " + v.Detail
	}
	if d.step > uint64(recorded) {
		v.Detail += " The run of the bundle ends before it."
		return
	}
	v.Detail += " (One difference in 256 shows an event late.)"
}

// serverOf is the server on a host, or none.
func serverOf(host string) proto.ServerID {
	number, ok := strings.CutPrefix(host, "zk")
	n, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return 0
	}
	return proto.ServerID(n)
}
