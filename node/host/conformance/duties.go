package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// Duty is one thing that a driver must do.
type Duty struct {
	Name  string
	Check func(w World) error
	// Breach alters outputs so that the duty is not done.
	Breach func(*node.Output)
}

// Duties are all of them. Each wants a world of its own.
var Duties = []Duty{
	{"the start is the first event", startFirst, nil},
	{"timers ring in their time", timersRing, func(o *node.Output) {
		for i := range o.Timers {
			o.Timers[i].Min, o.Timers[i].Max = o.Timers[i].Min/8, o.Timers[i].Max/8
		}
	}},
	{"a timer is replaced and cancelled", timersReplaced, func(o *node.Output) {
		o.Timers = slices.DeleteFunc(o.Timers, func(t node.Timer) bool { return t.Max == 0 })
	}},
	{"turns are granted once", turnsOnce, func(o *node.Output) { o.Turns = append(o.Turns, o.Turns...) }},
	{"numbers are drawn", numbersDrawn, func(o *node.Output) {
		for i := range o.Draws {
			o.Draws[i].Below <<= 40
		}
	}},
	{"a lane works in order", laneOrder, func(o *node.Output) { slices.Reverse(o.Writes) }},
	{"success is told when asked for, errors always", diskAnswers, func(o *node.Output) {
		for i := range o.Writes {
			o.Writes[i].Notify = !o.Writes[i].Notify
		}
	}},
	{"what is told to be done is done", doneIsDone, func(o *node.Output) {
		for i := range o.Writes {
			if o.Writes[i].Op.Kind == store.OpWrite {
				o.Writes[i].Op.Data = nil
			}
		}
	}},
	{"recovery hands over what it found", recoveryTold, func(o *node.Output) { o.Writes = nil }},
	{"streams keep order", streamsOrder, func(o *node.Output) { slices.Reverse(o.Sends) }},
	{"what is sent arrives before the end", sendsBeforeCloses, func(o *node.Output) {
		if len(o.Closes) > 0 {
			o.Sends = nil
		}
	}},
	{"nothing is told of a connection that the core has closed", closedIsSilent, func(o *node.Output) { o.Closes = nil }},
	{"a closed gate lets nothing through", gates, func(o *node.Output) { o.Gates = nil }},
	{"a sender waits for room", room, func(o *node.Output) { o.Gates = nil }},
	{"a dial that fails is told", dialFails, func(o *node.Output) { o.Dials = nil }},
	{"the death of a process closes its streams", deathCloses, nil},
	{"an exit ends the process", exitEnds, func(o *node.Output) { o.Exit = nil }},
	{"files outlive a process", filesLive, func(o *node.Output) { o.Writes = nil }},
}

// both starts the two processes.
func both(w World) error {
	w.Start(1)
	w.Start(2)
	return await(w, "both start", func() bool {
		return w.Puppet(1) != nil && w.Puppet(2) != nil && w.Puppet(1).count(node.EventStart) == 1 && w.Puppet(2).count(node.EventStart) == 1
	})
}

// patience is how long to wait for what must come.
const patience = 10 * time.Second

func await(w World, what string, so func() bool) error {
	if !w.Go(patience, so) {
		return fmt.Errorf("%s: that does not come about", what)
	}
	return nil
}

func startFirst(w World) error {
	if err := both(w); err != nil {
		return err
	}
	w.Rest()
	told := w.Puppet(1).Told()
	if len(told) != 1 || told[0].Kind != node.EventStart || told[0].Wall <= 0 {
		return fmt.Errorf("want one start, with a wall clock; told %+v", told)
	}
	if w.Puppet(1).Recovered == nil {
		return fmt.Errorf("the core was made of nothing")
	}
	return nil
}

// lastNow is the core's clock when it was told something last.
func lastNow(p *Puppet) time.Duration {
	told := p.Told()
	return told[len(told)-1].Now
}

