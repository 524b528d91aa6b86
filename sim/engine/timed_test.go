package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
)

// What Apache ZooKeeper 3.8.0 did in time, with a tick and a check interval of
// 500 ms each: containers, times to live, and the expiry of sessions.
const (
	timedTick     = 500 * time.Millisecond
	timedInterval = 500 * time.Millisecond
	timedSlack    = 100 * time.Millisecond // for messages and turns on their way
)

// timedLine is one line of the recording.
type timedLine struct {
	Scenario string        `json:"scenario"`
	At       int64         `json:"t_ms"`
	What     string        `json:"what"`
	Err      proto.ErrCode `json:"err"`
	Events   [][]any       `json:"events"`
	Note     string        `json:"note"`
	Took     int64         `json:"took_ms"`
}

// TestGoldenTimed plays each scenario to a simulated ensemble in virtual time.
// Errors and events are the recorded ones, and whatever disappears does so
// within the check interval and a tick of the earliest instant at which it may.
func TestGoldenTimed(t *testing.T) {
	lines := timedLines(t)
	played, seed := 0, uint64(0)
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].Scenario == lines[0].Scenario && lines[n].At >= lines[n-1].At {
			n++
		}
		seed++
		t.Run(fmt.Sprintf("%s/%d", lines[0].Scenario, seed), func(t *testing.T) {
			s := newTimed(t, seed)
			for i := range lines[:n] {
				s.line(&lines[i])
			}
			played += n
		})
		lines = lines[n:]
	}
	t.Logf("../../testdata/golden/timed.jsonl: %d of %d lines played", played, len(timedLines(t)))
}

// A disappearance that comes too early, or too late, is noticed.
func TestGoldenTimedNotices(t *testing.T) {
	s := newTimed(t, 1)
	s.due = time.Hour
	assert.NotEmpty(t, s.untimely(time.Second), "too early")
	s.due = 0
	assert.NotEmpty(t, s.untimely(2*time.Second), "too late")
	assert.Empty(t, s.untimely(time.Second))
}

func timedLines(t *testing.T) []timedLine {
	text, err := os.ReadFile("../../testdata/golden/timed.jsonl")
	require.NoError(t, err)
	var lines []timedLine
	for i, l := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var line timedLine
		require.NoError(t, json.Unmarshal(l, &line), "line %d", i+1)
		if line.Scenario != "about" {
			lines = append(lines, line)
		}
	}
	return lines
}

// timed is a scenario at work. Session 0 looks on and does everything but make
// ephemerals; session 1 makes those, and is the one that ends.
type timed struct {
	*ensemble
	t       *testing.T
	p       *golden.Player
	start   time.Duration
	timeout time.Duration // of session 1, when it is there
	due     time.Duration // the earliest instant at which something may disappear
	ttl     time.Duration
	written time.Duration // when the znode with a time to live was written last
}

func newTimed(t *testing.T, seed uint64) *timed {
	e := newEnsemble(t, seed, node.StoreConfig{ExtendedTypes: true, ContainerInterval: timedInterval}, timedTick)
	s := &timed{ensemble: e, t: t}
	s.p = golden.NewPlayer(e, func(z proto.Zxid) int64 { return int64(z.Counter()) })
	s.step(0, "connect", proto.Op{Type: proto.OpCreateSession, Timeout: golden.TimeoutLong})
	s.start = e.clock.Now()
	return s
}

func (s *timed) step(session int, kind string, op proto.Op) golden.Got {
	got := s.p.Step(&golden.Step{Session: session, Kind: kind, Op: op})
	require.NoError(s.t, s.p.Err())
	return got
}

// until lets time pass until so many ms after the scenario's start.
func (s *timed) until(ms int64) {
	at := s.start + time.Duration(ms)*time.Millisecond
	if now := s.clock.Now(); now < at {
		require.NoError(s.t, s.Sleep(at-now))
	}
}

