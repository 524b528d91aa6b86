package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
)

// A commit is judged by runs of the command that is built from it: the exact
// replay of the bundle, and continuations, which replay it up to a moment and
// draw the rest anew. It is bad if one of them fails with the property, and good
// if none does. It cannot be judged if it does not build, if the exact replay
// ends in any other way, or if more than half of the continuations do.

// judge judges commits.
type judge struct {
	repo   *repository
	dir    string         // for what is built
	bundle *bundle.Bundle // what is replayed
	file   string         // its path, absolute
	expect string         // the property
	starts []time.Duration
	jobs   int
	limit  time.Duration // of the real clock, for one run
	told   func(stage string)
}

// judged is what was found out about a commit.
type judged struct {
	commit *commitOf
	word   bisect.Judgement
	failed int    // runs that failed with the property
	runs   int    // runs that could be judged
	reason string // why the commit is skipped, in a few words
	detail string // the same with what a program said
}

// rate is how many of its runs have failed.
func (j *judged) rate() string { return fmt.Sprintf("%d/%d", j.failed, j.runs) }

// player makes the runs of one commit: 0 is the exact replay, others are
// continuations.
type player func(number int) trial

// commit checks a commit out, builds it and judges it. The error is one of the
// tool, or errInterrupted; what the commit is to blame for is a judgement.
func (j *judge) commit(c *commitOf) (result *judged, err error) {
	result = &judged{commit: c}
	tree := filepath.Join(j.dir, "tree")
	remove, err := j.repo.tree(tree, c.id)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	j.told("building " + c.short())
	play, done, err := j.build(tree)
	defer done()
	if err != nil {
		return result.unbuilt(err)
	}
	if err := j.run(result, play); err != nil {
		return nil, err
	}
	result.settle(len(j.starts))
	return result, nil
}

// build builds what replays the bundle: the command of the commit, or the test
// that has made the bundle. The caller must call done in any case.
func (j *judge) build(tree string) (play player, done func(), err error) {
	done = func() {}
	module, err := moduleDir(tree, j.repo.prefix)
	if err != nil {
		return nil, done, &buildFailure{reason: err.Error()}
	}
	if j.bundle.Document.Test != "" {
		return j.buildTest(module)
	}
	binary := filepath.Join(j.dir, "zksim"+executableSuffix())
	err = build(j.repo.ctx, module, binary)
	return func(number int) trial { return j.replay(binary, number) }, done, err
}

// unbuilt makes a failure to build a judgement.
func (r *judged) unbuilt(err error) (*judged, error) {
	var failed *buildFailure
	if !errors.As(err, &failed) {
		return nil, err
	}
	r.word, r.reason, r.detail = bisect.Skipped, failed.reason, failed.Error()
	return r, nil
}

// run carries out all runs of a commit, the exact one first: where that cannot
// be judged, nothing can.
func (j *judge) run(r *judged, play player) error {
	first := play(0)
	if first.err != nil {
		return first.err
	}
	r.take(first)
	if first.end == trialUnknown {
		r.word, r.reason, r.detail = bisect.Skipped, first.reason, first.detail
		if first.hopeless {
			return nil
		}
	}
	for _, t := range j.trials(r.commit, play) {
		if t.err != nil {
			return t.err
		}
		r.take(t)
		if t.hopeless {
			r.word, r.reason, r.detail = bisect.Skipped, t.reason, t.detail
		}
	}
	return nil
}

// take counts a run.
func (r *judged) take(t trial) {
	switch t.end {
	case trialFails:
		r.failed++
		r.runs++
	case trialHolds:
		r.runs++
	}
}

// settle decides: one failure is enough. Of so many continuations half must be
// judged before their silence says something.
func (r *judged) settle(continuations int) {
	switch {
	case r.failed > 0:
		r.word, r.reason, r.detail = bisect.Bad, "", ""
	case r.word == bisect.Skipped:
	case r.runs-1 < continuations-continuations/2:
		r.word, r.reason = bisect.Skipped, "most continuations end otherwise"
		r.detail = fmt.Sprintf("%s: %d of %d can be judged", r.reason, r.runs-1, continuations)
	default:
		r.word = bisect.Good
	}
}

// trialEnd is what one run says.
type trialEnd uint8

const (
	trialUnknown trialEnd = iota
	trialHolds
	trialFails
)

