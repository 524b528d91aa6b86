package sim

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
)

// Fuzz runs a property under go test -fuzz: any bytes are a seed and a schedule.
// What the fuzzer finds and keeps under testdata/fuzz runs again with every go
// test.
func Fuzz(f *testing.F, property func(c *Cluster)) {
	f.Helper()
	c, err := declare(property, 0)
	if err != nil {
		f.Fatalf("sim: %v", err)
	}
	f.Add([]byte{})
	f.Add(fuzzBytes(1, 12))
	f.Fuzz(func(t *testing.T, data []byte) {
		in := FromBytes(c.fuzzed(), data)
		o, err := Run(property, in)
		if err != nil {
			t.Fatalf("sim: %v", err)
		}
		if o.Failed() {
			failing(t, o)
		}
	})
}

// failing prints a run whose input somebody else keeps.
func failing(t *testing.T, o *Outcome) {
	f := &failure{Outcome: o, test: t.Name(), place: here()}
	t.Attr("sim.seed", report.Seed(o.Config.Seed))
	t.Attr("sim.property", string(o.Violation.Property))
	t.Attr("sim.hash", report.Hash(o.Hash))
	f.write(t.Output())
	for _, st := range o.Schedule {
		_, _ = fmt.Fprintf(t.Output(), "fault  %v\n", st)
	}
	t.Fail()
}

// fuzzed is the configuration that schedules are made for.
func (c *Cluster) fuzzed() engine.Config {
	cfg := c.cfg
	cfg.Program = &engine.Program{Clients: c.clients}
	return cfg
}

// Each fault of a schedule is so many bytes: class, instant, variant.
const fuzzFault = 4

// faultsMax bounds the faults that bytes stand for.
const faultsMax = 64

// FromBytes makes a run of any bytes: the first eight are the seed, every further
// four one fault. Faults that the ensemble is too small for, or that contradict
// earlier ones, are left out.
func FromBytes(cfg engine.Config, data []byte) Input {
	var seed [8]byte
	data = data[copy(seed[:], data):]
	in := Input{Seed: binary.BigEndian.Uint64(seed[:]), Schedule: []fault.Statement{}}
	span := max(cfg.For, defaultFor/60)
	servers, clients := cfg.Servers, max(cfg.Clients, 0)+len(cfg.Program.Clients)
	for n := 0; len(data) >= fuzzFault && n < faultsMax; n++ {
		at := span * time.Duration(data[1]) / 256 / swarmGrain * swarmGrain
		variant := int32(binary.BigEndian.Uint16(data[2:]))
		longer := append(in.Schedule[:len(in.Schedule):len(in.Schedule)], engine.DrawFault(cfg, int(data[0]), at, variant)...)
		if fault.ValidateAll(longer, servers, clients) == nil {
			in.Schedule = longer
		}
		data = data[fuzzFault:]
	}
	return in
}

// swarmGrain makes times read well.
const swarmGrain = 100 * time.Millisecond

// fuzzBytes are some bytes to begin with.
func fuzzBytes(seed uint64, faults int) []byte {
	data := binary.BigEndian.AppendUint64(nil, seed)
	for i := range faults {
		data = append(data, byte(i*7), byte(i*255/max(faults, 1)), byte(i), byte(i*31))
	}
	return data
}
