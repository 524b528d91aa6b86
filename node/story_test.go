package node_test

import (
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/disksim"
	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/node/store"
)

// TestStories runs the transcripts of testdata. Each line is a verb with its
// words; lines below the first are further verbs. With -rewrite the expected
// output is written anew.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			s := &story{t: t}
			datadriven.RunTest(t, path, s.directive)
		})
	}
}

// story is a world and the verbs that move it.
type story struct {
	t *testing.T
	w *world
}

func (s *story) directive(t *testing.T, d *datadriven.TestData) string {
	words := []string{d.Cmd}
	for _, a := range d.CmdArgs {
		words = append(words, a.String())
	}
	lines := []string{strings.Join(words, " ")}
	if d.Input != "" {
		lines = append(lines, strings.Split(d.Input, "\n")...)
	}
	for _, line := range lines {
		s.verb(line)
	}
	out := s.w.lines
	s.w.lines = nil
	return strings.Join(append(out, ""), "\n")
}

func (s *story) fatalf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf(format, args...)
}

// verb carries out one line. A leading + leaves the ensemble standing still
// afterwards, so that the next verb comes at the same moment.
func (s *story) verb(line string) {
	line, still := strings.CutPrefix(strings.TrimSpace(line), "+")
	words := strings.Fields(line)
	verb, args := words[0], words[1:]
	if verb == "cluster" {
		s.cluster(args)
		return
	}
	if s.w == nil {
		s.fatalf("%s before cluster", verb)
	}
	if !s.worldVerb(verb, args) && !s.hostVerb(verb, args) {
		s.clientVerb(verb, args)
	}
	if !still {
		s.w.settle()
	}
}

// cluster N [option=value]...: a new ensemble, not started.
func (s *story) cluster(args []string) {
	s.w = newWorld(s.t, s.number(args[0]))
	s.w.catch = true
	s.shows([]string{"core"})
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "snap":
			s.w.cfg.SnapCount = s.number(value)
		case "log":
			s.w.cfg.CommitLogCount = s.number(value)
		case "sync-without-quorum":
			s.w.cfg.Bugs.SyncWithoutQuorum = true
		default:
			if !s.clientsOption(key, value) {
				s.fatalf("cluster: no option %q", a)
			}
		}
	}
}

func (s *story) worldVerb(verb string, args []string) bool {
	switch verb {
	case "show":
		s.shows(args)
	case "hide":
		for _, topic := range args {
			delete(s.w.show, topic)
		}
	case "elect":
		s.elect(args)
	case "run":
		s.w.run(s.span(args[0]))
	case "stabilize":
		s.stabilize()
	case "status":
		for _, h := range s.w.hosts {
			s.w.lines = append(s.w.lines, h.status())
		}
	case "cut":
		a, b := s.server(args[0]), s.server(args[1])
		s.w.cuts = append(s.w.cuts, [2]proto.ServerID{min(a, b), max(a, b)})
	case "heal":
		s.w.cuts = nil
	case "drop":
		s.w.drop(s.server(args[0]), s.server(args[1]))
	default:
		return false
	}
	return true
}

// shows makes topics visible: core, replies, conns and so on.
func (s *story) shows(topics []string) {
	for _, topic := range topics {
		s.w.show[topic] = true
	}
	s.w.show["replies"] = true
}

// elect [ids]: starts those servers, or all that are down, and waits until they serve.
func (s *story) elect(args []string) {
	for _, h := range s.chosen(args) {
		if h.core == nil {
			h.start()
		}
	}
	s.stabilize()
}

// stabilize lets time pass until every server that is up serves.
func (s *story) stabilize() {
	for range 600 {
		s.w.run(100 * time.Millisecond)
		if !slices.ContainsFunc(s.w.hosts, func(h *host) bool { return h.core != nil && !h.core.Serving() }) {
			return
		}
	}
	s.w.lines = append(s.w.lines, "not stable after a minute")
}

func (s *story) chosen(args []string) []*host {
	if len(args) == 0 {
		return s.w.hosts
	}
	var list []*host
	for _, a := range args {
		list = append(list, s.w.host(s.server(a)))
	}
	return list
}

