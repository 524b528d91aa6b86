package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/zksim/zksim/sim/bisect"
	"github.com/zksim/zksim/sim/bundle"
)

// commitsFlags are what zksim bisect commits was asked for.
type commitsFlags struct {
	good, bad string
	repo      string
	tries     countValue
	limit     wallValue
	bisectFlags
}

func (a *app) bisectCommitsCommand() *cobra.Command {
	f := &commitsFlags{tries: countValue{n: 20, noun: "continuations"}, limit: wallValue{2 * time.Minute}, bisectFlags: newBisectFlags()}
	cmd := &cobra.Command{
		Use:   "commits FILE",
		Short: "Find the first commit on which a bundle fails.",
		Example: "zksim bisect commits 5f0c9e1d77aa.simrun --good v0.3.0\n" +
			"zksim bisect commits 5f0c9e1d77aa.simrun --good v0.3.0 --bad main --tries 50",
		Long: `Commits are built in work trees of their own; the checkout stays as it is. One is
bad if its exact replay or a continued run fails with the property, good if none
does, and skipped if it cannot be judged.
Exit: 0 found, 125 not found, 128 tool failed, 129 usage, 130 interrupted`,
		Args: oneFile,
		RunE: func(_ *cobra.Command, args []string) error { return a.bisectCommits(f, args[0]) },
	}
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.good, "good", "", "a `REV` on which the bundle does not fail")
	fl.StringVar(&f.bad, "bad", "HEAD", "a `REV` on which it fails; default HEAD")
	fl.StringVar(&f.repo, "repo", ".", "a `DIR` of the repository; default the current one")
	fl.Var(&f.tries, "tries", "continued runs of each commit; default 20")
	f.bisectFlags.add(fl)
	fl.Var(&f.limit, "run-timeout", "give a run up after this time; default 2m")
	f.bisectFlags.addOut(fl)
	return cmd
}

// commitSearch is one zksim bisect commits.
type commitSearch struct {
	a        *app
	f        *commitsFlags
	file     string
	judge    *judge
	pulse    *pulse
	history  []commitOf
	search   *bisect.Commits
	found    map[string]*judged // by commit
	order    []*judged          // as they were judged
	good     commitOf
	property string
}

// bisectCommits is zksim bisect commits.
func (a *app) bisectCommits(f *commitsFlags, path string) error {
	if err := f.check(path); err != nil {
		return err
	}
	b, err := a.readBundle(path)
	if err != nil {
		return err
	}
	s := &commitSearch{a: a, f: f, file: path, found: map[string]*judged{}, pulse: a.newPulse(f.out.quiet)}
	if s.property, err = expected(b, path, f.expect.name); err != nil {
		return err
	}
	if err := f.continuable(b, path); err != nil {
		return err
	}
	ctx, stop := a.interruptible()
	defer stop()
	repo, err := openRepository(ctx, f.repo)
	if err != nil {
		return a.interrupted(err)
	}
	if err := s.between(repo); err != nil {
		return a.interrupted(err)
	}
	dir, err := os.MkdirTemp("", "zksim-bisect-")
	if err != nil {
		return fmt.Errorf("cannot make a directory to build in: %w", err)
	}
	defer os.RemoveAll(dir)
	if s.judge, err = s.newJudge(repo, dir, b); err != nil {
		return err
	}
	err = s.run()
	s.pulse.end()
	if err != nil {
		return s.abandoned(err)
	}
	return s.print()
}

func (f *commitsFlags) check(path string) error {
	switch {
	case path == "-":
		return usagef("zksim bisect commits replays the bundle many times; give a file, not standard input")
	case f.good == "":
		return usagef("say with --good on which commit the bundle does not fail, such as --good v0.3.0")
	}
	return f.bisectFlags.check()
}

// continuable refuses continuations of a run whose end was drawn anew: where the
// old end began, counted in steps, is elsewhere on other code.
func (f *commitsFlags) continuable(b *bundle.Bundle, path string) error {
	if b.Document.Config.Redraw == nil || f.tries.n == 0 {
		return nil
	}
	return unjudged(fmt.Sprintf("%s: the end of this run was drawn anew, so that runs cannot branch from it once more; "+
		"give the bundle that it branched from, or say --tries 0 to judge commits by the exact replay alone", path))
}

