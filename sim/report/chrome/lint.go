package chrome

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// problemsMax bounds how many problems Lint tells.
const problemsMax = 20

// line is an event as it is read back.
type line struct {
	Phase string                     `json:"ph"`
	PID   *int64                     `json:"pid"`
	TID   *int64                     `json:"tid"`
	TS    json.Number                `json:"ts"`
	Dur   json.Number                `json:"dur"`
	ID    string                     `json:"id"`
	Cat   string                     `json:"cat"`
	Name  string                     `json:"name"`
	Scope string                     `json:"s"`
	Bind  string                     `json:"bp"`
	Args  map[string]json.RawMessage `json:"args"`

	at, end int64 // ns
}

// thread is where slices must nest.
type thread struct{ pid, tid int64 }

// linter reads a file event by event.
type linter struct {
	problems []string
	more     int
	last     int64
	slices   map[thread][]span
	around   map[thread][]int64 // ends of the slices that are open
	named    map[thread]bool
	used     map[thread]int // the first event there
	calls    map[string]int64
	begins   map[string]point
	ends     map[string]point
	order    []string // of begins
}

// span is a slice; reach is the latest end of it and those before it.
type span struct{ from, to, reach int64 }

type point struct {
	thread
	at    int64
	event int
}

// Lint checks a trace, whoever wrote it, and returns what is wrong with it, in
// sentences that name the event by its place. A viewer shows most of these
// things wrongly, or drops them, without a word: slices that overlap on a thread
// and do not nest, calls without an end, flows that begin or end outside of
// every slice or have no other end, events out of order, threads without a name.
// The error is one of reading.
func Lint(r io.Reader) (problems []string, err error) {
	var file struct {
		Events []*line `json:"traceEvents"`
	}
	dec := json.NewDecoder(r)
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("chrome: not a trace: %w", err)
	}
	l := &linter{slices: map[thread][]span{}, around: map[thread][]int64{}, named: map[thread]bool{}, used: map[thread]int{}, calls: map[string]int64{},
		begins: map[string]point{}, ends: map[string]point{}}
	if len(file.Events) == 0 {
		l.problem(0, "there is no event")
	}
	for i, e := range file.Events {
		l.event(i, e)
	}
	l.whole()
	if l.more > 0 {
		l.problems = append(l.problems, fmt.Sprintf("and %d more", l.more))
	}
	return l.problems, nil
}

func (l *linter) problem(event int, format string, args ...any) {
	if len(l.problems) == problemsMax {
		l.more++
		return
	}
	l.problems = append(l.problems, fmt.Sprintf("event %d: ", event)+fmt.Sprintf(format, args...))
}

// event checks one event and keeps what others must agree with.
func (l *linter) event(i int, e *line) {
	if e == nil || e.PID == nil {
		l.problem(i, "it belongs to no process")
		return
	}
	at := thread{pid: *e.PID}
	if e.TID != nil {
		at.tid = *e.TID
	}
	if e.Phase == "M" {
		l.name(e, at)
		return
	}
	var ok bool
	if e.at, ok = nanos(e.TS); !ok {
		l.problem(i, "its ts %q is no time in µs with at most three decimals", e.TS)
		return
	}
	if e.at < l.last {
		l.problem(i, "its ts %s is before that of the event ahead of it", e.TS)
	}
	l.last = e.at
	if _, seen := l.used[at]; !seen {
		l.used[at] = i
	}
	l.phase(i, e, at)
}

func (l *linter) name(e *line, at thread) {
	switch e.Name {
	case "process_name":
		l.named[thread{at.pid, 0}] = true
	case "thread_name":
		l.named[at] = true
	}
}

func (l *linter) phase(i int, e *line, at thread) {
	key := e.Cat + " " + e.ID
	switch e.Phase {
	case "X":
		l.slice(i, e, at)
	case "i":
		if e.Scope != "t" && e.Scope != "p" && e.Scope != "g" {
			l.problem(i, "the scope %q of an instant is none of t, p and g", e.Scope)
		}
	case "b":
		if _, open := l.calls[key]; open {
			l.problem(i, "the call %s begins while it goes on", key)
		}
		l.calls[key] = e.at
	case "e":
		if _, open := l.calls[key]; !open {
			l.problem(i, "the call %s ends and has not begun", key)
		}
		delete(l.calls, key)
	case "s":
		if _, twice := l.begins[key]; twice {
			l.problem(i, "the flow %s begins twice", key)
		}
		l.begins[key] = point{at, e.at, i}
		l.order = append(l.order, key)
	case "f":
		l.flowEnds(i, e, key, at)
	case "C":
		l.counter(i, e)
	default:
		l.problem(i, "there is no phase %q here", e.Phase)
	}
}

