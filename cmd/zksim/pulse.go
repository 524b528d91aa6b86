package main

import (
	"fmt"
	"io"
	"time"
)

// pulse tells on standard error what a long search is at: on a terminal in one
// line that is drawn again, else in a line from time to time. What has been found
// stays there in lines of its own.
type pulse struct {
	progress
	now func() time.Time
}

func (a *app) newPulse(quiet bool) *pulse {
	return &pulse{progress{w: a.stderr, redraw: a.watched, columns: a.columns, quiet: quiet, shown: a.now()}, a.now}
}

// show tells where the search is, if it is time to.
func (p *pulse) show(line string) {
	now, every := p.now(), lineEvery
	if p.redraw {
		every = redrawEvery
	}
	if p.quiet || now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	if !p.redraw {
		fmt.Fprintln(p.w, line)
		return
	}
	p.drawn = true
	fmt.Fprintf(p.w, "\r\x1b[K%.*s", p.width(), line)
}

// line tells something that is to stay.
func (p *pulse) line(line string) {
	if p.quiet {
		return
	}
	p.end()
	_, _ = io.WriteString(p.w, line+"\n")
}
