package main

import (
	"fmt"
	"io"
	"time"

	"github.com/zksim/zksim/sim/report"
)

// redraws reports whether a line on standard error may be drawn again: nobody
// wants that in a file, nor who asked for no escape sequences.
func (a *app) redraws() bool { return a.watched && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb" }

// progress tells how far a search is, on standard error: on a terminal in one
// line that is drawn again, else in a line from time to time.
type progress struct {
	w      io.Writer
	redraw bool // it is a terminal
	quiet  bool
	shown  time.Time
	drawn  bool   // a line is on the terminal
	news   string // the failure that was found last

	columns func() int // of the terminal now; 0 where nobody knows
}

const (
	redrawEvery = 200 * time.Millisecond
	lineEvery   = 10 * time.Second
)

// announce keeps a new kind of failure for the next line.
func (p *progress) announce(k *kind) {
	p.news = fmt.Sprintf("  [NEW %s %s]", k.property, k.first)
}

// show tells where the search is, if it is time to.
func (p *progress) show(s *search) {
	now, every := s.a.now(), lineEvery
	if p.redraw {
		every = redrawEvery
	}
	if p.quiet || now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	line := s.position(now) + p.news
	if !p.redraw {
		fmt.Fprintln(p.w, line)
		p.news = ""
		return
	}
	p.drawn = true
	fmt.Fprintf(p.w, "\r\x1b[K%.*s", p.width(), line)
}

// width is how long a line may be that is drawn again: one that wraps, or ends
// in the last column, leaves a trail.
func (p *progress) width() int {
	columns := p.columns()
	if columns <= 0 {
		columns = report.Columns
	}
	return min(columns, report.Columns) - 1
}

// end clears the line.
func (p *progress) end() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// position is how far the search is at a moment.
func (s *search) position(now time.Time) string {
	t, wall := s.tally, now.Sub(s.began)
	of := ""
	if total := s.total(); total > 0 {
		of = "/" + report.Number(total)
	}
	return fmt.Sprintf("%s%s  %s  %s", number(t.runs), of, t.rates(wall), report.Plural(len(t.kinds), "distinct failure"))
}
