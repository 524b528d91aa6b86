package main

import (
	"strconv"
	"strings"

	"github.com/zksim/zksim/sim"
)

// reproLine is the command that repeats a run, to be pasted into a shell.
// Flags that have their defaults are left out.
func reproLine(cfg sim.Config) string {
	words := []string{"zksim", "run", "--seed", seedText(cfg.Seed)}
	flag := func(isDefault bool, name, value string) {
		if !isDefault {
			words = append(words, "--"+name, quote(value))
		}
	}
	flag(cfg.Servers == defaultServers, "servers", strconv.Itoa(cfg.Servers))
	flag(cfg.Clients == defaultClients, "clients", strconv.Itoa(cfg.Clients))
	flag(cfg.For == defaultFor, "for", spanText(cfg.For))
	flag(cfg.Profile == defaultProfile, "profile", cfg.Profile)
	for _, st := range cfg.Faults {
		flag(false, "fault", st.String())
	}
	for _, slug := range bugSlugs(cfg.Bugs) {
		flag(false, "bug", slug)
	}
	return strings.Join(words, " ")
}
