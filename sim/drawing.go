package sim

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/report/chrome"
	"github.com/zksim/zksim/sim/testrun"
)

// drawing makes the pictures that somebody else wants of a run of this test.
type drawing struct {
	files    map[testrun.Picture]string
	trace    *chrome.Recorder
	sequence *report.Sequence
}

// watch has the run of a request watched for its pictures. The error names a kind
// that this version does not have.
func watch(r *testrun.Request) (*drawing, error) {
	d := &drawing{files: r.Pictures}
	for _, kind := range slices.Sorted(maps.Keys(r.Pictures)) {
		switch kind {
		case testrun.Chrome:
			d.trace = chrome.New(r.Config.Servers)
		case testrun.Mermaid:
			d.sequence = report.NewSequence(r.Config.Servers)
		default:
			return nil, fmt.Errorf("this version draws no picture %.40q", kind)
		}
	}
	if len(d.files) > 0 {
		r.Config.Trace = d
	}
	return d, nil
}

// Trace is part of engine.Tracer.
func (d *drawing) Trace(e *engine.TraceEvent) {
	if d.trace != nil {
		d.trace.Trace(e)
	}
	if d.sequence != nil {
		d.sequence.Trace(e)
	}
}

// write writes the pictures of a run that is over, and lists them.
func (d *drawing) write(run *report.Run) ([]testrun.Picture, error) {
	kinds := slices.Sorted(maps.Keys(d.files))
	for _, kind := range kinds {
		var out bytes.Buffer
		if kind == testrun.Mermaid {
			out.WriteString(d.sequence.Diagram(run))
		} else if err := d.trace.Write(&out, run); err != nil {
			return nil, fmt.Errorf("the picture %s cannot be drawn: %w", kind, err)
		}
		if err := os.WriteFile(d.files[kind], out.Bytes(), 0o600); err != nil {
			return nil, fmt.Errorf("the picture %s cannot be written: %w", kind, err)
		}
	}
	return kinds, nil
}
