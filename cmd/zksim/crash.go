package main

import (
	"strings"

	"github.com/zksim/zksim/node/proto"
	"github.com/zksim/zksim/sim/engine"
)

// crashed is the report of a run that has brought the simulator down: a result
// like any other.
func crashed(cfg engine.Config, place, detail string) *engine.Report {
	return &engine.Report{Config: cfg, Verdict: engine.VerdictViolated,
		Violation: &proto.Violation{Property: proto.Panic, Place: place, Detail: detail}}
}

// unknownPlace is the place of a crash that left no stack.
const unknownPlace = "unknown"

// panicPlace finds the function that panicked on a printed stack: the first one
// below the call of panic that is not of the runtime.
func panicPlace(trace string) string {
	_, below, _ := strings.Cut(trace, "\npanic(")
	return firstFunction(below)
}

// simulationPlace finds what the simulation was doing, on the printed stacks of
// all goroutines or of the one that died.
func simulationPlace(traces string) string {
	for block := range strings.SplitSeq(traces, "\n\n") {
		if strings.HasPrefix(strings.TrimLeft(block, "\n"), "goroutine ") && strings.Contains(block, ".attempt(") {
			return firstFunction(block)
		}
	}
	return unknownPlace
}

// firstFunction is the first function on a stack that is neither of the runtime
// nor of the wait of a goroutine.
func firstFunction(stack string) string {
	for line := range strings.Lines(stack) {
		end := strings.LastIndexByte(line, '(') // of the name; methods have brackets of their own
		if end < 0 || strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "goroutine ") {
			continue
		}
		name := line[:end]
		if !strings.Contains(name, ".") {
			continue
		}
		if !strings.HasPrefix(name, "runtime.") && !strings.HasPrefix(name, "runtime/") && !strings.HasPrefix(name, "internal/runtime/") {
			return name[strings.LastIndexByte(name, '/')+1:]
		}
	}
	return unknownPlace
}

// fatalLine is what the runtime said last before it died, or "".
func fatalLine(stderr string) string {
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "unexpected fault address") {
			return strings.TrimSpace(line)
		}
	}
	return ""
}
