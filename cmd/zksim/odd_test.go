package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// The commands of the scripts and tests: the real one, and two with simulators
// that have something wrong with them. Their jobs are processes of their own.
var commands = map[string]func(){
	"zksim":       main,
	"zksim-odd":   func() { os.Exit(mainWith(odd)) },
	"zksim-leaky": func() { os.Exit(mainWith(leaky)) },
}

// leaky lets the order of a map leak into the run.
func leaky(cfg engine.Config) (*engine.Report, error) {
	cfg.Nondeterminism = true
	return engine.Run(cfg)
}

// odd is a simulator that does with a seed what its last digit says.
func odd(cfg engine.Config) (*engine.Report, error) {
	rep := &engine.Report{Config: cfg, Verdict: engine.VerdictOK, Virtual: cfg.For, Step: 10, Hash: cfg.Seed, Schedule: cfg.Faults}
	switch cfg.Seed % 10 {
	case 2:
		rep.Verdict = engine.VerdictViolated
		rep.Violation = &proto.Violation{Property: proto.Progress, Place: "lag", Detail: "stuck & <silent>"}
		rep.Story = []engine.Fact{{Kind: engine.FactHeal}}
	case 3:
		hang()
	case 4:
		panic("broken")
	case 5:
		debug.SetMaxStack(1 << 20)
		rep.Step = uint64(deeper(0))
	case 6:
		os.Exit(3)
	case 7:
		kill(os.Getpid())
		select {}
	case 8:
		rep.Verdict = engine.VerdictUnknown
		rep.Doubts = []string{"the search for an order ran out of steps"}
	case 9: // once so, once so
		calls++
		if calls%2 == 0 {
			rep.Counts.Elections = 1
		}
	}
	return rep, nil
}

var calls int

// hang does not end, nor does it wait.
func hang() {
	for i := uint64(1); ; i++ {
		if i == 0 {
			fmt.Println("never")
		}
	}
}

// deeper needs more stack than there is.
func deeper(n int) int {
	if n < 0 {
		return n
	}
	return deeper(n+1) + 1
}

// kill ends a process as the system does when memory runs out.
func kill(pid int) {
	p, err := os.FindProcess(pid)
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
}

// eventually waits until something holds, for a time that nothing here needs.
func eventually(holds func() bool) bool {
	for range 2000 {
		if holds() {
			return true
		}
		time.Sleep(5 * time.Millisecond)
	}
	return false
}

// children lists the processes whose parent is pid, on Linux.
func children(pid int) (list []int) {
	stats, _ := os.ReadDir("/proc")
	for _, e := range stats {
		text, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		var child, parent int
		end := strings.LastIndexByte(string(text), ')')
		fmt.Sscan(string(text), &child)
		fmt.Sscanf(string(text[end+1:]), " %1s %d", new(string), &parent)
		if parent == pid {
			list = append(list, child)
		}
	}
	return list
}

// endlessOK are more seeds than any test waits for, each of which is ok.
const endlessOK = "1,11,21,31,41,51,61,71,81,91,101,111,121,131,141,151,161,171,181,191,201,211,221,231,241,251,261,271,281,291," +
	"301,311,321,331,341,351,361,371,381,391,401,411,421,431,441,451,461,471,481,491,501,511,521,531,541,551,561,571,581,591," +
	"601,611,621,631,641,651,661,671,681,691,701,711,721,731,741,751,761,771,781,791,801,811,821,831,841,851,861,871,881,891"

func itoa(n int) string { return fmt.Sprint(n) }