// line plays a line: a request, something that is done to a session, or
// something that is waited for.
func (s *timed) line(l *timedLine) {
	words := strings.Fields(strings.ReplaceAll(l.What, ":", ""))
	switch {
	case words[0] == "gone":
		s.gone(words[1], l.Events)
	case words[0] == "still":
		require.NoError(s.t, s.Sleep(time.Duration(l.Took)*time.Millisecond))
		assert.True(s.t, s.holds(words[2]), l.What)
	case l.What == "the server closed the connection":
		assert.False(s.t, s.p.Connected(1), l.What)
	case words[0] == "exists" && l.Err == proto.NoNode:
		s.gone(words[1], nil)
	case words[0] == "exists" && words[3] == "false" && s.timeout > 0:
		// The recording asked a moment before the next tick; here that is another one.
		assert.Equal(s.t, l.Err, s.step(0, "exists", proto.Op{Type: proto.OpExists, Path: words[1]}).Err)
	case words[0] == "connection":
		s.until(l.At)
		s.step(1, "drop", proto.Op{})
	case words[0] == "other":
		s.until(l.At)
		s.step(1, "close", proto.Op{Type: proto.OpCloseSession})
		s.due = s.clock.Now()
	case words[0] == "resume":
		s.resume(l, words)
	default:
		s.until(l.At)
		s.request(l, words)
	}
}

func (s *timed) resume(l *timedLine, words []string) {
	s.until(l.At)
	op := proto.Op{}
	if words[1] == "asking" {
		s.timeout = s.millis(words[3])
		op.Timeout = int32(s.timeout.Milliseconds())
	}
	before := s.clock.Now()
	assert.Equal(s.t, "same", s.step(1, "resume", op).Sess, l.What)
	s.due = before + s.timeout
}

func (s *timed) millis(word string) time.Duration {
	d, err := time.ParseDuration(word + "ms")
	require.NoError(s.t, err)
	return d
}

func (s *timed) request(l *timedLine, words []string) {
	op := proto.Op{Path: words[1], ACL: proto.OpenACL(), Version: -1}
	session, before := 0, s.clock.Now()
	switch words[0] {
	case "create":
		op.Type = proto.OpCreate
		if words[3] == "1" {
			op.Flags, session = proto.FlagEphemeral, 1
			s.openOther(l.Scenario)
			s.due = s.clock.Now() + s.timeout
		}
	case "createContainer":
		op.Type, op.Flags = proto.OpCreateContainer, proto.FlagContainer
	case "createTTL":
		op.Type, op.Flags, s.ttl = proto.OpCreateTTL, proto.FlagTTL, s.millis(words[2])
		op.TTL = s.ttl.Milliseconds()
		s.written = before
	case "setData":
		op.Type, s.written = proto.OpSetData, before
	case "delete":
		op.Type = proto.OpDelete
	case "exists":
		op.Type, op.Watch = proto.OpExists, words[3] == "true"
	default:
		s.t.Fatalf("a line of unknown words: %q", l.What)
	}
	assert.Equal(s.t, l.Err, s.step(session, words[0], op).Err, l.What)
	if words[0] == "delete" {
		s.due = before
	}
	if s.ttl > 0 {
		s.due = max(s.written+s.ttl, s.due)
	}
}

// openOther opens session 1 with the timeout that the scenario names. The one
// that comes back in time had 2000 ms; where none matters, any will do.
func (s *timed) openOther(scenario string) {
	s.timeout = 2000 * time.Millisecond
	if words := strings.Fields(scenario); words[0] == "session" && words[1] == "of" {
		s.timeout = s.millis(words[2])
	}
	if strings.HasPrefix(scenario, "container") {
		s.timeout = 30 * time.Second
	}
	s.step(1, "connect", proto.Op{Type: proto.OpCreateSession, Timeout: int32(s.timeout.Milliseconds())})
}

// holds reports whether the server of session 0 has a znode.
func (s *timed) holds(path string) bool {
	_, ok := s.servers[0].core.(*node.Node).Tree().ACL(path)
	return ok
}

// gone waits for a znode to disappear; the one who watches it is told.
func (s *timed) gone(path string, events [][]any) {
	require.NoError(s.t, s.Wait(func() bool { return !s.holds(path) }), path)
	assert.Empty(s.t, s.untimely(s.clock.Now()), path)
	var want []golden.Event
	for _, e := range events {
		want = append(want, golden.Event{Type: proto.EventType(e[0].(float64)), Path: e[1].(string)})
	}
	got := s.step(0, "exists", proto.Op{Type: proto.OpExists, Path: path})
	assert.Equal(s.t, proto.NoNode, got.Err, path)
	assert.Equal(s.t, want, slices.Clone(got.Events), path)
}

// untimely says what is wrong with the instant of a disappearance, "" for nothing.
func (s *timed) untimely(at time.Duration) string {
	switch latest := s.due + timedInterval + timedTick + timedSlack; {
	case at < s.due:
		return fmt.Sprintf("at %v, which may not be before %v", at, s.due)
	case at > latest:
		return fmt.Sprintf("at %v, which must not be after %v", at, latest)
	}
	return ""
}
