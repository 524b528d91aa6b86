package sim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
)

// Cluster is one run: first its declaration, which the function that a test
// gives to [Check] makes anew for every run, then what the code of its clients
// sees of it. It belongs to that one run. Code of clients may pass it to testify
// in place of a test: then a failure is one of the run, with its seed.
type Cluster struct {
	seed    uint64
	cfg     engine.Config
	classes []Class
	timeout time.Duration // of sessions; 0: the default
	clients []engine.ProgramClient

	beliefs    []*Belief
	always     []Property
	eventually []Property
	within     time.Duration
	err        error // the first thing that was declared wrongly

	running *engine.Running // nil until the run begins
	over    bool
	log     []string
}

// defaultWithin is how long what must come about at last may take, counted from
// the moment at which the ensemble works again, in session timeouts and ticks.
const (
	withinTimeouts = 2
	withinTicks    = 4 * 2 * time.Second
)

func newCluster(seed uint64) *Cluster {
	return &Cluster{seed: seed, cfg: engine.Config{Seed: seed, Servers: defaultServers, Clients: engine.NoClients, For: defaultFor}}
}

// The defaults of a declaration.
const (
	defaultServers = 3
	defaultFor     = time.Minute
)

// wrong keeps the first mistake of a declaration.
func (c *Cluster) wrong(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

// declaring reports whether the run has not begun. What is declared later is a
// mistake of the client that does so.
func (c *Cluster) declaring(what string) bool {
	if c.running != nil {
		panic("sim: " + what + " is declared before the run begins, not by the code of a client")
	}
	return true
}

// Servers sets how many voters there are, 1 to 9; by default 3.
func (c *Cluster) Servers(n int) {
	if c.declaring("Servers") && (n < 1 || n > 9) {
		c.wrong("an ensemble of %d servers cannot be run: ask for 1 to 9", n)
	}
	c.cfg.Servers = n
}

// For sets how long faults and clients go on, in virtual time; by default one
// minute. Then the faults are undone, and the ensemble must come to work again.
func (c *Cluster) For(span time.Duration) {
	if c.declaring("For") && span <= 0 {
		c.wrong("a run cannot last %v: ask for more than nothing, as in 60*time.Second", span)
	}
	c.cfg.For = span
}

// Profile sets the profile: "lan", the default, or "swarm", in which each seed
// draws faults of every kind unless Faults says of which.
func (c *Cluster) Profile(name string) {
	c.declaring("Profile")
	c.cfg.Profile = name
}

// Workload adds clients of the built-in workload; by default there are none.
func (c *Cluster) Workload(clients int) {
	if c.declaring("Workload") && clients < 1 {
		c.wrong("a workload of %d clients is none: leave it out", clients)
	}
	c.cfg.Clients = clients
}

// SessionTimeout sets what the clients declared after it ask for: 4 s to 40 s;
// by default 6 s.
func (c *Cluster) SessionTimeout(span time.Duration) {
	if c.declaring("SessionTimeout") && (span < 4*time.Second || span > 40*time.Second) {
		c.wrong("a session timeout of %v is not granted: ask for 4s to 40s", span)
	}
	c.timeout = span
}

// Bug plants a bug of the servers, by its name; for tests of checks.
func (c *Cluster) Bug(slug string) {
	c.declaring("Bug")
	if err := node.ParseBug(slug, &c.cfg.Bugs); err != nil {
		c.wrong("there is no bug %q to plant: %w", slug, err)
	}
}

// Schedule adds fault statements, in the words of docs/model.md: "at 10s for 5s
// crash one". Clients are named c1, c2 and so on there, those of the workload
// first.
func (c *Cluster) Schedule(statements ...string) {
	c.declaring("Schedule")
	for _, text := range statements {
		st, err := fault.Parse(text)
		if err != nil {
			c.wrong("%w", err)
			continue
		}
		c.cfg.Faults = append(c.cfg.Faults, st)
	}
}

// Client adds a client with its code, which begins within the first second and
// ends when it returns, or when the run does: then a call of its connection does
// not come back, and deferred functions run. The session goes on until the end
// of the run, unless the code closes it. An expired session is followed by
// another one, as with a real connection.
func (c *Cluster) Client(id string, code func(zk client.API)) {
	c.declaring("Client")
	for i := range c.clients {
		if c.clients[i].Name == id {
			c.wrong("there are two clients %q: give each a name of its own", id)
		}
	}
	if id == "" || code == nil {
		c.wrong("a client needs a name and code")
	}
	c.clients = append(c.clients, engine.ProgramClient{Name: id, SessionTimeout: c.timeout, Main: code})
}

// Always demands properties in every moment. They are judged after every step in
// which code of a client has run.
func (c *Cluster) Always(properties ...Property) {
	c.declaring("Always")
	c.always = append(c.always, c.sound(properties)...)
}

// Eventually demands properties when the faults are over: all of them must hold
// at one moment before two session timeouts and four ticks have passed since the
// ensemble works again. The code of the clients goes on until then.
func (c *Cluster) Eventually(properties ...Property) {
	c.EventuallyWithin(withinTimeouts*max(c.timeout, engine.SessionTimeout)+withinTicks, properties...)
}

// EventuallyWithin is Eventually with a bound of its own; of several the longest
// counts.
func (c *Cluster) EventuallyWithin(bound time.Duration, properties ...Property) {
	c.declaring("Eventually")
	c.within = max(c.within, bound)
	c.eventually = append(c.eventually, c.sound(properties)...)
}

// Ignore switches checks off: violations of these properties are passed over.
// A panic never is.
func (c *Cluster) Ignore(properties ...proto.Property) {
	c.declaring("Ignore")
	for _, p := range properties {
		switch {
		case p == proto.Panic:
			c.wrong("a panic cannot be ignored")
		case !slices.Contains(proto.Properties(), p):
			c.wrong("there is no property %q to ignore: it is none of the simulator's own", p)
		}
	}
	c.cfg.Ignore = append(c.cfg.Ignore, properties...)
}

// Seed is the seed of the run.
func (c *Cluster) Seed() uint64 { return c.seed }

// Now is the virtual time since the run began; 0 before.
func (c *Cluster) Now() time.Duration {
	if c.running == nil {
		return 0
	}
	return c.running.Now().At
}

// Errorf makes the run fail, with the property Assertion. The code goes on.
func (c *Cluster) Errorf(format string, args ...any) {
	text := assertionText(fmt.Sprintf(format, args...))
	if c.running == nil {
		c.wrong("%s", text)
		return
	}
	c.violate(&proto.Violation{Property: engine.Assertion, Detail: text})
}

// FailNow makes the run fail, and ends the code that calls it.
func (c *Cluster) FailNow() {
	c.Errorf("the code has called FailNow")
	panic(failedNow{})
}

// Fatalf is Errorf and FailNow.
func (c *Cluster) Fatalf(format string, args ...any) {
	c.Errorf(format, args...)
	c.FailNow()
}

// Helper does nothing; it is what testify looks for.
func (c *Cluster) Helper() {}

// Logf writes a line that is shown with a failure, and always with -sim.v.
func (c *Cluster) Logf(format string, args ...any) {
	if len(c.log) < logKept && !c.over {
		c.log = append(c.log, fmt.Sprintf("%s  %s", clock(c.Now()), fmt.Sprintf(format, args...)))
	}
}

// logKept bounds the lines of a run.
const logKept = 1000

// failedNow unwinds code that has failed.
type failedNow struct{}

// String says what it is, should somebody print it.
func (failedNow) String() string { return "sim: the run has failed; the code of the client ends here" }

func (c *Cluster) violate(v *proto.Violation) {
	if !c.over {
		c.running.Violate(v)
	}
}

// errNothing says that a declaration demands nothing.
var errNothing = errors.New("nothing happens in this run: declare clients with Client, or a Workload")

// assertionText makes one line of what testify says: the error and the messages,
// and of the trace the line of the person's code.
func assertionText(text string) string {
	var said []string
	where, tracing := "", false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if part := assertionPart.FindStringSubmatch(line); part != nil {
			tracing, line = part[1] == "Error Trace", strings.TrimSpace(part[2])
		}
		switch {
		case line == "":
		case !tracing:
			said = append(said, line)
		case where == "":
			where = " (" + line[strings.LastIndexByte(line, '/')+1:] + ")"
		}
	}
	return strings.Join(said, " ") + where
}

// assertionPart is how testify begins a part of a failure.
var assertionPart = regexp.MustCompile(`^(Error Trace|Error|Test|Messages): *(?:\t(.*))?$`)
