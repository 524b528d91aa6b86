package lint

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSkipsAreListed(t *testing.T) {
	found, err := skipsOf("../..")
	require.NoError(t, err)
	for _, wrong := range judgeSkips(found, allowedSkips) {
		t.Error(wrong)
	}
	t.Logf("%d places where a test may skip, each with a reason", len(found))
}

func TestEveryKindOfSkipIsSeen(t *testing.T) {
	const source = `package p

import "testing"

func TestA(t *testing.T) { t.Skip("one") }
func helper(t testing.TB) {
	if true {
		t.Skipf("%d", 2)
	}
}
func FuzzB(f *testing.F) { f.Fuzz(func(t *testing.T, b []byte) { t.SkipNow() }) }
var later = func(t *testing.T) { do(func() { t.Skip() }) }
func TestC(t *testing.T) { t.Log("skip", c.Skip) }
`
	found, err := skipsOfSource("p/a_test.go", []byte(source))
	require.NoError(t, err)
	want := []skip{{"p/a_test.go", "TestA", 5}, {"p/a_test.go", "helper", 8}, {"p/a_test.go", "FuzzB", 11}, {"p/a_test.go", "declaration", 12}}
	assert.Equal(t, want, found)

	found, err = skipsOfSource("p/check.go", []byte(source))
	require.NoError(t, err)
	assert.Len(t, found, 4, "what tests import counts")
	found, err = skipsOfSource("p/state.go", []byte("package p\n\nfunc next(s S) S { return s.Skip(1) }\n"))
	require.NoError(t, err)
	assert.Empty(t, found, "it has to do with no test")
	_, err = skipsOfSource("p/a.go", []byte("package"))
	assert.Error(t, err)

	commands := "# skip nothing\n[!unix] skip\n[!exec:git] [short] skip 'no git'\nskip\nstdout 'skip'\n-- file --\nskip\n"
	assert.Equal(t, []skip{{"a.txtar", script, 2}, {"a.txtar", script, 3}, {"a.txtar", script, 4}}, skipsOfScript("a.txtar", commands))
}

func TestSkipsAreJudgedBothWays(t *testing.T) {
	found := []skip{{"a_test.go", "TestA", 3}, {"a_test.go", "TestA", 5}, {"a_test.go", "TestB", 9}}
	allowed := []allowedSkip{{"a_test.go", "TestA", "needs /proc"}, {"a_test.go", "TestB", ""}, {"b_test.go", "TestA", "is slow"}}
	assert.Equal(t, []string{
		"a_test.go:5: TestA may skip, so that nobody sees that it does not test: list it in allowedSkips with the reason",
		"a_test.go:9: the skip of TestB is listed without a reason",
		"b_test.go: TestA does not skip any more: take it out of allowedSkips",
	}, judgeSkips(found, allowed))
	assert.Empty(t, judgeSkips(nil, nil))
}
