package fault

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

func parsed(t *testing.T, line string) Statement {
	s, err := Parse(line)
	require.NoError(t, err, line)
	return s
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		line             string
		servers, clients int
		want             string // "" for none
	}{
		{"kill zk1,zk3", 3, 0, ""},
		{"kill leader", 1, 0, ""},
		{"kill zk1,zk4", 3, 0, "names zk4, but the servers are zk1 to zk3"},
		{"kill zk2", 1, 0, "names zk2, but the only server is zk1"},
		{"net c1 -> zk1 clog", 3, 0, "names c1, but there are no clients"},
		{"net c1 -> zk1 clog", 3, -1, "names c1, but there are no clients"},
		{"net c2 -> zk1 clog", 3, 1, "names c2, but the only client is c1"},
		{"net zk1 -> c3 clog", 3, 2, "names c3, but the clients are c1 to c2"},
		{"net zk1 -> c2 clog", 3, 2, ""},
		{"client c3 expire", 3, 2, "names c3, but the clients are c1 to c2"},
		{"client c1 cut zk4", 3, 2, "names zk4, but the servers are zk1 to zk3"},
		{"partition {zk1} | {zk2 zk9}", 3, 2, "names zk9, but the servers are zk1 to zk3"},
		{"pause zk1:sender/zk4", 3, 2, "names zk4, but the servers are zk1 to zk3"},
		{"pause zk1:sender/zk1", 3, 2, "names zk1 as its own peer"},

		{"kill observers", 3, 0, "selects observers, but among 3 voting servers that is nobody"},
		{"kill followers", 1, 0, "selects followers, but among 1 voting servers that is nobody"},
		{"kill minority", 2, 0, "selects minority, but among 2 voting servers that is nobody"},
		{"kill minority", 3, 0, ""},
		{"kill majority", 1, 0, ""},
		{"kill minority-third", 3, 0, "selects minority-third, but among 3 voting servers that is nobody"},
		{"kill minority-third", 4, 0, ""},
		{"client c1 cut observers", 3, 2, "selects observers, but among 3 voting servers that is nobody"},
		{"start leader", 3, 0, "starts leader, but those are running"},
		{"start one", 3, 0, ""},

		{"net zk1 -> zk1 clog", 3, 0, "pairs zk1 with nobody else"},
		{"net zk1 -> zk1,zk2 clog", 3, 0, ""},
		{"net zk1 -> one clog", 1, 0, "pairs zk1 with nobody else"},
		{"net zk1 -> all clog", 1, 0, "pairs zk1 with nobody else"},
		{"net leader -> zk1 clog", 1, 0, "pairs leader with nobody else"},
		{"net leader -> zk1 clog", 2, 0, ""},
		{"net c1 -> one clog", 1, 1, ""},
		{"net leader -> leader clog", 3, 0, "pairs leader with nobody else"},
		{"net all -> all clog", 3, 0, ""},
		{"net all -> all clog", 1, 0, "pairs all with nobody else"},
		{"net all -> one clog", 3, 0, "pairs all with nobody else"},
		{"net zk1,zk2,zk3 -> one clog", 3, 0, "pairs zk1 with nobody else"},
		{"net zk1,c1 -> minority clog", 3, 1, ""},
		{"net followers -> one clog", 3, 0, ""},
		{"net primaries -> one clog", 2, 0, ""},

		{"partition one", 1, 0, "divides one, which takes 2 servers or more, but there are 1"},
		{"partition majority", 2, 0, "divides majority, which takes 3 servers or more, but there are 2"},
		{"partition minority-third", 3, 0, "divides minority-third, which takes 4 servers or more, but there are 3"},
		{"partition majorities-ring", 2, 0, "divides majorities-ring, which takes 3 servers or more, but there are 2"},
		{"partition bridge", 2, 0, "divides bridge, which takes 3 servers or more, but there are 2"},
		{"partition primaries", 1, 0, "divides primaries, which takes 2 servers or more, but there are 1"},
		{"partition bridge", 3, 0, ""},
		{"partition {zk1} | {zk1 zk2}", 3, 0, "separates nobody: every group has zk1"},
		{"partition {zk1 zk2} | {zk2 zk3}", 3, 0, ""},
		{"partition {zk1 zk2} | {zk3} | {zk2 zk1}", 3, 0, "names zk1 and zk2 together in two groups"},
	} {
		s := parsed(t, "at 1s "+c.line)
		err := s.Validate(c.servers, c.clients)
		if c.want == "" {
			assert.NoError(t, err, c.line)
		} else {
			assert.EqualError(t, err, `fault "`+s.String()+`" `+c.want)
		}
	}
	assert.ErrorContains(t, parsed(t, "on zk4.fsync kill zk1").Validate(3, 0), "names zk4")
	assert.ErrorContains(t, parsed(t, "on c4.sync kill zk1").Validate(3, 3), "names c4, but the clients are c1 to c3")
	assert.ErrorContains(t, parsed(t, "every 1s kill zk4").Validate(3, 0), "names zk4")
}