func (l *linter) flowEnds(i int, e *line, key string, at thread) {
	if _, begun := l.begins[key]; !begun {
		l.problem(i, "the flow %s ends and has not begun", key)
	}
	if _, twice := l.ends[key]; twice {
		l.problem(i, "the flow %s ends twice", key)
	}
	if e.Bind != "e" {
		l.problem(i, "the flow %s would end at the next slice, not at the one around it", key)
	}
	l.ends[key] = point{at, e.at, i}
}

// slice checks that a slice lies wholly within the ones around it.
func (l *linter) slice(i int, e *line, at thread) {
	dur, ok := nanos(e.Dur)
	if !ok {
		l.problem(i, "its dur %q is no span in µs with at most three decimals", e.Dur)
		return
	}
	e.end = e.at + dur
	if e.Name == "" {
		l.problem(i, "a slice without a name")
	}
	open := l.slices[at]
	if around := l.around[at]; len(around) > 0 {
		for len(around) > 0 && around[len(around)-1] <= e.at {
			around = around[:len(around)-1]
		}
		if len(around) > 0 && e.end > around[len(around)-1] {
			l.problem(i, "the slice %q ends after the one that it begins in", e.Name)
		}
		l.around[at] = around
	}
	l.around[at] = append(l.around[at], e.end)
	reach := e.end
	if len(open) > 0 {
		reach = max(reach, open[len(open)-1].reach)
	}
	l.slices[at] = append(open, span{e.at, e.end, reach})
}

func (l *linter) counter(i int, e *line) {
	if len(e.Args) == 0 {
		l.problem(i, "a counter without a value")
	}
	for _, value := range e.Args { // order-free: they are told alike
		if _, err := strconv.ParseInt(string(value), 10, 64); err != nil {
			l.problem(i, "a value of the counter %q is no number", e.Name)
		}
	}
}

// whole checks what only the end tells.
func (l *linter) whole() {
	for _, key := range sortedKeys(l.calls) {
		l.problem(0, "the call %s never ends", key)
	}
	for _, key := range l.order {
		b := l.begins[key]
		l.within(b, "begins", key)
		e, ok := l.ends[key]
		if !ok {
			l.problem(b.event, "the flow %s has no end", key)
			continue
		}
		l.within(e, "ends", key)
	}
	for _, at := range sortedThreads(l.used) {
		if !l.named[thread{at.pid, 0}] || at.tid != 0 && !l.named[at] {
			l.problem(l.used[at], "process %d or its thread %d has no name", at.pid, at.tid)
		}
	}
}

// within checks that a flow touches a slice: of those that begin up to then, the
// one that reaches farthest ends later.
func (l *linter) within(p point, deed, key string) {
	list := l.slices[p.thread]
	n, _ := slices.BinarySearchFunc(list, p.at+1, func(s span, at int64) int { return cmp.Compare(s.from, at) })
	if n == 0 || list[n-1].reach <= p.at {
		l.problem(p.event, "the flow %s %s outside of every slice", key, deed)
	}
}

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m { // order-free: sorted below
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func sortedThreads(m map[thread]int) []thread {
	list := make([]thread, 0, len(m))
	for t := range m { // order-free: sorted below
		list = append(list, t)
	}
	slices.SortStableFunc(list, func(a, b thread) int { return m[a] - m[b] })
	return list
}

// nanos reads µs with up to three decimals, not below 0.
func nanos(n json.Number) (int64, bool) {
	whole, frac, _ := strings.Cut(string(n), ".")
	if len(frac) > 3 || whole == "" {
		return 0, false
	}
	ns, err := strconv.ParseInt(whole+frac+"000"[len(frac):], 10, 64)
	return ns, err == nil && ns >= 0
}