// between resolves the revisions and lists what lies between them.
func (s *commitSearch) between(repo *repository) error {
	good, err := repo.commit("--good", s.f.good)
	if err != nil {
		return err
	}
	bad, err := repo.commit("--bad", s.f.bad)
	if err != nil {
		return err
	}
	if s.history, err = repo.between(good, bad); err != nil {
		return err
	}
	s.good = commitOf{id: good, subject: repo.subject(good)}
	parents := make([][]int, len(s.history))
	for i := range s.history {
		parents[i] = s.history[i].parents
	}
	s.search, err = bisect.NewCommits(parents)
	return err
}

func (s *commitSearch) newJudge(repo *repository, dir string, b *bundle.Bundle) (*judge, error) {
	file, err := filepath.Abs(s.file)
	if err != nil {
		return nil, fmt.Errorf("cannot find the bundle: %w", err)
	}
	return &judge{repo: repo, dir: dir, bundle: b, file: file, expect: s.property, jobs: s.f.jobs, limit: s.f.limit.d,
		starts: continuations(b, s.f.tries.n), told: s.pulse.show}, nil
}

// continuations are the instants at which continued runs leave the bundle's:
// spread evenly over the second half of the way to its end. The early ones are
// free to fail in their own way, the late ones have all of the prefix.
func continuations(b *bundle.Bundle, n int) []time.Duration {
	end := time.Duration(b.Document.AtNS)
	starts := make([]time.Duration, n)
	for i := range starts {
		starts[i] = max(1, end/2+time.Duration(int64(end-end/2)/int64(n)*int64(i)))
	}
	return starts
}

// run judges both ends, and then what the search asks for.
func (s *commitSearch) run() error {
	for _, end := range []struct {
		flag   string
		commit *commitOf
		word   bisect.Judgement
	}{{"--bad", &s.history[0], bisect.Bad}, {"--good", &s.good, bisect.Good}} {
		r, err := s.look(end.commit)
		if err != nil {
			return err
		}
		if r.word != end.word {
			return unjudged(fmt.Sprintf("%s %s %s", end.flag, end.commit.short(), s.contradicts(r)))
		}
	}
	for {
		i, ok := s.search.Next()
		if !ok {
			return nil
		}
		r, err := s.look(&s.history[i])
		if err != nil {
			return err
		}
		s.search.Judge(i, r.word)
	}
}

// contradicts says what is wrong with an end of the range.
func (s *commitSearch) contradicts(r *judged) string {
	switch r.word {
	case bisect.Skipped:
		return "cannot be judged: " + r.detail
	case bisect.Bad:
		return fmt.Sprintf("fails with %s too, in %s runs; name an older one", s.property, r.rate())
	}
	return fmt.Sprintf("does not fail with %s in any of %d runs; there is nothing to find", s.property, r.runs)
}

// look judges a commit, and tells it.
func (s *commitSearch) look(c *commitOf) (*judged, error) {
	s.pulse.show(fmt.Sprintf("judging %s", c.short()))
	r, err := s.judge.commit(c)
	if err != nil {
		return nil, err
	}
	s.found[c.id] = r
	s.order = append(s.order, r)
	s.pulse.line(s.told(r))
	return r, nil
}

// lastGood is the good commit that the first bad one is compared with: a parent,
// or where none of them was judged, the good end.
func (s *commitSearch) lastGood(first int) *judged {
	for _, p := range s.search.Parents(first) {
		if r := s.found[s.history[p].id]; r != nil && r.word == bisect.Good {
			return r
		}
	}
	return s.found[s.good.id]
}

// skipped counts the commits that could not be judged.
func (s *commitSearch) skipped() int {
	n := 0
	for _, r := range s.order {
		if r.word == bisect.Skipped {
			n++
		}
	}
	return n
}

// firstBad is the answer, if there is one.
func (s *commitSearch) firstBad() (*judged, bool) {
	suspects := s.search.Suspects()
	if len(suspects) != 1 {
		return nil, false
	}
	return s.found[s.history[suspects[0]].id], true
}

// suspects are the commits that cannot be told apart, the oldest one first.
func (s *commitSearch) suspects() []*judged {
	var list []*judged
	for _, i := range slices.Backward(s.search.Suspects()) {
		list = append(list, s.found[s.history[i].id])
	}
	return list
}