func timersRing(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	// A turn tells what the clock is when the timers are asked for.
	w.Do(1, &node.Output{Turns: []node.Stage{{Kind: node.StagePrep}}})
	if err := await(w, "a turn", func() bool { return p.count(node.EventTurn) == 1 }); err != nil {
		return err
	}
	asked := lastNow(p)
	a, b := node.TimerID{Kind: node.TimerRedial, Peer: 1}, node.TimerID{Kind: node.TimerRedial, Peer: 2}
	const lo, hi = 40 * time.Millisecond, 60 * time.Millisecond
	w.Do(1, &node.Output{Timers: []node.Timer{{ID: a, Min: lo, Max: hi}, {ID: b, Min: 2 * lo, Max: 2 * lo}}})
	if err := await(w, "two timers", func() bool { return p.count(node.EventTimer) == 2 }); err != nil {
		return err
	}
	w.Rest()
	rung := p.Told(node.EventTimer)
	switch {
	case len(rung) != 2:
		return fmt.Errorf("want each timer to ring once, have %d", len(rung))
	case rung[0].Timer != a || rung[1].Timer != b:
		return fmt.Errorf("rang in the order %v, %v", rung[0].Timer, rung[1].Timer)
	case rung[0].Now-asked < lo || rung[1].Now-asked < 2*lo:
		return fmt.Errorf("rang after %v and %v, too early", rung[0].Now-asked, rung[1].Now-asked)
	}
	return nil
}

func timersReplaced(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	a, b := node.TimerID{Kind: node.TimerPhase}, node.TimerID{Kind: node.TimerExpiry}
	set := func(id node.TimerID, d time.Duration) {
		w.Do(1, &node.Output{Timers: []node.Timer{{ID: id, Min: d, Max: d}}})
	}
	set(a, time.Hour)
	set(a, 20*time.Millisecond)
	set(b, 10*time.Millisecond)
	set(b, 0)
	if err := await(w, "the replaced timer", func() bool { return p.count(node.EventTimer) == 1 }); err != nil {
		return err
	}
	w.Rest()
	if rung := p.Told(node.EventTimer); len(rung) != 1 || rung[0].Timer != a {
		return fmt.Errorf("want %v alone to ring, have %v", a, rung)
	}
	set(b, 10*time.Millisecond) // a cancelled timer may be set again
	return await(w, "a timer that was cancelled before", func() bool { return p.count(node.EventTimer) == 2 })
}

func turnsOnce(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	want := []node.Stage{{Kind: node.StagePrep}, {Kind: node.StageLog}, {Kind: node.StageFinal}}
	w.Do(1, &node.Output{Turns: want})
	if err := await(w, "three turns", func() bool { return p.count(node.EventTurn) >= 3 }); err != nil {
		return err
	}
	w.Rest()
	granted := map[node.Stage]int{}
	for _, in := range p.Told(node.EventTurn) {
		granted[in.Stage]++
	}
	for _, s := range want {
		if granted[s] != 1 {
			return fmt.Errorf("%v was granted %d turns", s.Kind, granted[s])
		}
	}
	return nil
}

func numbersDrawn(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	for range 10 {
		w.Do(1, &node.Output{Draws: []node.Draw{{Kind: node.DrawSnapshot, Below: 10}}})
	}
	if err := await(w, "ten numbers", func() bool { return p.count(node.EventDrawn) == 10 }); err != nil {
		return err
	}
	for _, in := range p.Told(node.EventDrawn) {
		if in.Value < 0 || in.Value >= 10 || in.Draw != node.DrawSnapshot {
			return fmt.Errorf("drew %d for %v, want 0 to 9", in.Value, in.Draw)
		}
	}
	return nil
}

// peers makes server 1 dial server 2, and gives the ids of both ends.
func peers(w World) (from, to node.ConnID, err error) {
	if err := both(w); err != nil {
		return 0, 0, err
	}
	w.Do(1, &node.Output{Dials: []node.Dial{{Conn: -1, Peer: 2, Port: node.PortQuorum}}})
	err = await(w, "a connection", func() bool {
		return w.Puppet(1).count(node.EventConnected) == 1 && w.Puppet(2).count(node.EventAccepted) == 1
	})
	if err != nil {
		return 0, 0, err
	}
	in := w.Puppet(2).Told(node.EventAccepted)[0]
	if in.Conn <= 0 || in.Port != node.PortQuorum || in.Addr == "" {
		return 0, 0, fmt.Errorf("accepted %d on port %d from %q", in.Conn, in.Port, in.Addr)
	}
	return -1, in.Conn, nil
}