// trial is one run of a commit.
type trial struct {
	end      trialEnd
	hopeless bool   // every other run of the commit will end so too
	reason   string // of trialUnknown
	detail   string
	err      error // the tool is to blame, or the user has interrupted
}

// trials carries out the continuations, some at the same time. They come in their
// order. One that shows that no other can be judged lets no more begin.
func (j *judge) trials(c *commitOf, play player) []trial {
	all := make([]trial, len(j.starts))
	next := make(chan int)
	done := make(chan int)
	var wg sync.WaitGroup
	for range min(j.jobs, len(all)) {
		wg.Go(func() {
			for i := range next {
				all[i] = play(i + 1)
				done <- i
			}
		})
	}
	begun, ended, stop := 0, 0, false
	for ended < begun || begun < len(all) && !stop {
		feed := next
		if begun == len(all) || stop {
			feed = nil
		}
		select {
		case feed <- begun:
			begun++
		case i := <-done:
			ended++
			stop = stop || all[i].hopeless || all[i].err != nil
			j.told(fmt.Sprintf("judging %s: %d of %d runs", c.short(), ended+1, len(all)+1))
		}
	}
	close(next)
	wg.Wait()
	return all[:begun]
}

// replay makes one run with the command that was built.
func (j *judge) replay(binary string, number int) trial {
	args := []string{"replay", j.file, "--expect", j.expect, "--json"}
	if number > 0 {
		args = append(args, "--redraw", strconv.Itoa(number), "--from", j.starts[number-1].String())
	}
	ctx, cancel := context.WithTimeoutCause(j.repo.ctx, j.limit, errTooLong)
	defer cancel()
	cmd := command(ctx, j.dir, binary, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	out, err := output(cmd, ctx)
	return j.reading(out, err)
}

// errTooLong says that a run was given up.
var errTooLong = errors.New("too long")

// reading says what a run has shown by its exit code; what it printed gives the
// reason.
func (j *judge) reading(out []byte, err error) trial {
	var failed *programError
	switch {
	case err == nil:
		return trial{end: trialHolds}
	case errors.Is(err, errTooLong):
		return j.tooLong()
	case !errors.As(err, &failed):
		return trial{err: err}
	case deadly(err) != nil:
		return unknownTrial(false, "a run dies", "a run dies: "+failed.err.Error())
	}
	code := failed.code()
	switch code {
	case exitViolated:
		return trial{end: trialFails}
	case exitUnknown:
		if said, ok := printedEnding(out); ok {
			return unknownTrial(false, said, said)
		}
		return unknownTrial(true, "the bundle cannot be used", firstLine(failed.said))
	case exitUsage:
		return unknownTrial(true, "it lacks a flag of zksim replay", firstLine(failed.said))
	}
	return unknownTrial(true, fmt.Sprintf("its zksim ends with %d", code), firstLine(failed.said))
}

func unknownTrial(hopeless bool, reason, detail string) trial {
	detail = strings.TrimPrefix(detail, "zksim: ")
	if detail == "" {
		detail = reason
	}
	return trial{hopeless: hopeless, reason: reason, detail: detail}
}

// printedEnding is how a run ended that came to an end, but not with the property.
func printedEnding(out []byte) (string, bool) {
	var doc struct {
		Verdict  string `json:"verdict"`
		Property string `json:"property"`
	}
	if json.Unmarshal(out, &doc) != nil || doc.Verdict == "" {
		return "", false
	}
	return otherwise(doc.Verdict, doc.Property), true
}

// otherwise says in a few words how a run ended.
func otherwise(verdict, property string) string {
	if verdict == string(engine.VerdictViolated) && property != "" {
		return "it fails otherwise: " + property
	}
	return "its verdict is " + verdict
}

// reasons counts why commits were skipped, the most frequent one first.
func reasons(list []*judged) string {
	counts := map[string]int{}
	for _, r := range list {
		if r.word == bisect.Skipped {
			counts[r.reason]++
		}
	}
	var words []string
	for reason := range counts {
		words = append(words, reason)
	}
	slices.SortFunc(words, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	if len(words) > 1 {
		for i, w := range words {
			words[i] = fmt.Sprintf("%d: %s", counts[w], w)
		}
	}
	return strings.Join(words, "; ")
}