func (s *story) hostVerb(verb string, args []string) bool {
	switch verb {
	case "start", "restart":
		for _, h := range s.chosen(args) {
			if h.core == nil {
				h.start()
			}
		}
	case "kill":
		s.w.host(s.server(args[0])).kill()
	case "crash":
		s.crash(s.w.host(s.server(args[0])), args[1:])
	case "pause", "resume":
		s.pause(s.w.host(s.server(args[0])), args[1:], verb == "pause")
	case "hold":
		s.hold(s.w.host(s.server(args[0])), args[1:])
	case "release":
		s.w.host(s.server(args[0])).hold = nil
	case "pass":
		s.w.host(s.server(args[0])).passes = s.number(args[1])
	case "history":
		s.history(s.w.host(s.server(args[0])), args[1:])
	case "damage":
		s.damage(s.w.host(s.server(args[0])), args[1])
	case "disk":
		s.disk(s.w.host(s.server(args[0])))
	default:
		return false
	}
	return true
}

func (s *story) crash(h *host, args []string) {
	power := disksim.LoseUnsynced
	if len(args) > 0 && args[0] == "keep-all" {
		power = disksim.KeepAll
	}
	h.crash(power)
}

func (s *story) pause(h *host, kinds []string, pause bool) {
	for _, word := range kinds {
		for k := range node.StageKind(node.NumStages) {
			if k.String() != word {
				continue
			}
			h.paused = slices.DeleteFunc(h.paused, func(o node.StageKind) bool { return o == k })
			if pause {
				h.paused = append(h.paused, k)
			}
		}
	}
}

// hold ID CLASS [OP [NAME]]: the lane of such an operation stands still before it.
func (s *story) hold(h *host, args []string) {
	h.hold = func(op store.Op) bool {
		return op.Class.String() == args[0] && (len(args) < 2 || op.Kind.String() == args[1]) &&
			(len(args) < 3 || op.Name == args[2])
	}
}

// history ID accepted=E current=E FROM..TO...: what the disk of a server that is
// down holds. A transaction creates the znode named after its zxid.
func (s *story) history(h *host, args []string) {
	if _, err := store.Recover(h.disk, 0); err != nil {
		s.fatalf("history: %v", err)
	}
	var ops []store.Op
	var recs []store.Record
	for _, a := range args {
		key, value, found := strings.Cut(a, "=")
		switch {
		case found && key == "accepted":
			ops = store.EpochOps(ops, store.AcceptedEpochFile, proto.Epoch(s.number(value)))
		case found && key == "current":
			ops = store.EpochOps(ops, store.CurrentEpochFile, proto.Epoch(s.number(value)))
		default:
			first, last, found := strings.Cut(a, "..")
			if !found {
				last = first
			}
			for z := s.zxid(first); z <= s.zxid(last); z++ {
				recs = append(recs, store.NewRecord(&proto.Txn{Path: "/" + z.String(), ACL: proto.OpenACL(), ParentCVersion: -1,
					TxnHeader: proto.TxnHeader{Zxid: z, Time: wallStart, Type: proto.OpCreate}}))
			}
		}
	}
	w := store.NewLogWriter(0)
	ops = w.Fsync(w.Append(ops, recs))
	for _, op := range ops {
		if _, err := store.Do(h.disk, op); err != nil {
			s.fatalf("history: %v", err)
		}
	}
}

// damage ID torn: half a record at the end of the newest log, as a crash leaves it.
func (s *story) damage(h *host, how string) {
	names, _ := h.disk.List()
	names = slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, "log.") })
	if len(names) == 0 || how != "torn" {
		s.fatalf("damage: nothing to do")
	}
	name := names[len(names)-1]
	data, _ := h.disk.ReadFile(name)
	end := int64(len(strings.TrimRight(string(data), "\x00")))
	if err := h.disk.WriteAt(name, end, []byte("\x00\x00\x00\x00\x12\x34\x56\x78\x00\x00\x00\x99half")); err != nil {
		s.fatalf("damage: %v", err)
	}
}

