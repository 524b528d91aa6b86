package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/zksim/zksim/sim/engine"
)

// all lists the seeds of a shard.
func all(s *seedSet, shard shardValue) (list []uint64) {
	for i := uint64(0); ; i++ {
		seed, ok := s.at(shard.place(i))
		if !ok {
			return list
		}
		list = append(list, seed)
	}
}

func TestListsOfSeeds(t *testing.T) {
	s, err := parseSeeds("9,1,0x10,5-7")
	require.NoError(t, err)
	assert.Equal(t, []uint64{9, 1, 16, 5, 6, 7}, all(s, shardValue{1, 1, false}), "in the order in which they are given")
	s, err = parseSeeds("0xfffffffffffffffe-0xffffffffffffffff")
	require.NoError(t, err)
	assert.Len(t, all(s, shardValue{1, 1, false}), 2, "the last seed of all ends a range too")
	for list, want := range map[string]string{
		"1,1-3":                         "seed 1 is in the list twice",
		"5-9,1-5":                       "seed 5 is in the list twice",
		"3,3":                           "seed 3 is in the list twice",
		"10-5":                          "a range of seeds rises",
		"":                              "a seed is a whole number",
		"1,":                            "a seed is a whole number",
		"0-0xffffffffffffffff":          "more seeds than could ever run",
		"0x10000000000000000":           "a seed has 64 bits",
		"0-0x7ffffffffffffffe,1-9,2-11": "more seeds than could ever run",
	} {
		_, err := parseSeeds(list)
		assert.ErrorContains(t, err, want, list)
	}
}

// Shards are a partition: every seed is in exactly one, and together they are
// in the order of the whole.
func TestShardsPartitionTheSeeds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &seedSet{}
		next := uint64(1)
		for range rapid.IntRange(1, 5).Draw(t, "ranges") {
			next += rapid.Uint64Range(1, 5).Draw(t, "gap")
			last := next + rapid.Uint64Range(0, 20).Draw(t, "length")
			require.NoError(t, s.add(seedRange{next, last}))
			next = last + 1
		}
		of := rapid.Uint64Range(1, 30).Draw(t, "shards")
		whole := all(s, shardValue{1, 1, false})
		require.Len(t, whole, int(s.count))
		joined := make([]uint64, len(whole))
		for n := uint64(1); n <= of; n++ {
			shard := shardValue{n, of, false}
			list := all(s, shard)
			require.Len(t, list, int(shard.share(s.count)))
			for i, seed := range list {
				joined[shard.place(uint64(i))] += seed
			}
		}
		require.Equal(t, whole, joined)
	})
}

func TestSeedsOfACommit(t *testing.T) {
	seeds := func(head string) string {
		b := newBench(reportOK)
		b.app.head = func() (string, error) { return head, nil }
		require.Equal(t, exitOK, b.main([]string{"explore", "--seeds", "commit:20", "--json", "--quiet"}), b.err.String())
		var list []string
		for _, l := range linesOf(t, b.out.String()) {
			list = append(list, l.Seed)
		}
		require.Len(t, list, 20)
		return list[0] + list[19]
	}
	assert.Equal(t, seeds("c0ffee"), seeds("c0ffee"), "again the same")
	assert.NotEqual(t, seeds("c0ffee"), seeds("c0ffef"), "others on the next commit")

	b := newBench(reportOK)
	b.app.head = func() (string, error) { return "", errors.New("there is no repository") }
	assert.Equal(t, exitUsage, b.main([]string{"explore", "--seeds", "commit:20"}))
	assert.Equal(t, "zksim: --seeds commit:20: there is no repository\n", b.err.String())
}

