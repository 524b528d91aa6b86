package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zksim/zksim/cmd/internal/repro"
	"github.com/zksim/zksim/sim/bundle"
	"github.com/zksim/zksim/sim/engine"
)

// drawValue says which of the many ends of one beginning is drawn; 0 is none.
type drawValue struct{ n uint64 }

// Set takes a number from 1.
func (v *drawValue) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 {
		return errors.New("ends are numbered from 1; each number draws another one")
	}
	v.n = n
	return nil
}

// String prints the number, or nothing.
func (v *drawValue) String() string {
	if v.n == 0 {
		return ""
	}
	return strconv.FormatUint(v.n, 10)
}

// Type is the placeholder in help.
func (v *drawValue) Type() string { return "N" }

// redrawn says where the rest of the run is drawn anew: where the flags say so,
// else where that was done in the run of the bundle. An instant is looked for in
// a run of its own.
func (a *app) redrawn(f *replayFlags, b *bundle.Bundle, path string) (engine.Redraw, error) {
	cfg, err := b.Config()
	if err != nil || f.redraw.n == 0 {
		return cfg.Redraw, err
	}
	again := engine.Redraw{Step: f.from.moment.Step, Draw: f.redraw.n, Calm: f.calm, Only: engine.Draws(f.only.word)}
	if f.from.moment.At > 0 {
		cfg.Until = f.from.moment
		prefix, err := a.simulateInterruptibly(cfg)
		if err != nil {
			return again, err
		}
		again.Step = prefix.Step
	}
	if was := cfg.Redraw; was.Draw != 0 && again.Step > was.Step {
		return again, fmt.Errorf("the run was drawn anew after step %d already; draw it anew from there or earlier, with --from %d", was.Step, was.Step)
	}
	return again, nil
}

// tellRedrawn says that a run was over before anything was drawn anew.
func (a *app) tellRedrawn(r *rerun, path string) {
	if again := r.Config.Redraw; again.Draw != 0 && !r.Stopped && r.Counts.Events <= again.Step {
		r.Redrawn = false // nothing was left to draw
		fmt.Fprintf(a.stderr, "zksim: %s: the run is over after step %d, and nothing was drawn anew after step %d\n", path, r.Counts.Events, again.Step)
	}
}

// line is the command that repeats what was asked for.
func (f *replayFlags) line(b *bundle.Bundle, path string) string {
	switch {
	case f.redraw.n != 0:
		line := "zksim replay " + repro.QuotePath(path) + " --redraw " + f.redraw.String()
		if f.from.given() {
			line += " --from " + f.from.String()
		}
		if f.calm {
			line += " --calm"
		}
		if f.only.word != "" {
			line += " --only " + f.only.word
		}
		return line
	case f.edit && b.Edited:
		return "zksim replay " + repro.QuotePath(path) + " --edit"
	case b.Edited:
		return strings.TrimSuffix(replayLine(path), " --verify")
	}
	return replayLine(path)
}

// given is how many choices the bundle has, those included that this version
// cannot meet.
func (r *rerun) given() int { return len(r.bundle.Choices) + len(r.bundle.Unknown) }
