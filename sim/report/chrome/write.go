package chrome

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/report"
)

// Write ends what is still going on, and writes the trace of a run. It is called
// once.
func (r *Recorder) Write(w io.Writer, run *report.Run) error {
	r.finish()
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "{\"displayTimeUnit\":\"ms\",\"otherData\":%s,\"traceEvents\":[\n", otherData(run))
	for _, p := range r.processes() {
		for _, line := range p.names() {
			out.WriteString(line + ",\n")
		}
	}
	slices.SortStableFunc(r.events, before)
	for i := range r.events {
		if i > 0 {
			out.WriteString(",\n")
		}
		r.events[i].write(out)
	}
	out.WriteString("\n]}\n")
	return out.Flush()
}

// finish ends what goes on at the end of the run.
func (r *Recorder) finish() {
	r.faultEnds(0, r.last)
	for _, m := range r.servers {
		r.becomes(m, r.last, "")
	}
	for _, id := range slices.Sorted(maps.Keys(r.open)) {
		for i := range r.events {
			if e := r.events[i]; e.phase == 'b' && e.id == id {
				e.phase, e.at, e.args = 'e', r.last, object("outcome", "the run ends before")
				r.events = append(r.events, e)
				break
			}
		}
	}
	if len(r.events) == 0 {
		r.everywhere(0, "nothing happened", "")
	}
}

// before orders by time; a slice comes before what lies in it.
func before(a, b event) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.span, a.span))
}

func (r *Recorder) processes() []*process {
	list := []*process{&r.faults.process, &r.clients.process}
	for _, m := range r.servers {
		list = append(list, &m.process)
	}
	return list
}

// names are the lines that name a process and its threads, and keep their order.
func (p *process) names() []string {
	lines := []string{
		fmt.Sprintf(`{"ph":"M","pid":%d,"name":"process_name","args":%s}`, p.pid, object("name", p.name)),
		fmt.Sprintf(`{"ph":"M","pid":%d,"name":"process_sort_index","args":%s}`, p.pid, object("sort_index", p.pid)),
	}
	for _, t := range p.tracks {
		lines = append(lines,
			fmt.Sprintf(`{"ph":"M","pid":%d,"tid":%d,"name":"thread_name","args":%s}`, t.pid, t.tid, object("name", t.name)),
			fmt.Sprintf(`{"ph":"M","pid":%d,"tid":%d,"name":"thread_sort_index","args":%s}`, t.pid, t.tid, object("sort_index", t.tid)))
	}
	return lines
}

// write writes one event.
func (e *event) write(out *bufio.Writer) {
	phase := string(e.phase)
	if e.phase == 'I' {
		phase = "i"
	}
	fmt.Fprintf(out, `{"ph":%s,"pid":%d`, quoted(phase), e.pid)
	if e.phase != 'C' {
		fmt.Fprintf(out, `,"tid":%d`, e.tid)
	}
	fmt.Fprintf(out, `,"ts":%s`, micros(e.at))
	switch e.phase {
	case 'X':
		fmt.Fprintf(out, `,"dur":%s`, micros(e.span))
	case 'i':
		out.WriteString(`,"s":"t"`)
	case 'I':
		out.WriteString(`,"s":"g"`)
	case 'b', 'e', 's', 'f':
		fmt.Fprintf(out, `,"cat":%s,"id":"0x%x"`, quoted(e.cat), e.id)
	}
	if e.phase == 'f' {
		out.WriteString(`,"bp":"e"`)
	}
	fmt.Fprintf(out, `,"name":%s`, quoted(e.name))
	if e.args != "" {
		fmt.Fprintf(out, `,"args":%s`, e.args)
	}
	out.WriteByte('}')
}

// micros writes an instant in the unit of the format, µs, without loss.
func micros(d time.Duration) string {
	return strconv.FormatInt(int64(d/1000), 10) + fmt.Sprintf(".%03d", int64(d%1000))
}

// object writes a JSON object of keys and values, in this order; empty texts are
// left out.
func object(pairs ...any) string {
	var b strings.Builder
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		sep := ","
		if b.Len() == 0 {
			sep = "{"
		}
		fmt.Fprintf(&b, "%s%s:%s", sep, quoted(pairs[i]), quoted(pairs[i+1]))
	}
	if b.Len() == 0 {
		return "{}"
	}
	return b.String() + "}"
}

// quoted writes a text or an integer as JSON.
func quoted(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("chrome: " + err.Error()) // neither can fail
	}
	return string(text)
}

// otherData says which run it is. The time that it took is left out: the bytes
// are a function of the run.
func otherData(run *report.Run) string {
	d := run.Document()
	return object("seed", d.Seed, "profile", d.Config.Profile, "hash", d.Hash, "verdict", string(d.Verdict), "property", d.Property,
		"place", d.Place, "detail", d.Detail, "step", d.Step, "version", run.Build.String())
}