func TestShardsFromTheEnvironment(t *testing.T) {
	type vars = map[string]string
	for name, c := range map[string]struct {
		vars  vars
		flags []string
		want  string // the shard, or what is wrong
	}{
		"nothing":          {vars{}, nil, "1/1"},
		"flag":             {vars{}, []string{"--shard", "2/3"}, "2/3"},
		"variable":         {vars{"ZKSIM_SHARD": "2/3"}, nil, "2/3"},
		"flag beats":       {vars{"ZKSIM_SHARD": "2/3"}, []string{"--shard", "1/5"}, "1/5"},
		"Kubernetes":       {vars{"JOB_COMPLETION_INDEX": "0", "ZKSIM_SHARDS": "4"}, []string{"--shard", "auto"}, "1/4"},
		"GitLab":           {vars{"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "4"}, []string{"--shard", "auto"}, "4/4"},
		"CircleCI":         {vars{"CIRCLE_NODE_INDEX": "3", "CIRCLE_NODE_TOTAL": "4"}, []string{"--shard", "auto"}, "4/4"},
		"auto by variable": {vars{"ZKSIM_SHARD": "auto", "BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "2"}, nil, "2/2"},
		"not asked":        {vars{"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "4"}, nil, "1/1"},
		"nothing to find":  {vars{}, []string{"--shard", "auto"}, "none of JOB_COMPLETION_INDEX, CI_NODE_INDEX"},
		"half":             {vars{"JOB_COMPLETION_INDEX": "1"}, []string{"--shard", "auto"}, "ZKSIM_SHARDS, which says how many shards there are, is not set"},
		"outside":          {vars{"CI_NODE_INDEX": "5", "CI_NODE_TOTAL": "4"}, []string{"--shard", "auto"}, "there is no shard 5 of 4; they are counted from 1 to 4"},
		"outside from 0":   {vars{"JOB_COMPLETION_INDEX": "4", "ZKSIM_SHARDS": "4"}, []string{"--shard", "auto"}, "counted from 0 to 3"},
		"bad variable":     {vars{"ZKSIM_SHARD": "two"}, nil, `the variable ZKSIM_SHARD is "two": a shard is written I/N`},
		"too far":          {vars{}, []string{"--shard", "3/2"}, "--shard 3/2: there is no shard 3 of 2; they are counted from 1 to 2"},
		"from 0":           {vars{}, []string{"--shard", "0/2"}, "there is no shard 0 of 2"},
		"no numbers":       {vars{}, []string{"--shard", "a/b"}, "is no shard; both are whole numbers"},
		"no shards":        {vars{}, []string{"--shard", "0/0"}, "there cannot be 0 shards"},
		"empty":            {vars{}, []string{"--shard", "9/10"}, "of 8 seeds nothing is left for this shard"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(reportOK)
			b.vars = c.vars
			code := b.main(append([]string{"explore", "--seeds", "1-8", "--json", "--quiet"}, c.flags...))
			if code == exitOK {
				assert.Equal(t, c.want, linesOf(t, b.out.String())[0].Search.Shard)
				return
			}
			assert.Equal(t, exitUsage, code)
			assert.Contains(t, b.err.String(), c.want)
			assert.Empty(t, b.out.String())
		})
	}
	b := newBench(reportOK)
	assert.Equal(t, exitUsage, b.main([]string{"explore", "--seeds", "random:10", "--shard", "1/2"}))
	assert.Contains(t, b.err.String(), "every shard would draw seeds of its own; give a range, or commit:10")
}

// Every 20th run of a shard is run twice.
func TestEvery20thRunIsRunTwice(t *testing.T) {
	times := map[uint64]int{}
	b := newBench(func(cfg engine.Config) (*engine.Report, error) {
		times[cfg.Seed]++
		return reportOK(cfg)
	})
	require.Equal(t, exitOK, b.main([]string{"explore", "--seeds", "1-100", "--shard", "2/2", "--jobs", "1"}))
	assert.Len(t, times, 50)
	for seed, n := range times {
		want := 1
		if seed == 40 || seed == 80 {
			want = 2
		}
		assert.Equal(t, want, n, "seed %d", seed)
	}
}
