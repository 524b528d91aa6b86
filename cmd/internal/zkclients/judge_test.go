package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a client does not show is missed, and so is what it shows unasked: a typing
// error in a list is not taken for a success.
func TestEveryFeatureIsDemanded(t *testing.T) {
	want := []string{"create", "read", "multi"}
	require.NoError(t, compare(want, shown("ok create\nok read\nok multi\n")))
	require.ErrorContains(t, compare(want, shown("ok create\nok read\n")), "multi was not shown")
	require.ErrorContains(t, compare(want, shown("ok create\nfail read\nok multi\n")), "read was not shown")
	require.ErrorContains(t, compare(want, shown("ok create\nok read\nok multi\nok locks\n")), "locks was shown")
}

func TestALostWriteIsMissing(t *testing.T) {
	assert.Empty(t, missing([]string{"0", "2"}, []string{"2", "1", "0"}))
	assert.Equal(t, []string{"2"}, missing([]string{"0", "2", "3"}, []string{"0", "1", "3"}))
}

// A shell that answers, and the same one with an answer that is wrong, one that
// never comes, and an exit code.
func TestConversation(t *testing.T) {
	shell := func(script string) []string { return []string{"sh", "-c", script} }
	steps := []step{
		{"", "", "ready"},
		{"create", "create /a", `made /a\n`},
		{"read", "get /a", `data of /a`},
		{"read", "ls", `\[a\]`},
	}
	const good = `echo ready; while read verb path; do case $verb in create) echo made $path;; get) echo data of $path;; ls) echo '[a]';; quit) exit $code;; esac; done`
	features, err := converse(t.Context(), shell(good), steps)
	require.NoError(t, err)
	assert.Equal(t, []string{"create", "read"}, features)

	_, err = converse(t.Context(), shell("code=3;"+good), steps)
	require.ErrorContains(t, err, "exit status 3")

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	steps[3].want = `\[b\]`
	features, err = converse(ctx, shell(good), steps)
	require.ErrorContains(t, err, `ls: want \[b\], it printed:`)
	assert.Equal(t, []string{"create"}, features, "a feature with a failed step is none")
}
