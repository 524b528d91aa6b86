package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/zksim/zksim/cmd/internal/script"
	"github.com/zksim/zksim/node/host/freeport"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"zkserver": main}) }

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for i := range 12 {
				port, err := freeport.Port()
				if err != nil {
					return err
				}
				env.Setenv("PORT"+strconv.Itoa(i+1), strconv.Itoa(port))
			}
			return nil
		},
		Cmds: script.With(map[string]script.Step{
			"expand": scriptExpand,
			"create": scriptCreate,
			"read":   scriptRead,
			"serves": scriptServes,
			"logged": scriptLogged,
			"scrape": scriptScrape,
			"agrees": scriptAgrees,
			"poke":   scriptPoke,
			"taken":  scriptTaken,
			"term":   scriptTerm,
		}),
	})
}

// expand FILE…: replaces $NAME by the variables of the script.
func scriptExpand(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}

// patience is how long to wait for a server.
const patience = 20 * time.Second

func dial(ts *testscript.TestScript, port string) *wire.Conn {
	var c *wire.Conn
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if c, err = wire.Dial("127.0.0.1:"+port, wire.Hello{}); err == nil {
			return c
		}
	}
	ts.Fatalf("no session on port %s: %v", port, err)
	return nil
}

// serves PORT: waits until clients are served there.
func scriptServes(ts *testscript.TestScript, neg bool, args []string) { _ = dial(ts, args[0]).Close() }

// create PORT PATH DATA: creates a znode.
func scriptCreate(ts *testscript.TestScript, neg bool, args []string) {
	c := dial(ts, args[0])
	defer c.Close()
	a, err := c.Call(proto.Op{Type: proto.OpCreate, Path: args[1], Data: []byte(args[2]), ACL: proto.OpenACL()})
	ts.Check(err)
	if a.Result.Err != proto.OK {
		ts.Fatalf("create %s: %v", args[1], a.Result.Err)
	}
}

// read PORT PATH DATA: a znode, seen after a sync, holds this.
func scriptRead(ts *testscript.TestScript, neg bool, args []string) {
	c := dial(ts, args[0])
	defer c.Close()
	_, err := c.Call(proto.Op{Type: proto.OpSync, Path: "/"})
	ts.Check(err)
	a, err := c.Call(proto.Op{Type: proto.OpGetData, Path: args[1]})
	ts.Check(err)
	if string(a.Result.Data) != args[2] {
		ts.Fatalf("%s holds %q (%v)", args[1], a.Result.Data, a.Result.Err)
	}
}

// logged NAME PATTERN: the standard error of the background command has it.
func scriptLogged(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stderr")
	if regexp.MustCompile(args[0]).MatchString(text) == neg {
		ts.Fatalf("%q in the log: want %v\n%s", args[0], !neg, text)
	}
}

// scrape PORT PATTERN: the metrics have it.
func scriptScrape(ts *testscript.TestScript, neg bool, args []string) {
	if body := scraped(ts, args[0]); !regexp.MustCompile("(?m)" + args[1]).MatchString(body) {
		ts.Fatalf("no %q in\n%s", args[1], body)
	}
}

// scraped are the metrics at a port.
func scraped(ts *testscript.TestScript, port string) string {
	resp, err := http.Get("http://127.0.0.1:" + port + "/metrics")
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return string(body)
}

// agrees CLIENT METRICS [KEY…]: the keys of mntr are metrics and the other way
// round, and these are among them; on a leader, those of learners too.
func scriptAgrees(ts *testscript.TestScript, neg bool, args []string) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+args[0])
	ts.Check(err)
	defer conn.Close()
	_, err = io.WriteString(conn, "mntr")
	ts.Check(err)
	text, err := io.ReadAll(conn)
	ts.Check(err)
	told, metrics := map[string]bool{}, scraped(ts, args[1])
	for line := range strings.Lines(string(text)) {
		key, _, _ := strings.Cut(strings.TrimPrefix(line, "zk_"), "\t")
		told[key] = true
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(key) + `(\{[a-z]+="[^"]+"\})? `).MatchString(metrics) {
			ts.Fatalf("no metric %s in\n%s", key, metrics)
		}
	}
	needed := args[2:]
	if strings.Contains(string(text), "zk_server_state\tleader\n") {
		needed = append(needed, "learners", "synced_followers", "pending_syncs", "last_proposal_size")
	}
	for _, key := range needed {
		if !told[key] {
			ts.Fatalf("no key %s in\n%s", key, text)
		}
	}
	for _, m := range ofMonitor {
		if regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(m.key)+`[ {]`).MatchString(metrics) && !told[m.key] {
			ts.Fatalf("mntr does not tell of the metric %s:\n%s", m.key, text)
		}
	}
}

// poke FILE OFFSET BYTE: alters one byte of a file; a negative offset counts from
// its last byte that is not 0.
func scriptPoke(ts *testscript.TestScript, neg bool, args []string) {
	name := ts.MkAbs(args[0])
	b, err := os.ReadFile(name)
	ts.Check(err)
	off, err := strconv.Atoi(args[1])
	ts.Check(err)
	if off < 0 {
		off += len(strings.TrimRight(string(b), "\x00"))
	}
	b[off] ^= 0x55
	ts.Check(os.WriteFile(name, b, 0o644))
}

// taken PORT: somebody listens there until the script ends.
func scriptTaken(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%s", args[0]))
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
}

// term: sends SIGTERM to the background command that was started last.
func scriptTerm(ts *testscript.TestScript, neg bool, args []string) {
	running := ts.BackgroundCmds()
	ts.Check(running[len(running)-1].Process.Signal(syscall.SIGTERM))
}
