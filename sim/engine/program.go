package engine

import (
	"slices"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/client"
)

// Program is a person's own part of a run: clients whose code blocks, beside
// those of the workload, and what must hold of them. Everything in it is called
// by the one thread of the run. What it does must be a function of what it is
// told: then the run is one of its Config.
type Program struct {
	Clients []ProgramClient

	// Begin is told of the run before anything happens in it; nil: not wanted.
	Begin func(r *Running)

	// Judge is called after every step in which code of a client has run, and
	// returns what does not hold; nil: nothing is to be judged.
	Judge func() *proto.Violation

	// Await is called in the liveness phase, when the ensemble works again, until
	// it returns nil: it returns what has not come about yet. Within is how long
	// that may take; nil: nothing is waited for.
	Await  func() *proto.Violation
	Within time.Duration

	// Enter and Leave frame each time that code of a client runs; nil: nobody
	// wants to know.
	Enter func(name string)
	Leave func()

	// Exited is told the Report, as far as there is one, when the code of a client
	// has ended the goroutine of the run, as the FailNow of a test does. Run does
	// not return then.
	Exited func(r *Report)
}

// ProgramClient is one client of a Program. Clients are named after those of the
// workload: the first one is c1 where there is none.
type ProgramClient struct {
	Name           string        // for reports; it need not be the name in fault statements
	SessionTimeout time.Duration // asked for; 0: that of the workload's clients
	Main           func(c client.API)
}

// Instant is a place in a run.
type Instant struct {
	At   time.Duration
	Step uint64
}

// Running is a run, as a Program sees it while its code is at work.
type Running struct{ c *cluster }

// Now is where the run stands.
func (r *Running) Now() Instant { return Instant{r.c.clock.Now(), r.c.kernel.step} }

// Tell records for the story what a client does: "leads".
func (r *Running) Tell(client, text string) {
	r.c.digest.foldBytes([]byte(text))
	r.c.tell(Fact{Kind: FactClient, Client: client, Text: text})
}

// Violate makes a finding the verdict, if it is the first. Its place, unless it
// has one, is the client whose code is at work.
func (r *Running) Violate(v *proto.Violation) {
	if v.Place == "" && r.c.inCode != nil {
		v.Place = r.c.inCode.place()
	}
	r.c.blame(v)
}

// SessionTimeout is what clients ask for unless told otherwise.
const SessionTimeout = sessionTimeout

// programClients is how many clients the program of a run has.
func (c Config) programClients() int {
	if c.Program == nil {
		return 0
	}
	return len(c.Program.Clients)
}

// clientNames is how many clients bear the names c1, c2 and so on.
func (c *cluster) clientNames() int { return len(c.loads) + len(c.programs) }

// addPrograms makes the clients of the program.
func (c *cluster) addPrograms() {
	if c.cfg.Program == nil {
		return
	}
	for i := range c.cfg.Program.Clients {
		c.programs = append(c.programs, newProgramClient(c, &c.cfg.Program.Clients[i]))
	}
}

// startPrograms begins every client's code, each after a drawn while below a
// second.
func (c *cluster) startPrograms() {
	if p := c.cfg.Program; p != nil && p.Begin != nil {
		p.Begin(&Running{c})
	}
	for _, p := range c.programs {
		p.start()
	}
}

// judgeProgram has the program judged after code of it has run.
func (c *cluster) judgeProgram() {
	if p := c.cfg.Program; p.Judge != nil && c.violation == nil && !c.programsOver {
		if v := p.Judge(); v != nil {
			c.blame(v)
		}
	}
}

// programAwaits returns what the program still waits for.
func (c *cluster) programAwaits() *proto.Violation {
	if p := c.cfg.Program; p != nil && p.Await != nil {
		return p.Await()
	}
	return nil
}

// endPrograms stops all code of the program: each thread unwinds as if what it
// waits for had panicked, its deferred functions included.
func (c *cluster) endPrograms() {
	if c.programsOver {
		return
	}
	c.programsOver = true
	for _, p := range c.programs {
		p.stop()
	}
}

// exited is run when the run ends in any way. If code of a client has ended the
// goroutine, that is the verdict, and Run does not return to tell it.
func (c *cluster) exited() {
	was := c.inCode
	defer func() {
		if was == nil {
			was = c.inCode // whose code did so when it was to end
		}
		if was != nil {
			c.failedNow(was)
		}
	}()
	c.endPrograms()
}

// failedNow tells of a run whose goroutine ends.
func (c *cluster) failedNow(p *programClient) {
	c.violate(Assertion, 0, p.place(), "the code of %s has ended its test by a FailNow or Fatal, "+
		"or has swallowed the panics that were to end it", p.name)
	if f := c.cfg.Program.Exited; f != nil {
		f(c.report())
	}
}

// Assertion is the property of a failure that the code of a client has reported
// itself.
const Assertion proto.Property = "Assertion"

// ignores reports whether violations of a property are passed over.
func (c *Config) ignores(p proto.Property) bool {
	return p != proto.Panic && slices.Contains(c.Ignore, p)
}
