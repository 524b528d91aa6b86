// Package repro writes down how to repeat a run: the words that every command
// prints the same way, and the command line itself. It may import what a
// command may.
package repro

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/sim"
)

// The defaults of a run, as help states them; a command line leaves them out.
const (
	DefaultServers = 5
	DefaultClients = 10
	DefaultFor     = 60 * time.Second
	DefaultProfile = "lan"
)

// Line is the command that repeats a run, to be pasted into a shell. Fields of
// cfg that are zero have their defaults.
func Line(cfg sim.Config) string {
	words := []string{"zksim", "run", "--seed", Seed(cfg.Seed)}
	flag := func(isDefault bool, name, value string) {
		if !isDefault {
			words = append(words, "--"+name, Quote(value))
		}
	}
	flag(cfg.Servers == 0 || cfg.Servers == DefaultServers, "servers", strconv.Itoa(cfg.Servers))
	flag(cfg.Clients == 0 || cfg.Clients == DefaultClients, "clients", strconv.Itoa(max(0, cfg.Clients))) // not sim.NoClients
	flag(cfg.For == 0 || cfg.For == DefaultFor, "for", Span(cfg.For))
	flag(cfg.Profile == "" || cfg.Profile == DefaultProfile, "profile", cfg.Profile)
	for _, st := range cfg.Faults {
		flag(false, "fault", st.String())
	}
	for _, slug := range Slugs(cfg.Bugs) {
		flag(false, "bug", slug)
	}
	return strings.Join(words, " ")
}

// Plant sets the bug that a slug names, and reports whether there is one.
func Plant(b *node.Bugs, slug string) bool { return node.ParseBug(slug, b) == nil }

// AllSlugs names every bug that can be planted.
func AllSlugs() []string {
	var slugs []string
	for _, bug := range node.PlantedBugs() {
		slugs = append(slugs, bug.Slug)
	}
	return slugs
}

// Slugs names the bugs that are planted; not nil.
func Slugs(b node.Bugs) []string { return b.Slugs() }

// Seed prints a seed: 0x and all 16 digits.
func Seed(seed uint64) string { return fmt.Sprintf("0x%016x", seed) }

// Hash prints the hash of a run: 16 digits.
func Hash(h uint64) string { return fmt.Sprintf("%016x", h) }

// Span prints a duration without zero parts at its end: 10m, not 10m0s. It
// stays within ASCII, which every terminal and shell can take.
func Span(d time.Duration) string {
	s := strings.Replace(d.String(), "µ", "u", 1)
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// shellSafe are the characters that no POSIX shell gives a meaning to.
const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%"

// Quote writes one word so that a POSIX shell reads it back unchanged.
func Quote(word string) string {
	if word != "" && strings.Trim(word, shellSafe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
