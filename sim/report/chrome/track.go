package chrome

import "time"

// event is one line of the file.
type event struct {
	phase    byte // X slice, i instant, b and e call, s and f flow, C counter, M name
	pid, tid int32
	at, span time.Duration
	id       uint64 // of b, e, s, f
	cat      string
	name     string
	args     string // JSON object, or nothing
}

// track is a thread: slices on it follow one another.
type track struct {
	pid, tid int32
	name     string
	end      time.Duration // of the last slice
}

// tick is the length of a step on a track. It has none in virtual time; but a
// flow must begin and end within a slice.
const tick = time.Nanosecond

// slice puts a slice on a track, from since until the step at the instant at is
// done. It begins when the one before has ended, if that is later. It returns
// its place among the events and an instant within it for what the step does.
func (r *Recorder) slice(t *track, since, at time.Duration, name string) (place int, within time.Duration) {
	begin := max(since, t.end)
	within = max(at, begin)
	t.end = within + tick
	r.events = append(r.events, event{phase: 'X', pid: t.pid, tid: t.tid, at: begin, span: t.end - begin, name: name})
	return len(r.events) - 1, within
}

// lasting puts a slice of a known length on a track, unless it is empty.
func (r *Recorder) lasting(t *track, from, to time.Duration, name, args string) {
	from = max(from, t.end)
	if to <= from {
		return
	}
	t.end = to
	r.events = append(r.events, event{phase: 'X', pid: t.pid, tid: t.tid, at: from, span: to - from, name: name, args: args})
}

func (r *Recorder) instant(t *track, at time.Duration, name, args string) {
	r.events = append(r.events, event{phase: 'i', pid: t.pid, tid: t.tid, at: at, name: name, args: args})
}

// The processes of a file.
const (
	pidFaults  int32 = 1
	pidClients int32 = 2
	pidServers int32 = 10 // zk1 is 11
)

// process is a process of the file: its threads, in the order of their making.
type process struct {
	pid    int32
	name   string
	tracks []*track
}

// track finds a thread by its name, or makes it.
func (p *process) track(name string) *track {
	for _, t := range p.tracks {
		if t.name == name {
			return t
		}
	}
	t := &track{pid: p.pid, tid: int32(len(p.tracks) + 1), name: name}
	p.tracks = append(p.tracks, t)
	return t
}
