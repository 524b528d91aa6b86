package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// replayFlags are what zksim replay was asked for.
type replayFlags struct {
	verify bool
	until  momentValue
	expect propertyValue
	build  bool
	edit   bool
	redraw drawValue
	from   momentValue
	calm   bool
	only   wordValue
	out    outFlags
}

func (a *app) replayCommand() *cobra.Command {
	f := &replayFlags{only: wordValue{words: []string{string(engine.DrawsDelays), string(engine.DrawsChoices)}, kind: "WHAT"}, out: newOutFlags()}
	cmd := &cobra.Command{
		Use:     "replay FILE",
		Short:   "Run a bundle again, with its seed, schedule, bugs and all.",
		Example: "zksim replay 5f0c9e1d77aa.simrun --verify\nzksim replay 5f0c9e1d77aa.simrun --until 38.5s",
		Long: `FILE - is standard input. With --expect: 0 does not fail, 1 fails so, 125 else.
Exit: 0 ok, 1 violated, 125 unknown, 128 tool failed, 129 usage, 130 interrupted`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error {
			if f.build {
				return a.replayBuilt(f, args[0], a.args)
			}
			return a.replay(f, args[0])
		},
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.BoolVar(&f.build, "build", false, "build ./cmd/zksim of the checkout here, replay with that")
	fl.BoolVar(&f.verify, "verify", false, "compare the hash at every checkpoint of the bundle")
	fl.Var(&f.until, "until", "stop there, and print the state of every server")
	fl.Var(&f.expect, "expect", "let the exit code say whether PROPERTY fails")
	fl.BoolVar(&f.edit, "edit", false, "open the schedule in $VISUAL or $EDITOR first")
	fl.Var(&f.redraw, "redraw", "draw the rest anew: end number N of many")
	fl.Var(&f.from, "from", "with --redraw: after this; else from the start")
	fl.BoolVar(&f.calm, "calm", false, "with --redraw: no fault begins there or later")
	fl.Var(&f.only, "only", "with --redraw: draw delays anew, or choices; not both")
	f.out.add(fl, "print one JSON document")
	f.out.addVerbose(fl)
	return cmd
}

// replay is zksim replay.
func (a *app) replay(f *replayFlags, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	b, err := a.readBundle(path)
	if err = cmp.Or(f.expect.check(b), err); err != nil {
		return err
	}
	if f.edit {
		if err := a.edit(b, path); err != nil {
			return err
		}
	}
	r, err := a.rerun(f, b, path)
	if err == errInterrupted {
		cfg, _ := b.Config()
		return a.printInterrupted(&f.out, cfg, r.Run)
	}
	if err != nil {
		return cannotRun(path, err)
	}
	a.tellRedrawn(r, path)
	r.compare(f)
	if err := a.believe(r, path); err != nil {
		return err
	}
	if a.code, err = r.code(f.expect.name); err != nil {
		return err
	}
	return a.printReplay(f, r)
}

// check says what does not go together.
func (f *replayFlags) check() error {
	switch err := f.out.check(); {
	case err != nil:
		return err
	case f.from.given() && f.redraw.n == 0:
		return usagef("--from says where --redraw N begins, which is not given; add it, or leave --from out")
	case f.calm && f.redraw.n == 0:
		return usagef("--calm is about what --redraw N draws, which is not given; add it, or leave --calm out")
	case f.only.word != "" && f.redraw.n == 0:
		return usagef("--only is about what --redraw N draws, which is not given; add it, or leave --only out")
	case f.verify && f.redraw.n != 0:
		return usagef("--verify demands the recorded run and --redraw makes another one; leave one of them out")
	}
	return nil
}

// rerun is a run of a bundle with the bundle.
type rerun struct {
	*report.Run
	bundle   *bundle.Bundle
	verified int  // checkpoints that were found equal
	differs  bool // something was not
	differing
}

func (a *app) rerun(f *replayFlags, b *bundle.Bundle, path string) (*rerun, error) {
	cfg, err := b.Config()
	if err != nil {
		return nil, err
	}
	r := &rerun{Run: &report.Run{Report: &engine.Report{Config: cfg}, Build: a.build(), Repro: []string{f.line(b, path)}, Shrunk: b.Document.Shrunk}, bundle: b}
	if b.Edited {
		if err := b.Contradiction(); err != nil {
			return nil, err
		}
		fmt.Fprintf(a.stderr, "zksim: %s was edited (%v); its hash is not demanded\n", path, b.Edits)
	}
	if cfg.Redraw, err = a.redrawn(f, b, path); err != nil {
		return r, err
	}
	cfg.Until = f.until.moment
	if !b.Edited && f.redraw.n == 0 {
		r.Turning = b.Document.Turning
	}
	started := a.now()
	rep, err := a.simulateInterruptibly(cfg)
	r.Wall = a.now().Sub(started)
	r.Report = rep
	if err == nil && f.verify && !b.Edited && len(b.Events) > 0 {
		err = a.differ(r, cfg)
	}
	return r, err
}

// compare makes a difference from the bundle the finding. Only the code that
// wrote the bundle can be blamed for one.
func (r *rerun) compare(f *replayFlags) {
	if !f.verify || r.bundle.Edited {
		return
	}
	then, now := r.bundle.Checkpoints, r.Checkpoints
	if r.Stopped {
		then, now = common(then, now)
	}
	was, is, differ := engine.FirstDifference(then, now)
	if !differ && r.differing.step == 0 {
		r.verified = len(now)
		return
	}
	v := &proto.Violation{Property: proto.Determinism, Place: "checkpoint", At: is.At, Detail: difference(was, is)}
	r.Step = max(was.Step, is.Step)
	if d := &r.differing; d.step != 0 {
		d.tell(v, len(r.bundle.Events), len(r.Events))
		r.Step = d.step
	}
	r.Verdict = engine.VerdictViolated
	if !sameCode(r.Build, r.bundle.Document.Build) {
		r.Verdict = engine.VerdictUnknown
		v.Detail += fmt.Sprintf(" The bundle was written by %s, this is %s.", written(r.bundle.Document.Build), written(r.Build))
	}
	r.differs = true
	r.Violation = v
}

// common keeps the checkpoints of steps that both have, for a run that was
// stopped on the way.
func common(then, now []engine.Checkpoint) (a, b []engine.Checkpoint) {
	for _, c := range then {
		i := slices.IndexFunc(now, func(d engine.Checkpoint) bool { return d.Step == c.Step })
		if i >= 0 {
			a, b = append(a, c), append(b, now[i])
		}
	}
	return a, b
}

// believe compares what the bundle says of its run's end with the run, where
// nothing else differs. What the same code contradicts somebody has written
// there; of other code, other checks may be the reason.
func (a *app) believe(r *rerun, path string) error {
	d := &r.bundle.Document
	if n := len(r.bundle.Checkpoints); r.verified > 0 && n > 0 {
		if end := report.Hash(r.bundle.Checkpoints[n-1].Hash); d.Hash != end {
			return unjudged(fmt.Sprintf("%s was edited: it says that the run ends with hash %.40q, and its last checkpoint, at step %d, says %s",
				path, d.Hash, r.bundle.Checkpoints[n-1].Step, end))
		}
	}
	then, now := ending(d), ending(r.Document())
	if r.bundle.Edited || r.Stopped || r.Redrawn || r.differs || then == now {
		return nil
	}
	said := fmt.Sprintf("says that the run ends %s; it ends %s", then, now)
	if r.verified > 0 && sameCode(r.Build, d.Build) {
		return unjudged(fmt.Sprintf("%s was edited: it %s", path, said))
	}
	fmt.Fprintf(a.stderr, "zksim: %s %s\n", path, said)
	return nil
}

// ending is the verdict with the property, if there is one, in quotes: both may
// be anything in a bundle that was edited.
func ending(d *report.Document) string {
	words := string(d.Verdict)
	if d.Property != "" {
		words += ", " + d.Property
	}
	return fmt.Sprintf("%.60q", words)
}

func difference(was, is engine.Checkpoint) string {
	switch {
	case was.Step == 0:
		return fmt.Sprintf("The bundle ends before step %d (%s), which this run has.", is.Step, report.Clock(is.At))
	case is.Step == 0:
		return fmt.Sprintf("This run ends before step %d (%s), which the bundle has.", was.Step, report.Clock(was.At))
	}
	return fmt.Sprintf("The first differing checkpoint: the bundle has hash %s at step %d (%s), this run has %s at step %d (%s).",
		report.Hash(was.Hash), was.Step, report.Clock(was.At), report.Hash(is.Hash), is.Step, report.Clock(is.At))
}

// sameCode reports whether two binaries are surely made of the same code: of
// one commit without changes, or of one released version.
func sameCode(a, b report.Build) bool {
	if a.Commit != "" || b.Commit != "" {
		return a.Commit == b.Commit && !strings.HasSuffix(a.Commit, "+dirty")
	}
	return a.Version == b.Version && a.Version != "devel"
}

// written names a build as exactly as it is known.
func written(b report.Build) string {
	if b.Commit == "" {
		return b.String() + " of an unknown commit"
	}
	return "zksim " + b.Version + " " + b.Commit
}

// code is the exit code: the verdict's, or what --expect asks for.
func (r *rerun) code(expect string) (int, error) {
	code, err := exitCode(r.Verdict)
	if expect == "" || err != nil || code == exitOK {
		return code, err
	}
	if r.Verdict == engine.VerdictViolated && r.Violation != nil && string(r.Violation.Property) == expect {
		return exitViolated, nil
	}
	return exitUnknown, nil
}

// replayDocument is the JSON form of a replay.
type replayDocument struct {
	*report.Document
	Verified int           `json:"verified"` // checkpoints that were found equal
	Edited   bool          `json:"edited"`
	Redrawn  bool          `json:"redrawn"` // the run came to where --redraw takes effect
	Stopped  bool          `json:"stopped"`
	Servers  []serverState `json:"servers"` // of a run that was stopped
}

// serverState is the JSON form of what a server was.
type serverState struct {
	Server        string `json:"server"`
	Process       string `json:"process"`
	Role          string `json:"role"`
	Serving       bool   `json:"serving"`
	AcceptedEpoch int64  `json:"accepted_epoch"`
	CurrentEpoch  int64  `json:"current_epoch"`
	Zxid          string `json:"zxid"`
	Digest        string `json:"digest"`
}

func (a *app) printReplay(f *replayFlags, r *rerun) error {
	if f.out.json {
		return a.printJSON(r.document())
	}
	text := r.Text(a.options(&f.out))
	if !f.out.quiet {
		text += r.remarks(f)
	}
	_, err := io.WriteString(a.stdout, text)
	return err
}

// remarks are the lines below the report.
func (r *rerun) remarks(f *replayFlags) string {
	var lines []string
	if r.Stopped {
		lines = append(append(lines, ""), r.ServerStates()...)
	}
	if r.verified > 0 {
		lines = append(lines, fmt.Sprintf("verified    %s equal", report.Plural(r.verified, "checkpoint")))
	}
	if given := r.given(); given > 0 && (r.verified == 0 || r.Matched < given) {
		lines = append(lines, fmt.Sprintf("replayed    matched %s of %s", report.Number(uint64(r.Matched)), report.Plural(given, "choice")))
	}
	if r.Redrawn {
		lines = append(lines, fmt.Sprintf("redrawn     end %d after step %s", r.Config.Redraw.Draw, report.Number(r.Config.Redraw.Step)))
	}
	if expect := f.expect.name; expect != "" {
		lines = append(lines, "expected    "+expect+": "+r.expectation(expect))
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func (r *rerun) expectation(expect string) string {
	switch code, _ := r.code(expect); code {
	case exitOK:
		return "the run does not fail"
	case exitViolated:
		return "the run fails with it"
	}
	return "cannot be judged, the run ends otherwise"
}

func (r *rerun) document() *replayDocument {
	d := &replayDocument{Document: r.Document(), Verified: r.verified, Edited: r.bundle.Edited, Redrawn: r.Redrawn, Stopped: r.Stopped, Servers: []serverState{}}
	d.Choices.Given = r.given()
	if !r.Stopped {
		return d
	}
	for _, s := range r.Servers {
		d.Servers = append(d.Servers, serverState{Server: s.ID.String(), Process: s.Process, Role: s.Role.String(), Serving: s.Serving,
			AcceptedEpoch: int64(s.AcceptedEpoch), CurrentEpoch: int64(s.CurrentEpoch), Zxid: s.History.String(), Digest: report.Hash(uint64(s.Digest))})
	}
	return d
}