func streamsOrder(w World) error {
	from, to, err := peers(w)
	if err != nil {
		return err
	}
	w.Do(1, &node.Output{Sends: []node.Send{{Conn: from, Data: []byte("one ")}, {Conn: from, Data: []byte("two ")}}})
	w.Do(1, &node.Output{Sends: []node.Send{{Conn: from, Data: []byte("three")}}})
	const want = "one two three"
	if err := await(w, "all bytes", func() bool { return len(w.Puppet(2).received(to)) >= len(want) }); err != nil {
		return err
	}
	if got := string(w.Puppet(2).received(to)); got != want {
		return fmt.Errorf("sent %q, received %q", want, got)
	}
	return nil
}

func sendsBeforeCloses(w World) error {
	from, to, err := peers(w)
	if err != nil {
		return err
	}
	w.Do(2, &node.Output{Sends: []node.Send{{Conn: to, Data: []byte("bye")}}, Closes: []node.ConnID{to}})
	p := w.Puppet(1)
	if err := await(w, "the end", func() bool { return p.count(node.EventClosed) == 1 }); err != nil {
		return err
	}
	told := p.Told(node.EventReceived, node.EventClosed)
	if string(p.received(from)) != "bye" || told[len(told)-1].Kind != node.EventClosed {
		return fmt.Errorf("received %q, and the end in the place %d of %d", p.received(from), len(told)-1, len(told))
	}
	return nil
}

func closedIsSilent(w World) error {
	from, to, err := peers(w)
	if err != nil {
		return err
	}
	w.Do(1, &node.Output{Closes: []node.ConnID{from}})
	w.Do(2, &node.Output{Sends: []node.Send{{Conn: to, Data: []byte("too late")}}})
	if err := await(w, "the end at the other side", func() bool { return w.Puppet(2).count(node.EventClosed) == 1 }); err != nil {
		return err
	}
	w.Rest()
	if told := w.Puppet(1).Told(node.EventReceived, node.EventClosed); len(told) > 0 {
		return fmt.Errorf("who has closed was told %+v", told)
	}
	return nil
}

func gates(w World) error {
	from, to, err := peers(w)
	if err != nil {
		return err
	}
	p := w.Puppet(2)
	w.Do(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: false}}})
	w.Do(1, &node.Output{Sends: []node.Send{{Conn: from, Data: []byte("wait")}}, Closes: []node.ConnID{from}})
	w.Rest()
	if told := p.Told(node.EventReceived, node.EventClosed); len(told) > 0 {
		return fmt.Errorf("told %+v through a closed gate", told)
	}
	w.Do(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: true}}})
	if err := await(w, "the end, behind an open gate", func() bool { return p.count(node.EventClosed) == 1 }); err != nil {
		return err
	}
	if got := string(p.received(to)); got != "wait" {
		return fmt.Errorf("received %q behind the gate, want \"wait\"", got)
	}
	return nil
}

// roomMax is more than any stream takes while nobody reads.
const roomMax = 64 << 20

// blockedAfter is how long no turn has to come until a stream counts as full.
const blockedAfter = 500 * time.Millisecond

