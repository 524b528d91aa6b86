package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// shardValue is the value of --shard: the n-th of so many shards, from 1. The
// zero value is one shard of everything.
type shardValue struct {
	n, of uint64
	auto  bool // the environment is to say
}

// wholeShard is the text of the only shard of a search that is not divided.
const wholeShard = "1/1"

// shardsMax bounds the number of shards.
const shardsMax = 1_000_000

// Set takes I/N, or auto.
func (v *shardValue) Set(s string) error {
	*v = shardValue{auto: s == "auto"}
	if v.auto {
		return nil
	}
	n, of, ok := strings.Cut(s, "/")
	if !ok {
		return errors.New("a shard is written I/N, such as 1/4 for the first of four; or auto")
	}
	return v.set(n, of, 1)
}

// set takes the two numbers; the first shard is called base.
func (v *shardValue) set(n, of string, base uint64) error {
	index, err := strconv.ParseUint(n, 10, 64)
	total, err2 := strconv.ParseUint(of, 10, 64)
	switch {
	case err != nil || err2 != nil:
		return fmt.Errorf("%q of %q is no shard; both are whole numbers, such as 1/4", n, of)
	case total == 0 || total > shardsMax:
		return fmt.Errorf("there cannot be %d shards; give a number from 1 to %d", total, shardsMax)
	case index < base || index-base >= total:
		return fmt.Errorf("there is no shard %d of %d; they are counted from %d to %d", index, total, base, total-1+base)
	}
	v.n, v.of = index-base+1, total
	return nil
}

// String prints I/N, or nothing.
func (v *shardValue) String() string {
	if v.of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", v.n, v.of)
}

// Type is the placeholder in help.
func (v *shardValue) Type() string { return "I/N" }

// shardVariables is a pair of variables that a CI system sets for the jobs of a
// matrix, or Kubernetes for the pods of an indexed job.
type shardVariables struct {
	index, total string
	base         uint64 // of the first job
}

// Kubernetes does not tell a pod how many there are: whoever writes the job says
// it in ZKSIM_SHARDS.
var knownShardVariables = [...]shardVariables{
	{"JOB_COMPLETION_INDEX", "ZKSIM_SHARDS", 0},                   // Kubernetes, indexed jobs
	{"CI_NODE_INDEX", "CI_NODE_TOTAL", 1},                         // GitLab
	{"CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},                 // CircleCI
	{"BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0}, // Buildkite
	{"SYSTEM_JOBPOSITIONINPHASE", "SYSTEM_TOTALJOBSINPHASE", 1},   // Azure
}

// settleShard completes a shard from the environment.
func (a *app) settleShard(v *shardValue) error {
	if v.of > 0 {
		return nil
	}
	if word := a.env("ZKSIM_SHARD"); !v.auto && word != "" {
		if err := v.Set(word); err != nil {
			return usagef("the variable ZKSIM_SHARD is %q: %v", word, err)
		}
	}
	if v.auto {
		return a.findShard(v)
	}
	if v.of == 0 {
		v.n, v.of = 1, 1
	}
	return nil
}

// findShard reads the first pair of variables that is set.
func (a *app) findShard(v *shardValue) error {
	var names []string
	for _, pair := range knownShardVariables {
		index, total := a.env(pair.index), a.env(pair.total)
		names = append(names, pair.index)
		switch {
		case index == "":
			continue
		case total == "":
			return usagef("--shard auto: %s is %s, and %s, which says how many shards there are, is not set", pair.index, index, pair.total)
		}
		if err := v.set(index, total, pair.base); err != nil {
			return usagef("--shard auto: %s is %s and %s is %s: %v", pair.index, index, pair.total, total, err)
		}
		return nil
	}
	return usagef("--shard auto: none of %s is set; say which shard this is, such as --shard 1/4", strings.Join(names, ", "))
}

// place is the place among all seeds of the i-th one of the shard, both from 0.
func (v *shardValue) place(i uint64) uint64 { return v.n - 1 + i*v.of }

// share is how many of so many seeds are of the shard.
func (v *shardValue) share(count uint64) uint64 {
	if count < v.n {
		return 0
	}
	return (count-v.n)/v.of + 1
}
