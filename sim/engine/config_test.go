package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/sim/fault"
)

func statement(t *testing.T, line string) fault.Statement {
	t.Helper()
	s, err := fault.Parse(line)
	require.NoError(t, err)
	return s
}

func TestDefaults(t *testing.T) {
	assert.Equal(t, Config{Servers: 5, Clients: 10, For: time.Minute, Profile: "lan"}, Config{}.withDefaults())
	asked := Config{Seed: 3, Servers: 1, Clients: NoClients, For: time.Second, Profile: "lan"}
	assert.Equal(t, asked, asked.withDefaults())
}

func TestImpossibleConfigurations(t *testing.T) {
	for want, cfg := range map[string]Config{
		"an ensemble of -1 servers cannot be run: ask for 1 to 9":                           {Servers: -1},
		"an ensemble of 10 servers cannot be run: ask for 1 to 9":                           {Servers: 10},
		"1001 clients cannot be run: ask for at most 1000":                                  {Clients: 1001},
		"-2 clients cannot be run: ask for at most 1000":                                    {Clients: -2},
		"a run cannot last -1s: ask for more than nothing, as in 60s":                       {For: -time.Second},
		"a run cannot last 1001h0m0s: ask for at most 1000h0m0s":                            {For: 1001 * time.Hour},
		`there is no profile "calm" in this version: ask for lan or swarm`:                  {Profile: "calm"},
		"fault \"at 1s kill zk6\" names zk6, but the servers are zk1 to zk5":                {Faults: []fault.Statement{statement(t, "at 1s kill zk6")}},
		"fault \"at 1m kill leader\" comes at 1m0s, but the run ends at 1m0s":               {Faults: []fault.Statement{statement(t, "at 1m kill leader")}},
		"fault \"at -1s kill leader\" has a negative time: let it begin at 0s or later and": {Faults: []fault.Statement{{At: -time.Second, Action: fault.ActionKill, Nodes: []string{"leader"}}}},
		"fault \"every 1µs kill leader\" does something more than once in 1ms":              {Faults: []fault.Statement{statement(t, "every 1us kill leader")}},
		"fault \"at 1s flap zk1 1ns 998µs\" does something more than once in 1ms":           {Faults: []fault.Statement{statement(t, "at 1s flap zk1 1ns 998us")}},
		"fault \"at 1s clock all strobe 1s 999µs\" does something more than once in 1ms":    {Faults: []fault.Statement{statement(t, "at 1s clock all strobe 1s 999us")}},
	} {
		r, err := Run(cfg)
		assert.ErrorContains(t, err, want)
		assert.Nil(t, r)
	}
}

func TestLongRunsReserveLittle(t *testing.T) {
	assert.Equal(t, 6000, expectedCalls(Config{}.withDefaults()))
	assert.LessOrEqual(t, expectedCalls(Config{For: forMax, Clients: clientsMax}.withDefaults()), 1<<14)
	assert.Zero(t, expectedCalls(Config{Clients: NoClients}.withDefaults()))
}
