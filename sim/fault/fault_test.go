package fault

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for line, want := range map[string]Statement{
		"at 10s kill leader":                      {At: 10 * time.Second, Action: ActionKill, Nodes: []string{"leader"}},
		"at 20s for 15s crash one":                {At: 20 * time.Second, For: 15 * time.Second, Action: ActionCrash, Nodes: []string{"one"}},
		" at\t0s  start zk1,zk3 # again":          {Action: ActionStart, Nodes: []string{"zk1", "zk3"}},
		"at 1m30s crash zk2 keep-all":             {At: 90 * time.Second, Action: ActionCrash, Nodes: []string{"zk2"}, Power: PowerKeepAll},
		"at 1h for .5s crash leader subset":       {At: time.Hour, For: time.Second / 2, Action: ActionCrash, Nodes: []string{"leader"}, Power: PowerSubset},
		"at 1.5s for 1ns crash zk9 lose-unsynced": {At: 1500 * time.Millisecond, For: 1, Action: ActionCrash, Nodes: []string{"zk9"}, Power: PowerLoseUnsynced},
	} {
		got, err := Parse(line)
		require.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
}

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]SyntaxError{
		"":                              {"", 1, "a statement begins with at TIME, as in: at 10s kill leader"},
		"  # nothing":                   {"", 1, "a statement begins with at TIME, as in: at 10s kill leader"},
		"kill leader":                   {"kill", 1, "a statement begins with at TIME, as in: at 10s kill leader"},
		"at":                            {"", 3, "a time is missing, as in 10s or 1m30s"},
		"at 10 kill leader":             {"10", 4, "a time needs its unit, as in 10s"},
		"at 0 kill leader":              {"0", 4, "a time needs its unit, as in 0s"},
		"at -5s kill leader":            {"-5s", 4, "a time cannot be negative"},
		"at +5s kill leader":            {"+5s", 4, "this is no time; write it like 10s, 1m30s or 250ms"},
		"at 5z kill leader":             {"5z", 4, "this is no time; write it like 10s, 1m30s or 250ms"},
		"at 99999999h kill leader":      {"99999999h", 4, "this is no time; write it like 10s, 1m30s or 250ms"},
		"at 5s for 0s kill leader":      {"0s", 11, "a fault must last longer than nothing"},
		"at 5s for kill leader":         {"kill", 11, "this is no time; write it like 10s, 1m30s or 250ms"},
		"at 5s":                         {"", 6, "say what is to happen: crash, kill or start"},
		"at 5s murder leader":           {"murder", 7, "say what is to happen: crash, kill or start"},
		"at 5s partition {zk1} | {zk2}": {"partition", 7, "this version carries out crash, kill and start; partition comes with a later one"},
		"every 5s kill leader":          {"every", 1, "this version knows statements of the form at TIME crash, kill or start NODES only; every comes with a later one"},
		"at 5s for 1s start zk1":        {"start", 14, "a start cannot be undone: leave out for, or say crash or kill"},
		"at 5s kill":                    {"", 11, "say whom it hits: leader, one, or names like zk1,zk3"},
		"at 5s kill zk1,":               {"zk1,", 12, "a name is missing beside the comma; names are joined without blanks, as in zk1,zk3"},
		"at 5s kill zk1,leader":         {"zk1,leader", 12, "leader stands alone and is not part of a list"},
		"at 5s kill zk1,zk1":            {"zk1,zk1", 12, "zk1 is named twice"},
		"at 5s kill majority":           {"majority", 12, "this version selects by leader, one and names; majority comes with a later one"},
		"at 5s kill 7":                  {"7", 12, "this is no name; servers are called zk1, zk2 and so on"},
		"at 5s kill zk1 subset":         {"subset", 16, "nothing may follow here"},
		"at 5s crash zk1 sometimes":     {"sometimes", 17, "after the nodes of a crash come lose-unsynced, keep-all, subset, or nothing"},
		"at 5s crash zk1 torn-op":       {"torn-op", 17, "this version knows lose-unsynced, keep-all and subset; torn-op comes with a later one"},
		"at 5s ärger leader":            {"ärger", 7, "say what is to happen: crash, kill or start"},
		"ä 5s kill leader":              {"ä", 1, "a statement begins with at TIME, as in: at 10s kill leader"},
		"at 5s crash zk1 subset more":   {"more", 24, "nothing may follow here"},
	} {
		_, err := Parse(line)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, line)
		assert.Equal(t, want, *syntax, line)
		assert.Contains(t, err.Error(), want.Reason)
	}
}

func TestValidate(t *testing.T) {
	ok := func(line string, servers int) error {
		s, err := Parse(line)
		require.NoError(t, err)
		return s.Validate(servers)
	}
	assert.NoError(t, ok("at 1s kill zk1,zk3", 3))
	assert.NoError(t, ok("at 1s kill leader", 1))
	assert.ErrorContains(t, ok("at 1s kill zk1,zk4", 3), "names zk4, but the servers are zk1 to zk3")
	assert.ErrorContains(t, ok("at 1s kill zk2", 1), "the only server is zk1")
	assert.ErrorContains(t, ok("at 1s kill c1", 3), "names c1")
	assert.ErrorContains(t, ok("at 1s kill zk01", 3), "names zk01")
	assert.ErrorContains(t, ok("at 1s kill zk0", 3), "names zk0")
}

func TestPrintsCanonically(t *testing.T) {
	for line, want := range map[string]string{
		"at 60s kill leader":                  "at 1m kill leader",
		"at  3600s for 90s crash zk2  subset": "at 1h for 1m30s crash zk2 subset",
		"at 0.25s start zk1,zk2":              "at 250ms start zk1,zk2",
	} {
		s, err := Parse(line)
		require.NoError(t, err)
		assert.Equal(t, want, s.String())
	}
}

func statements() *rapid.Generator[Statement] {
	return rapid.Custom(func(t *rapid.T) Statement {
		s := Statement{
			At:     time.Duration(rapid.Int64Range(0, 1<<62).Draw(t, "at")),
			Action: Action(rapid.IntRange(1, 3).Draw(t, "action")),
			Nodes: rapid.OneOf(rapid.Just([]string{"leader"}), rapid.Just([]string{"one"}),
				rapid.SliceOfNDistinct(rapid.StringMatching("zk[1-9]"), 1, 9, rapid.ID[string])).Draw(t, "nodes"),
		}
		if s.Action != ActionStart {
			s.For = time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "for"))
		}
		if s.Action == ActionCrash {
			s.Power = Power(rapid.IntRange(0, 3).Draw(t, "power"))
		}
		return s
	})
}

func TestPrintedStatementsParseBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := statements().Draw(t, "statement")
		got, err := Parse(want.String())
		require.NoError(t, err, want.String())
		require.Equal(t, want, got)
	})
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{"at 10s kill leader", "at 20s for 15s crash one subset", "at 0s start zk1,zk2", "at 1h0m0s kill é"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s, err := Parse(line)
		if err != nil {
			var syntax *SyntaxError
			require.True(t, errors.As(err, &syntax))
			require.NotEmpty(t, syntax.Reason)
			return
		}
		again, err := Parse(s.String())
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}
