package chrome

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sound is a small trace with one of everything.
const sound = `{"traceEvents":[
{"ph":"M","pid":1,"name":"process_name","args":{"name":"zk1"}},
{"ph":"M","pid":1,"tid":1,"name":"thread_name","args":{"name":"sender"}},
{"ph":"M","pid":1,"tid":2,"name":"thread_name","args":{"name":"receiver"}},
{"ph":"b","pid":1,"tid":1,"ts":0.000,"cat":"call","id":"0x1","name":"get"},
{"ph":"X","pid":1,"tid":1,"ts":1.000,"dur":4.000,"name":"outer"},
{"ph":"X","pid":1,"tid":1,"ts":1.000,"dur":2.000,"name":"inner"},
{"ph":"s","pid":1,"tid":1,"ts":2.999,"cat":"m","id":"0x1","name":"ACK"},
{"ph":"X","pid":1,"tid":1,"ts":3.000,"dur":2.000,"name":"second"},
{"ph":"X","pid":1,"tid":2,"ts":6.000,"dur":0.001,"name":"take"},
{"ph":"f","pid":1,"tid":2,"ts":6.000,"cat":"m","id":"0x1","bp":"e","name":"ACK"},
{"ph":"C","pid":1,"ts":6.000,"name":"queue","args":{"n":3}},
{"ph":"i","pid":1,"tid":1,"ts":7.000,"s":"t","name":"now"},
{"ph":"e","pid":1,"tid":1,"ts":8.000,"cat":"call","id":"0x1","name":"get"}
]}`

func TestLintPassesWhatIsSound(t *testing.T) {
	problems, err := Lint(strings.NewReader(sound))
	require.NoError(t, err)
	assert.Empty(t, problems)
}

// Each planted defect is found, and named by its place.
func TestLintFindsEachDefect(t *testing.T) {
	for name, c := range map[string]struct{ old, now, want string }{
		"slices overlap":         {`"ts":3.000,"dur":2.000`, `"ts":3.000,"dur":2.001`, `event 7: the slice "second" ends after the one`},
		"overlap after a nested": {`"ts":1.000,"dur":2.000`, `"ts":1.000,"dur":2.001`, `event 7: the slice "second" ends after the one`},
		"a call never ends":      {`{"ph":"e","pid":1,"tid":1,"ts":8.000,"cat":"call","id":"0x1"`, `{"ph":"i","s":"t","pid":1,"tid":1,"ts":8.000`, "the call call 0x1 never ends"},
		"a call that never began": {`{"ph":"b","pid":1,"tid":1,"ts":0.000,"cat":"call","id":"0x1"`, `{"ph":"i","s":"t","pid":1,"tid":1,"ts":0.000`,
			"event 12: the call call 0x1 ends and has not begun"},
		"a call twice":              {`{"ph":"i","pid":1,"tid":1,"ts":7.000,"s":"t"`, `{"ph":"b","pid":1,"tid":1,"ts":7.000,"cat":"call","id":"0x1"`, "event 11: the call call 0x1 begins while"},
		"a flow without an end":     {`{"ph":"f","pid":1,"tid":2,"ts":6.000`, `{"ph":"i","s":"t","pid":1,"tid":2,"ts":6.000`, "event 6: the flow m 0x1 has no end"},
		"a flow without a start":    {`{"ph":"s","pid":1,"tid":1`, `{"ph":"i","s":"t","pid":1,"tid":1`, "event 9: the flow m 0x1 ends and has not begun"},
		"a flow begins nowhere":     {`{"ph":"s","pid":1,"tid":1`, `{"ph":"s","pid":1,"tid":2`, "event 6: the flow m 0x1 begins outside of every slice"},
		"a flow ends beside":        {`{"ph":"f","pid":1,"tid":2`, `{"ph":"f","pid":1,"tid":1`, "event 9: the flow m 0x1 ends outside of every slice"},
		"a flow ends at the border": {`"ts":6.000,"dur":0.001,"name":"take"`, `"ts":6.000,"dur":0.000,"name":"take"`, "ends outside of every slice"},
		"a flow bound to the next":  {`"bp":"e",`, ``, "at the next slice"},
		"order":                     {`"ts":6.000,"cat":"m"`, `"ts":5.999,"cat":"m"`, "event 9: its ts 5.999 is before"},
		"a thread without a name":   {`"ph":"M","pid":1,"tid":2`, `"ph":"M","pid":1,"tid":3`, "its thread 2 has no name"},
		"a process without a name":  {`"process_name"`, `"process_labels"`, "process 1 or its thread"},
		"a counter of text":         {`{"n":3}`, `{"n":"three"}`, "event 10: a value of the counter"},
		"a counter of nothing":      {`{"n":3}`, `{}`, "event 10: a counter without a value"},
		"an instant without scope":  {`"s":"t",`, ``, "event 11: the scope"},
		"too fine":                  {`"ts":7.000`, `"ts":7.0001`, "event 11: its ts"},
		"no time":                   {`"ts":7.000,`, ``, "event 11: its ts"},
		"a negative span":           {`"dur":4.000`, `"dur":-4.000`, "event 4: its dur"},
		"an unknown phase":          {`"ph":"i"`, `"ph":"q"`, `event 11: there is no phase "q"`},
		"no process":                {`"ph":"C","pid":1,`, `"ph":"C",`, "event 10: it belongs to no process"},
		"a slice without a name":    {`"name":"take"`, `"name":""`, "event 8: a slice without a name"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, sound, c.old)
			problems, err := Lint(strings.NewReader(strings.Replace(sound, c.old, c.now, 1)))
			require.NoError(t, err)
			require.NotEmpty(t, problems)
			assert.Contains(t, strings.Join(problems, "\n"), c.want)
		})
	}
}

func TestLintOfSomethingElse(t *testing.T) {
	_, err := Lint(strings.NewReader("<html>"))
	assert.ErrorContains(t, err, "not a trace")
	problems, err := Lint(strings.NewReader("{}"))
	require.NoError(t, err)
	assert.Equal(t, []string{"event 0: there is no event"}, problems)
	many := strings.Repeat(`{"ph":"q","pid":1,"ts":1},`, 99)
	problems, err = Lint(strings.NewReader(`{"traceEvents":[` + strings.TrimSuffix(many, ",") + `]}`))
	require.NoError(t, err)
	assert.Len(t, problems, problemsMax+1)
	assert.Contains(t, problems[problemsMax], "more")
}