// What was made by hand, or by shrinking, and has no text is refused.
func TestValidateRefusesWhatNoTextSays(t *testing.T) {
	good := Statement{At: time.Second, Action: ActionKill, Nodes: []string{"zk1"}}
	require.NoError(t, good.Validate(3, 1))
	for want, spoil := range map[string]func(*Statement){
		"has a negative time":   func(s *Statement) { s.At = -1 },
		"negative time: let it": func(s *Statement) { s.For = -1 },
		"say whom it hits":      func(s *Statement) { s.Nodes = nil },
		"say what is to happen": func(s *Statement) { s.Action = 0 },
		`"action?"`:             func(s *Statement) { s.Action = 99 },
		"this is no name":       func(s *Statement) { s.Nodes = []string{"zkx"} },
		"hold":                  func(s *Statement) { s.Nodes = []string{"zk1 "} },
		"an interval must last": func(s *Statement) { s.When, s.At = WhenEvery, 0 },
		`"op?"`:                 func(s *Statement) { s.When, s.At, s.On.Node = WhenOn, 0, "zk1" },
		"its words do not tell": func(s *Statement) { s.Power = PowerSubset },
		"holds values":          func(s *Statement) { s.On.N = 3 },
	} {
		s := good
		spoil(&s)
		assert.ErrorContains(t, s.Validate(3, 1), want)
	}
}

func TestValidateAll(t *testing.T) {
	for _, c := range []struct {
		text, want string
	}{
		{"", ""},
		{"at 1s kill zk1\nat 1s kill zk9", `statement 2: fault "at 1s kill zk9" names zk9, but the servers are zk1 to zk5`},

		{"at 1s kill zk1\nat 2s start zk1", ""},
		{"at 2s start zk1\nat 2s crash zk1", ""},
		{"at 2s start zk1", `statement 1: fault "at 2s start zk1" starts zk1, which no statement takes down before`},
		{"at 3s stop zk1\nat 2s start zk1", `statement 2: fault "at 2s start zk1" starts zk1, which no statement takes down before`},
		{"at 1s kill zk2\nat 2s start zk2,zk1", `statement 2: fault "at 2s start zk2,zk1" starts zk1, which no statement takes down before`},
		{"at 1s for 1s kill zk1\nat 2s start zk1", `statement 2: fault "at 2s start zk1" starts zk1, which no statement takes down before`},
		{"at 1s for 2s kill zk1\nat 2s start zk1", ""},
		{"at 1s kill one\nat 2s start zk1", ""},
		{"at 1s kill zk3\nat 2s start one", ""},
		{"at 1s pause zk1\nat 2s start one", `statement 2: fault "at 2s start one" starts one, which no statement takes down before`},
		{"at 1s for 1ms disk zk1 error EIO\nat 2s start zk1", ""},
		{"every 9s kill zk1\nat 2s start zk1", ""},
		{"on c1.sync start zk1\nat 50s kill zk1", ""},

		{"at 1s pause zk1:log\nat 2s resume zk1", ""},
		{"at 1s pause zk2\nat 2s resume zk1", `statement 2: fault "at 2s resume zk1" resumes zk1, which no statement pauses before`},
		{"at 1s kill zk1\nat 2s resume all", `statement 2: fault "at 2s resume all" resumes all, which no statement pauses before`},

		{"at 1s for 5s kill zk1\nat 6s for 5s kill zk1", ""},
		{"at 1s for 5s kill zk1\nat 5s for 5s kill zk2", ""},
		{"at 1s for 5s kill zk1\nat 5s for 5s crash zk1", ""},
		{"at 5s for 5s kill zk1\nat 1s for 5s kill zk2,zk1", `statement 1: fault "at 5s for 5s kill zk1" begins before statement 2, "at 1s for 5s kill zk2,zk1", ends, which does the same (kill zk1): let one end before the other begins`},
		{"at 1s for 5s kill zk4\nat 5s for 5s kill all", `statement 2: fault "at 5s for 5s kill all" begins before statement 1, "at 1s for 5s kill zk4", ends, which does the same (kill zk4): let one end before the other begins`},
		{"at 1s for 5s kill one\nat 5s for 5s kill zk1", ""},
		{"at 1s kill zk1\nat 5s for 5s kill zk1", ""},
		{"at 1s for 5s pause zk1:log\nat 2s for 5s pause zk1:prep", ""},
		{"at 1s for 5s pause zk1:log\nat 2s for 5s pause zk1:log", "(pause:log zk1)"},
		{"at 1s for 5s clock zk1 step +1s\nat 2s for 5s clock zk1 step +2s", "(clock step zk1)"},
		{"at 1s for 5s clock zk1 step +1s\nat 2s for 5s clock zk1 drift +1 ppm", ""},
		{"at 1s for 5s disk zk1 hang ops=read\nat 2s for 5s disk zk1 hang ops=write", ""},
		{"at 1s for 5s disk zk1 hang ops=read n=1\nat 2s for 5s disk zk1 hang ops=read", "(disk all hang ops=read zk1)"},
		{"at 1s for 5s client c1 cut\nat 2s for 5s client c1 cut zk1", "(client cut c1)"},
		{"at 1s for 5s net zk1 -> zk2 clog\nat 2s for 5s net zk2 -> zk1 clog", ""},
		{"at 1s for 5s net zk1 -> zk2 clog\nat 2s for 5s net zk2 <-> zk1 clog", "(net clog zk1 zk2)"},
		{"at 1s for 5s net all <-> all clog\nat 2s for 5s net zk2 -> zk1,c1 clog", "(net clog zk2 zk1)"},
		{"at 1s for 5s net zk1 -> zk2 clog\nat 2s for 5s net zk1 -> zk2 blackhole", ""},
		{"at 1s for 5s net leader -> zk2 clog\nat 2s for 5s net zk1 -> zk2 clog", ""},
		{"at 1s for 5s partition {zk1} | {zk2 zk3}\nat 2s for 5s partition {zk1 zk2} | {zk3}", "(partition zk1 zk3)"},
		{"at 1s for 5s partition {zk1} | {zk2}\nat 2s for 5s partition {zk1 zk2} | {zk3}", ""},
		{"at 1s for 5s partition one\nat 2s for 5s partition one", ""},
		{"at 2562047h for 2562047h kill zk1\nat 2562047h1s for 1s kill zk1", "(kill zk1)"},
	} {
		list, err := ParseFile(c.text)
		require.NoError(t, err, c.text)
		err = ValidateAll(list, 5, 1)
		if c.want == "" {
			assert.NoError(t, err, c.text)
		} else {
			assert.ErrorContains(t, err, c.want, c.text)
		}
	}
}

