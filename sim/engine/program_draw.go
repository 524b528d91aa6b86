package engine

import (
	"slices"
	"time"

	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/rng"
)

// swarmClassOf names the classes of swarmTable, in its order.
var swarmClassOf = [...]fault.Class{
	fault.ClassCrash, fault.ClassKill, fault.ClassStop, fault.ClassCrash, fault.ClassPartition, fault.ClassOneWayCut,
	fault.ClassHalfOpen, fault.ClassSlowLink, fault.ClassLossyLink, fault.ClassClog, fault.ClassFlap, fault.ClassRefusal,
	fault.ClassReset, fault.ClassNoReset, fault.ClassSmallBuffer, fault.ClassMaxConn, fault.ClassDiskStall,
	fault.ClassDiskError, fault.ClassProcessPause, fault.ClassStagePause, fault.ClassClockJump, fault.ClassClockDrift,
	fault.ClassSessionExpiry, fault.ClassClientCut, fault.ClassLostReply, fault.ClassLostRequest,
}

// DrawnClasses lists the classes that Draw knows, in the order of a swarm.
func DrawnClasses() []fault.Class {
	var list []fault.Class
	for _, class := range swarmClassOf {
		if !slices.Contains(list, class) {
			list = append(list, class)
		}
	}
	return list
}

// The streams of schedules that are drawn from some classes; those of a swarm
// are before them.
const (
	drawnClasses uint16 = 16 + iota // which classes are on
	drawnFault                      // the n-th fault; the peer is n
	drawnAlone                      // of DrawFault; the peer is the variant
)

// Draw draws a schedule for a run of some classes of faults, as a swarm is drawn
// of all: each class is on with an even chance, one at least. It is a function of
// the seed, the numbers of servers and clients and the length of the run.
func Draw(cfg Config, classes []fault.Class) []fault.Statement {
	cfg = cfg.withDefaults()
	d := bare(cfg)
	on := d.someOf(classes)
	list := []fault.Statement{}
	if len(on) == 0 {
		return list
	}
	at := time.Duration(0)
	for n := int32(0); ; n++ {
		d.Stream = d.c.src.Stream(rng.Key{Host: swarmHost, Purpose: rng.PurposeFault, Kind: drawnFault, Peer: n})
		at += d.span(100*time.Millisecond, swarmGapMax)
		if at >= cfg.For {
			return list
		}
		list = append(list, d.one(on[d.Below(int64(len(on)))], at)...)
	}
}

// DrawFault draws the statements of one fault of the class with a number, modulo
// how many there are, at an instant. Of every variant another one. It returns
// none where the ensemble is too small for the class.
func DrawFault(cfg Config, class int, at time.Duration, variant int32) []fault.Statement {
	cfg = cfg.withDefaults()
	d := bare(cfg)
	entry := swarmTable[class%len(swarmTable)]
	if !d.fits(entry) || at >= cfg.For {
		return nil
	}
	d.Stream = d.c.src.Stream(rng.Key{Host: swarmHost, Purpose: rng.PurposeFault, Kind: drawnAlone, Peer: variant})
	return d.one(entry, at)
}

// bare is a drawer without a run: of the ensemble it knows the size.
func bare(cfg Config) *drawer {
	c := &cluster{cfg: cfg, src: rng.New(cfg.Seed), servers: make([]*server, cfg.Servers),
		loads: make([]*load, max(cfg.Clients, 0)), programs: make([]*programClient, cfg.programClients())}
	return &drawer{c: c}
}

func (d *drawer) fits(class swarmClass) bool {
	return len(d.c.servers) >= class.servers && d.c.clientNames() >= class.clients
}

// someOf draws which classes are on; if all were off, one is.
func (d *drawer) someOf(classes []fault.Class) []swarmClass {
	draws := d.c.src.Stream(rng.Key{Host: swarmHost, Purpose: rng.PurposeFault, Kind: drawnClasses})
	var all, on []swarmClass
	for i, entry := range swarmTable {
		if !slices.Contains(classes, swarmClassOf[i]) || !d.fits(entry) {
			continue
		}
		all = append(all, entry)
		if draws.Chance(1, 2) {
			on = append(on, entry)
		}
	}
	if len(on) == 0 && len(all) > 0 {
		return []swarmClass{all[draws.Below(int64(len(all)))]}
	}
	return on
}

// one draws a fault of a class at an instant, without what comes too late.
func (d *drawer) one(class swarmClass, at time.Duration) []fault.Statement {
	d.at = at
	return slices.DeleteFunc(class.draw(d), func(s fault.Statement) bool { return s.At >= d.c.cfg.For })
}
