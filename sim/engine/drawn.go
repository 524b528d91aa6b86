package engine

import (
	"fmt"
	"time"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/netsim"
	"github.com/zksim/zksim/sim/rng"
)

// drawn is the parameters of a run that its seed decides. Spans are uniform
// between min and max.
type drawn struct {
	tick                   time.Duration // not drawn: what servers count in
	link                   netsim.Link
	disk                   disksim.Latency
	turnMin, turnMax       time.Duration // from a stage's asking to its turn
	bootMin, bootMax       time.Duration // from a start to the first event
	restartMin, restartMax time.Duration // until a supervisor starts a process that has ended
}

// Kinds of draws of the configuration.
const (
	drawLinkMin = iota
	drawLinkMax
	drawFsyncMin
	drawFsyncMax
	drawSwarmLinkMin
	drawSwarmLinkMax
	drawWindows
)

// drawParameters draws those of a profile: machines of one room, in the profile
// lan with quick links.
func drawParameters(src rng.Source, profile string) drawn {
	d := drawn{
		tick:    2 * time.Second,
		disk:    disksim.DefaultLatency(),
		turnMin: time.Microsecond, turnMax: 20 * time.Microsecond,
		bootMin: 50 * time.Millisecond, bootMax: 200 * time.Millisecond,
		restartMin: time.Second, restartMax: 3 * time.Second,
	}
	d.link.DelayMin = drawSpan(src, drawLinkMin, 100*time.Microsecond, 500*time.Microsecond)
	d.link.DelayMax = d.link.DelayMin + drawSpan(src, drawLinkMax, 100*time.Microsecond, 1500*time.Microsecond)
	if profile == ProfileSwarm {
		d.link.DelayMin = drawSpan(src, drawSwarmLinkMin, time.Millisecond, 3*time.Millisecond)
		d.link.DelayMax = d.link.DelayMin + drawSpan(src, drawSwarmLinkMax, time.Millisecond, 7*time.Millisecond)
	}
	low := drawSpan(src, drawFsyncMin, time.Millisecond, 2*time.Millisecond)
	d.disk.Fsync = disksim.Span{Min: low, Max: low + drawSpan(src, drawFsyncMax, 500*time.Microsecond, 3*time.Millisecond)}
	return d
}

// drawSpan draws a span in whole ten microseconds, so that it reads well.
func drawSpan(src rng.Source, kind uint16, lo, hi time.Duration) time.Duration {
	const grain = 10 * time.Microsecond
	s := src.Stream(rng.Key{Host: -1, Purpose: rng.PurposeConfig, Kind: kind})
	return s.Duration(lo/grain, hi/grain) * grain
}

// words says the parameters as a person reads them.
func (d *drawn) words() []string {
	return []string{
		fmt.Sprintf("links %v-%v", d.link.DelayMin, d.link.DelayMax),
		fmt.Sprintf("fsync %v-%v", d.disk.Fsync.Min, d.disk.Fsync.Max),
	}
}