// disk ID: what a loss of power would leave.
func (s *story) disk(h *host) {
	r, err := store.Recover(h.disk.Durable(), 0)
	if err != nil {
		s.w.lines = append(s.w.lines, fmt.Sprintf("%v's disk: %v", h.id, err))
		return
	}
	s.w.lines = append(s.w.lines, fmt.Sprintf("%v's disk: accepted %d, current %d, history to %v",
		h.id, r.AcceptedEpoch, r.CurrentEpoch, r.LastLogged))
}

// clientVerb: the verb is the name of a client.
func (s *story) clientVerb(name string, args []string) {
	if len(args) == 0 {
		s.fatalf("no verb %q", name)
	}
	c := s.w.client(name)
	switch verb, rest := args[0], args[1:]; verb {
	case "from", "word", "deaf", "hears", "times":
		s.roughClient(c, verb, rest)
	case "connect":
		s.connect(c, rest)
	case "open":
		c.open(s.server(rest[0]))
		s.w.settle()
	case "hangup":
		c.hangUp()
	case "bytes":
		b, err := hex.DecodeString(strings.Join(rest, ""))
		if err != nil {
			s.fatalf("%v", err)
		}
		c.raw(b)
	case "op":
		c.ask(proto.Op{Type: proto.OpCode(s.number(rest[0]))})
	default:
		c.ask(s.op(verb, rest))
	}
}

// connect ID [timeout=MS] [as=CLIENT] [xid=LAST] [seen=ZXID] [password=wrong]
func (s *story) connect(c *client, args []string) {
	timeout, seen := 1000, proto.Zxid(0)
	for _, a := range args[1:] {
		key, value, _ := strings.Cut(a, "=")
		switch key {
		case "timeout":
			timeout = s.number(value)
		case "as":
			other := s.w.client(value)
			c.session, c.password, c.xid = other.session, other.password, other.xid
		case "xid":
			c.xid = int32(s.number(value))
		case "seen":
			seen = s.zxid(value)
		case "password":
			c.password = make([]byte, proto.PasswordLen)
		}
	}
	c.connect(s.server(args[0]), int32(timeout), seen)
}

// op makes a request of its words.
func (s *story) op(verb string, args []string) proto.Op {
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	watch := arg(1) == "watch"
	switch verb {
	case "create":
		flags := proto.CreateFlags(0)
		if arg(1) == "ephemeral" {
			flags = proto.FlagEphemeral
		}
		return proto.Op{Type: proto.OpCreate, Path: arg(0), Data: []byte{}, ACL: proto.OpenACL(), Flags: flags}
	case "set":
		return proto.Op{Type: proto.OpSetData, Path: arg(0), Data: []byte(arg(1)), Version: -1}
	case "delete":
		return proto.Op{Type: proto.OpDelete, Path: arg(0), Version: -1}
	case "get":
		return proto.Op{Type: proto.OpGetData, Path: arg(0), Watch: watch}
	case "exists":
		return proto.Op{Type: proto.OpExists, Path: arg(0), Watch: watch}
	case "ls":
		return proto.Op{Type: proto.OpGetChildren, Path: arg(0), Watch: watch}
	case "sync":
		return proto.Op{Type: proto.OpSync, Path: arg(0)}
	case "ping":
		return proto.Op{Type: proto.OpPing}
	case "watch": // everything from a path down
		return proto.Op{Type: proto.OpAddWatch, Path: arg(0), Mode: 1}
	case "close":
		return proto.Op{Type: proto.OpCloseSession}
	}
	s.fatalf("no request %q", verb)
	return proto.Op{}
}

func (s *story) number(word string) int {
	s.t.Helper()
	n, err := strconv.Atoi(word)
	if err != nil {
		s.fatalf("%v", err)
	}
	return n
}

func (s *story) server(word string) proto.ServerID { return proto.ServerID(s.number(word)) }

func (s *story) span(word string) time.Duration {
	d, err := time.ParseDuration(word)
	if err != nil {
		s.fatalf("%v", err)
	}
	return d
}

func (s *story) zxid(word string) proto.Zxid {
	e, c, _ := strings.Cut(word, ".")
	return proto.MakeZxid(proto.Epoch(s.number(e)), uint32(s.number(c)))
}
