package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// jobVerb is the hidden verb of the processes that explore starts.
const jobVerb = "job"

// task is what a job is asked for, an object a line on its standard input.
type task struct {
	Seed  uint64   `json:"seed"`
	Twice bool     `json:"twice,omitempty"` // run it twice, and compare
	Keep  bool     `json:"keep,omitempty"`  // the bundle of a failure is wanted
	Full  []string `json:"full,omitempty"`  // kinds of failures of which there are enough bundles
	Where bool     `json:"where,omitempty"` // say on standard error what the run is doing, and end
}

// answer is what a job says, an object a line on its standard output: first who
// it is, then what became of each task, in their order.
type answer struct {
	Build    *report.Build    `json:"build,omitempty"`
	Document *report.Document `json:"document,omitempty"`
	Bundle   []byte           `json:"bundle,omitempty"`
	Refused  string           `json:"refused,omitempty"` // why this configuration cannot be run
}

// jobCommand is a process of explore. It takes the flags of a run, and is no
// part of what people type.
func (a *app) jobCommand() *cobra.Command {
	f := newSimFlags(repro.DefaultProfile)
	cmd := &cobra.Command{
		Use:     jobVerb,
		Short:   "Run the seeds that zksim explore asks for.",
		Example: "zksim explore --jobs 2 --seeds 1-10\nzksim run --seed 1",
		Hidden:  true,
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.job(&f) },
	}
	f.add(cmd.Flags())
	return cmd
}

// job carries out tasks until its input ends. A simulation is deaf, so another
// goroutine listens: no job outlives the process that has started it.
func (a *app) job(f *simFlags) error {
	if err := f.settle(); err != nil {
		return err
	}
	offerToDie()
	enc := json.NewEncoder(a.stdout)
	build := a.build()
	say := func(ans *answer) error {
		if err := enc.Encode(ans); err != nil {
			return err
		}
		return a.flush()
	}
	if err := say(&answer{Build: &build}); err != nil {
		return err
	}
	tasks := make(chan task)
	go a.listen(tasks)
	for t := range tasks {
		if err := say(a.carryOut(f.config(t.Seed), &t)); err != nil {
			return err
		}
	}
	return nil
}

// listen hands tasks on, and ends the process with its input.
func (a *app) listen(tasks chan<- task) {
	dec := json.NewDecoder(a.stdin)
	for {
		var t task
		err := dec.Decode(&t)
		if err != nil || t.Where {
			if t.Where {
				a.tellWhere()
			}
			os.Exit(exitInterrupted)
		}
		tasks <- t
	}
}

// tellWhere prints the stacks of all goroutines.
func (a *app) tellWhere() {
	buf := make([]byte, stderrMax/2)
	_, _ = io.WriteString(a.stderr, string(buf[:runtime.Stack(buf, true)])+"\n") // nobody is left to hear of an error
}

// offerToDie tells Linux to kill this process rather than others when memory
// runs out: the search survives that. Elsewhere there is no such file.
func offerToDie() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("800"), 0) }

// carryOut runs a seed.
func (a *app) carryOut(cfg engine.Config, t *task) *answer {
	began := a.now()
	first := a.attempt(cfg)
	wall := a.now().Sub(began)
	if first.err != nil {
		return &answer{Refused: first.err.Error()}
	}
	run := &report.Run{Report: first.outcome(cfg), Wall: wall, Build: a.build(), Repro: []string{repro.Line(cfg)}}
	if t.Twice {
		again := a.attempt(cfg)
		compareTwo(run, &report.Run{Report: again.outcome(cfg), Wall: wall, Build: run.Build, Repro: run.Repro})
	}
	ans := &answer{Document: run.Document()}
	if t.wants(ans.Document) && run.Step > 0 { // a simulator that failed leaves nothing to write down
		ans.Bundle = bundleBytes(run)
	}
	return ans
}

// wants reports whether the bundle of a run is wanted.
func (t *task) wants(d *report.Document) bool {
	if !t.Keep || d.Verdict == engine.VerdictOK {
		return false
	}
	id := keyOf(d).id()
	for _, full := range t.Full {
		if full == id {
			return false
		}
	}
	return true
}

// bundleBytes is a run as a file, or nothing where its history cannot be written:
// the run stays a result.
func bundleBytes(run *report.Run) []byte {
	b, err := bundle.New(run)
	if err != nil {
		return nil
	}
	data, err := b.Bytes()
	if err != nil {
		return nil
	}
	return data
}

// compareTwo blames a run that did not go twice in the same way: first by its
// checkpoints, then by what was found in it.
func compareTwo(run, again *report.Run) {
	v := &proto.Violation{Property: proto.Determinism, Place: "checkpoint", At: run.Virtual}
	was, is, differ := engine.FirstDifference(run.Checkpoints, again.Checkpoints)
	switch {
	case differ:
		v.At, run.Step = max(was.At, is.At), max(was.Step, is.Step)
		v.Detail = "The seed was run twice. The first differing checkpoint: " + checkpoint("once", was) + ", " + checkpoint("then", is) + "."
	case run.Hash != again.Hash:
		v.Detail = fmt.Sprintf("The seed was run twice, and ended with hash %s, then with %s.", report.Hash(run.Hash), report.Hash(again.Hash))
	case finding(run) != finding(again):
		v.Place = "verdict"
		v.Detail = fmt.Sprintf("The seed was run twice with the same events, and judged %s, then %s.", inWords(run), inWords(again))
	default:
		return
	}
	run.Verdict, run.Violation = engine.VerdictViolated, v
}

func checkpoint(when string, c engine.Checkpoint) string {
	if c.Step == 0 {
		return when + " none"
	}
	return fmt.Sprintf("%s hash %s at step %d (%s)", when, report.Hash(c.Hash), c.Step, report.Clock(c.At))
}

// finding is all that was found in a run.
func finding(r *report.Run) string {
	d := r.Document()
	d.Wall = 0
	text, err := json.Marshal(d)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// inWords is what was found in a run, in a few words.
func inWords(r *report.Run) string {
	if r.Violation == nil {
		return fmt.Sprintf("%s with %d operations", r.Verdict, r.Counts.Operations)
	}
	return fmt.Sprintf("%s of %s (%s: %s)", r.Verdict, r.Violation.Property, r.Violation.Place, r.Violation.Detail)
}

// outcome is the report of a run; of one that has brought the simulator itself
// down, what is known of it.
func (s *simulated) outcome(cfg engine.Config) *engine.Report {
	if s.crash == nil {
		return s.report
	}
	return crashed(cfg, panicPlace(string(s.trace)), fmt.Sprintf("The simulator itself failed: %v", s.crash))
}
