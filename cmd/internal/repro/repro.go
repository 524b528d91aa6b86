// Package repro writes down how to repeat a run: the command line, and the seeds
// in it. It may import what a command may.
package repro

import (
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/report"
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
func Line(cfg engine.Config) string {
	words := []string{"zksim", "run", "--seed", report.Seed(cfg.Seed)}
	for _, word := range Flags(cfg) {
		words = append(words, Quote(word))
	}
	return strings.Join(words, " ")
}

// Flags are the words that say what a run is like, the seed apart; not quoted.
func Flags(cfg engine.Config) []string {
	var words []string
	flag := func(isDefault bool, name, value string) {
		if !isDefault {
			words = append(words, "--"+name, value)
		}
	}
	flag(cfg.Servers == 0 || cfg.Servers == DefaultServers, "servers", strconv.Itoa(cfg.Servers))
	flag(cfg.Clients == 0 || cfg.Clients == DefaultClients, "clients", strconv.Itoa(max(0, cfg.Clients))) // not engine.NoClients
	flag(cfg.For == 0 || cfg.For == DefaultFor, "for", report.Span(cfg.For))
	flag(cfg.Profile == "" || cfg.Profile == DefaultProfile, "profile", cfg.Profile)
	for _, st := range cfg.Faults {
		flag(false, "fault", st.String())
	}
	for _, slug := range cfg.Bugs.Slugs() {
		flag(false, "bug", slug)
	}
	return words
}

// shellSafe are the characters that no POSIX shell gives a meaning to.
const shellSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,+@%"

// QuotePath is Quote for the name of a file: a verb does not take it for a flag.
func QuotePath(path string) string {
	if strings.HasPrefix(path, "-") && path != "-" {
		path = "./" + path
	}
	return Quote(path)
}

// Quote writes one word so that a POSIX shell reads it back unchanged.
func Quote(word string) string {
	if word != "" && strings.Trim(word, shellSafe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