// room fills a stream that nobody reads, as its sender's turns allow, until no
// turn comes any more; then it is read, and everything has to arrive.
func room(w World) error {
	from, to, err := peers(w)
	if err != nil {
		return err
	}
	p := w.Puppet(1)
	w.Do(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: false}}})
	var sent []byte
	turns := func() []node.Input { return p.Told(node.EventTurn) }
	for n := 0; ; n++ {
		w.Do(1, &node.Output{Turns: []node.Stage{{Kind: node.StageSender, Conn: from}}})
		w.Go(blockedAfter, func() bool { return len(turns()) > n })
		granted := turns()
		if len(granted) == n {
			break
		}
		size := granted[n].Room
		if size <= 0 {
			return fmt.Errorf("a sender got a turn with room for %d bytes", size)
		}
		chunk := bytes.Repeat([]byte{byte(n)}, size)
		sent = append(sent, chunk...)
		if len(sent) > roomMax {
			return fmt.Errorf("a stream that nobody reads has taken %d bytes", len(sent))
		}
		w.Do(1, &node.Output{Sends: []node.Send{{Conn: from, Data: chunk}}})
	}
	blocked := len(turns())
	w.Do(2, &node.Output{Gates: []node.ReadGate{{Conn: to, Open: true}}})
	if err := await(w, "a turn, now that there is room", func() bool { return len(turns()) == blocked+1 }); err != nil {
		return err
	}
	if err := await(w, "all bytes", func() bool { return len(w.Puppet(2).received(to)) >= len(sent) }); err != nil {
		return err
	}
	if !bytes.Equal(sent, w.Puppet(2).received(to)) {
		return fmt.Errorf("what arrived is not what was sent")
	}
	return nil
}

func dialFails(w World) error {
	w.Start(1)
	if err := await(w, "a start", func() bool { return w.Puppet(1) != nil && w.Puppet(1).count(node.EventStart) == 1 }); err != nil {
		return err
	}
	w.Do(1, &node.Output{Dials: []node.Dial{{Conn: -1, Peer: 2, Port: node.PortElection}}})
	if err := await(w, "the failure", func() bool { return w.Puppet(1).count(node.EventConnectFailed) == 1 }); err != nil {
		return err
	}
	if w.Puppet(1).count(node.EventConnected) > 0 {
		return fmt.Errorf("connected to a server that does not run")
	}
	return nil
}

func deathCloses(w World) error {
	_, to, err := peers(w)
	if err != nil {
		return err
	}
	dead := w.Puppet(1)
	w.Kill(1)
	heard := len(dead.Told())
	if err := await(w, "the end at the other side", func() bool { return w.Puppet(2).count(node.EventClosed) == 1 }); err != nil {
		return err
	}
	w.Do(2, &node.Output{Closes: []node.ConnID{to}}) // it is gone already
	w.Rest()
	if len(dead.Told()) != heard {
		return fmt.Errorf("a dead process was told %+v", dead.Told()[heard:])
	}
	return nil
}

func exitEnds(w World) error {
	if _, _, err := peers(w); err != nil {
		return err
	}
	dead := w.Puppet(1)
	w.Do(1, &node.Output{Exit: &node.Exit{Code: 12, Reason: "as the check wants"}})
	if err := await(w, "the end at the other side", func() bool { return w.Puppet(2).count(node.EventClosed) == 1 }); err != nil {
		return err
	}
	if n := dead.count(node.EventClosed); n > 0 {
		return fmt.Errorf("a process that exits was told of its own end")
	}
	return nil
}

// op makes a disk operation of the log.
func op(kind store.OpKind, name string, data string) store.Op {
	return store.Op{Kind: kind, Class: store.ClassTxnLog, Name: name, Data: []byte(data)}
}

func laneOrder(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	w.Do(1, &node.Output{Writes: []node.Write{
		{ID: 1, Lane: node.LaneLog, Notify: true, Op: op(store.OpCreate, "f", "")},
		{ID: 2, Lane: node.LaneLog, Notify: true, Op: op(store.OpWrite, "f", "first")},
		{ID: 3, Lane: node.LaneLog, Notify: true, Op: op(store.OpFsync, "f", "")},
		{ID: 4, Lane: node.LaneLog, Notify: true, Op: op(store.OpWrite, "f", "other")},
	}})
	if err := await(w, "four operations", func() bool { return p.count(node.EventDiskDone) == 4 }); err != nil {
		return err
	}
	for i, in := range p.Told(node.EventDiskDone) {
		if in.Write != node.WriteID(i+1) || in.Err != nil || in.Lane != node.LaneLog {
			return fmt.Errorf("in place %d: operation %d of lane %d, error %v", i, in.Write, in.Lane, in.Err)
		}
	}
	return holds(w, 1, "f", "other")
}