func TestCutPairs(t *testing.T) {
	s := parsed(t, "at 1s partition {zk1 zk3} | {zk3 zk2 c1} | {zk4}")
	assert.Equal(t, [][2]string{{"zk1", "zk2"}, {"c1", "zk1"}, {"zk1", "zk4"}, {"zk3", "zk4"}, {"zk2", "zk4"}, {"c1", "zk4"}}, s.CutPairs())
}

func TestNamesOfHosts(t *testing.T) {
	assert.Equal(t, 12, ServerNumber("zk12"))
	assert.Equal(t, 7, ClientNumber("c7"))
	for _, w := range []string{"", "zk", "zk0", "zk01", "zk-1", "zk1 ", "zk1a", "ZK1", "c1"} {
		assert.Zero(t, ServerNumber(w), w)
	}
	assert.Zero(t, ClientNumber("zk1"))
}

func TestGroupSizes(t *testing.T) {
	for _, c := range []struct {
		servers int
		want    map[string]int
	}{
		{1, map[string]int{"leader": 1, "followers": 0, "observers": 0, "one": 1, "minority": 0, "majority": 1, "minority-third": 0, "primaries": 1, "all": 1}},
		{4, map[string]int{"leader": 1, "followers": 3, "observers": 0, "one": 1, "minority": 1, "majority": 3, "minority-third": 1, "primaries": 4, "all": 4}},
		{5, map[string]int{"leader": 1, "followers": 4, "observers": 0, "one": 1, "minority": 2, "majority": 3, "minority-third": 1, "primaries": 5, "all": 5}},
		{7, map[string]int{"leader": 1, "followers": 6, "observers": 0, "one": 1, "minority": 3, "majority": 4, "minority-third": 2, "primaries": 7, "all": 7}},
	} {
		for _, w := range GroupWords() {
			assert.Equal(t, c.want[w], GroupSize(w, c.servers), "%s of %d", w, c.servers)
		}
	}
	assert.Equal(t, -1, GroupSize("zk1", 3))
}

