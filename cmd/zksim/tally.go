package main

import (
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
)

// bundlesPerKind is how many failures of one kind are written down.
const bundlesPerKind = 5

// key tells failures apart: runs that ended with the same property at the same
// place are one.
type key struct {
	verdict         engine.Verdict
	property, place string
}

// keyOf is the key of a run that is not ok.
func keyOf(d *report.Document) key {
	if d.Property == "" {
		return key{d.Verdict, "", "undecided"}
	}
	return key{d.Verdict, d.Property, d.Place}
}

// id is the key as text.
func (k key) id() string { return string(k.verdict) + "/" + k.property + "/" + k.place }

// kind is a distinct failure.
type kind struct {
	key
	count  int
	first  string // seed
	bundle string // of the first that has one
	repro  string // of the first
}

// tally sums runs up, in the order of their seeds. It takes room for distinct
// failures, not for runs.
type tally struct {
	runs, ok, violated, unknown int
	incomplete                  bool    // there should be more
	kinds                       []*kind // in the order of their first seeds
	virtual                     time.Duration
	wall                        time.Duration     // of all runs together
	coverage                    map[string]uint64 // by the keys of documents
}

func newTally() *tally { return &tally{coverage: map[string]uint64{}} }

// add counts a run.
func (t *tally) add(d *report.Document) {
	t.runs++
	t.virtual += time.Duration(d.Virtual)
	t.wall += time.Duration(d.Wall)
	for name, times := range d.Coverage { // order-free: sums
		t.coverage[name] += times
	}
	switch d.Verdict {
	case engine.VerdictOK:
		t.ok++
		return
	case engine.VerdictViolated:
		t.violated++
	default:
		t.unknown++
	}
	t.kindOf(d).meet(d)
}

// kindOf gives the kind of a failure, nil of a run that is ok.
func (t *tally) kindOf(d *report.Document) *kind {
	if d.Verdict == engine.VerdictOK {
		return nil
	}
	of := keyOf(d)
	for _, k := range t.kinds {
		if k.key == of {
			return k
		}
	}
	k := &kind{key: of, first: d.Seed}
	t.kinds = append(t.kinds, k)
	return k
}

// meet counts a run of the kind.
func (k *kind) meet(d *report.Document) {
	k.count++
	if k.count == 1 && len(d.Repro) > 0 {
		k.repro = d.Repro[0]
	}
	if k.bundle == "" {
		k.bundle = d.Artifact["bundle"]
	}
}

// verdict sums up: violated beats unknown beats ok. Nothing is known of no run.
func (t *tally) verdict() engine.Verdict {
	switch {
	case t.violated > 0:
		return engine.VerdictViolated
	case t.unknown > 0 || t.incomplete || t.runs == 0:
		return engine.VerdictUnknown
	}
	return engine.VerdictOK
}

// failures are the kinds that violate something first, then the undecided ones.
func (t *tally) failures() []*kind {
	list := slices.Clone(t.kinds)
	slices.SortStableFunc(list, func(a, b *kind) int { return strings.Compare(string(b.verdict), string(a.verdict)) })
	return list
}

// classes counts by class how often faults took effect.
func (t *tally) classes() []report.Count { return t.counted(report.ClassKeys()) }

// reached counts the states that were reached.
func (t *tally) reached() []report.Count { return t.counted(report.StateKeys()) }

func (t *tally) counted(keys []report.Key) []report.Count {
	var list []report.Count
	for _, k := range keys {
		list = append(list, report.Count{Name: k.Name, Times: t.coverage[k.Key]})
	}
	return list
}