func holds(w World, id proto.ServerID, name, want string) error {
	got, err := w.Files(id).ReadFile(name)
	if err != nil || string(got) != want {
		return fmt.Errorf("%s holds %q (error %v), want %q", name, got, err, want)
	}
	return nil
}

func diskAnswers(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	w.Do(1, &node.Output{Writes: []node.Write{
		{ID: 1, Lane: node.LaneLog, Op: op(store.OpCreate, "f", "")},
		{ID: 2, Lane: node.LaneLog, Notify: true, Op: op(store.OpWrite, "f", "x")},
		{ID: 3, Lane: node.LaneMain, Op: op(store.OpWrite, "none", "x")},
		{ID: 4, Lane: node.LaneMain, Notify: true, Op: op(store.OpCreate, "g", "")}, // the lane goes on
	}})
	if err := await(w, "three answers", func() bool { return p.count(node.EventDiskDone) == 3 }); err != nil {
		return err
	}
	w.Rest()
	errs := map[node.WriteID]error{}
	for _, in := range p.Told(node.EventDiskDone) {
		errs[in.Write] = in.Err
	}
	_, one := errs[1]
	if one || len(errs) != 3 || errs[2] != nil || errs[3] == nil || errs[4] != nil {
		return fmt.Errorf("want 2 and 4 done and 3 failed, have %v", errs)
	}
	return nil
}

func doneIsDone(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	w.Do(1, &node.Output{Writes: []node.Write{
		{ID: 1, Lane: node.LaneSnapshot, Op: op(store.OpCreate, "a.tmp", "")},
		{ID: 2, Lane: node.LaneSnapshot, Op: op(store.OpWrite, "a.tmp", "whole")},
		{ID: 3, Lane: node.LaneSnapshot, Op: op(store.OpFsync, "a.tmp", "")},
		{ID: 4, Lane: node.LaneSnapshot, Op: store.Op{Kind: store.OpRename, Name: "a.tmp", To: "a"}},
		{ID: 5, Lane: node.LaneSnapshot, Notify: true, Op: store.Op{Kind: store.OpSyncDir}},
	}})
	if err := await(w, "the last operation", func() bool { return p.count(node.EventDiskDone) == 1 }); err != nil {
		return err
	}
	if _, err := w.Files(1).ReadFile("a.tmp"); err == nil {
		return fmt.Errorf("a.tmp is still there")
	}
	return holds(w, 1, "a", "whole")
}

func recoveryTold(w World) error {
	if err := both(w); err != nil {
		return err
	}
	p := w.Puppet(1)
	w.Do(1, &node.Output{Writes: []node.Write{{ID: 1, Lane: node.LaneMain, Notify: true, Op: store.Op{Kind: store.OpRecover, Keep: 1}}}})
	if err := await(w, "the recovery", func() bool { return p.count(node.EventDiskDone) == 1 }); err != nil {
		return err
	}
	if in := p.Told(node.EventDiskDone)[0]; in.Recovered == nil || in.Recovered.Tree == nil {
		return fmt.Errorf("nothing was handed over: %+v", in)
	}
	return nil
}

func filesLive(w World) error {
	if err := both(w); err != nil {
		return err
	}
	var writes []node.Write
	for i, o := range store.EpochOps(nil, store.AcceptedEpochFile, 7) {
		writes = append(writes, node.Write{ID: node.WriteID(i + 1), Lane: node.LaneMain, Op: o})
	}
	if len(writes) > 0 {
		writes[len(writes)-1].Notify = true
	}
	dead := w.Puppet(1)
	w.Do(1, &node.Output{Writes: writes})
	if err := await(w, "an epoch on disk", func() bool { return dead.count(node.EventDiskDone) == 1 }); err != nil {
		return err
	}
	w.Kill(1)
	w.Start(1)
	if err := await(w, "another process", func() bool {
		p := w.Puppet(1)
		return p != dead && p != nil && p.count(node.EventStart) == 1
	}); err != nil {
		return err
	}
	if got := w.Puppet(1).Recovered.AcceptedEpoch; got != 7 {
		return fmt.Errorf("acceptedEpoch is %d in the next process, want 7", got)
	}
	return nil
}