func TestClassesAndUndo(t *testing.T) {
	for line, want := range map[string]struct {
		class Class
		undo  Undo
		heal  bool
	}{
		"crash one":                              {ClassCrash, UndoStart, false},
		"kill one":                               {ClassKill, UndoStart, false},
		"stop one":                               {ClassStop, UndoStart, false},
		"start one":                              {ClassRepair, UndoNothing, false},
		"pause one":                              {ClassProcessPause, UndoResume, false},
		"pause one:log":                          {ClassStagePause, UndoResume, false},
		"resume one":                             {ClassRepair, UndoNothing, false},
		"net zk1 -> zk2 netem":                   {ClassRepair, UndoNet, true},
		"net zk1 -> zk2 netem delay 1ms":         {ClassSlowLink, UndoNet, true},
		"net zk1 -> zk2 netem delay 0 1":         {ClassSlowLink, UndoNet, true},
		"net zk1 -> zk2 netem delay 1ms loss 1%": {ClassLossyLink, UndoNet, true},
		"net zk1 -> zk2 blackhole":               {ClassOneWayCut, UndoNet, true},
		"net zk1 <-> zk2 blackhole":              {ClassHalfOpen, UndoNet, true},
		"net zk1 -> zk2 refuse":                  {ClassRefusal, UndoNet, true},
		"net zk1 -> zk2 reset":                   {ClassReset, UndoNothing, false},
		"net zk1 -> zk2 noreset":                 {ClassNoReset, UndoNet, true},
		"net zk1 -> zk2 clog":                    {ClassClog, UndoNet, true},
		"net zk1 -> zk2 clear":                   {ClassRepair, UndoNothing, false},
		"net zk1 -> zk2 sndbuf 1k":               {ClassSmallBuffer, UndoNet, true},
		"net zk1 -> zk2 checksum off":            {ClassNoChecksum, UndoNet, true},
		"net zk1 -> zk2 checksum on":             {ClassRepair, UndoNet, true},
		"flap one 1s 1s":                         {ClassFlap, UndoNet, true},
		"swizzle all 1s":                         {ClassClog, UndoNet, true},
		"partition one":                          {ClassPartition, UndoNet, true},
		"maxconn all 1":                          {ClassMaxConn, UndoMaxConn, true},
		"heal":                                   {ClassRepair, UndoNothing, false},
		"clock all offset +1s":                   {ClassClockJump, UndoClock, false},
		"clock all step +1s":                     {ClassClockJump, UndoClock, false},
		"clock all strobe 1s 1s":                 {ClassClockJump, UndoClock, false},
		"clock all drift +1 ppm":                 {ClassClockDrift, UndoClock, false},
		"clock all reset":                        {ClassRepair, UndoNothing, false},
		"disk all latency 1s":                    {ClassDiskStall, UndoDisk, false},
		"disk all hang":                          {ClassDiskStall, UndoDisk, false},
		"disk all error EIO":                     {ClassDiskError, UndoDisk, false},
		"disk all clear":                         {ClassRepair, UndoNothing, false},
		"client c1 expire":                       {ClassSessionExpiry, UndoNothing, false},
		"client c1 cut":                          {ClassClientCut, UndoClientCut, true},
		"client c1 drop-reply":                   {ClassLostReply, UndoNothing, false},
		"client c1 drop-request":                 {ClassLostRequest, UndoNothing, false},
	} {
		s := parsed(t, "at 1s "+line)
		assert.Equal(t, want.class, s.Class(), line)
		assert.Equal(t, want.undo, s.Undo(), line)
		assert.Equal(t, want.heal, s.EndsWithHeal(), line)
		assert.Equal(t, want.undo != UndoNothing, s.Lasts(), line)
		_, err := Parse("at 1s for 1s " + line)
		assert.Equal(t, s.Lasts(), err == nil, line)
	}
	seen := map[string]bool{}
	for _, c := range append(Classes(), ClassRepair) {
		assert.False(t, seen[c.String()], c)
		seen[c.String()] = true
	}
	assert.Len(t, seen, NumClasses)
}

// Events can name every packet and every request that the protocol has.
func TestEventsNameAllMessages(t *testing.T) {
	known := map[string]bool{}
	for _, m := range Messages() {
		known[m.String()] = true
	}
	for p := proto.PacketType(1); p < 64; p++ {
		if name := p.String(); name[0] < 'a' {
			assert.True(t, known[name], name)
		}
	}
	assert.True(t, known["NOTIFICATION"])
	sent := map[proto.OpCode]bool{}
	for _, r := range Requests() {
		sent[r] = true
	}
	for o := proto.OpCode(1); o < 128; o++ {
		if name := o.String(); len(name) > 2 && name[:2] == "op" && name[2] <= '9' {
			continue
		}
		inside := o == proto.OpCheck || o == proto.OpDeleteContainer || o == proto.OpSASL // of multi, of the leader, never
		assert.Equal(t, !inside, sent[o], o)
	}
}
