package golden

import (
	"slices"
	"strings"
)

// Answers to four-letter words are compared line by line with the recorded ones.
// This is all that may differ.

// forgetting is what is forgotten of a line before it is compared.
type forgetting uint8

const (
	numbers forgetting = iota // numbers differ, their places do not
	value                     // what comes behind the start of the line
	line                      // the line itself: there may be none, or more
)

// wordRule is a kind of lines that differ by nature.
type wordRule struct {
	word   string
	start  string // of the line; with "*" in front, anywhere in it
	forget forgetting
	why    string
}

var wordRules = [...]wordRule{
	{"srvr", "Zookeeper version: ", value, "another build"},
	{"srvr", "Latency min/avg/max: ", numbers, "another machine"},
	{"srvr", "Received: ", numbers, "what went before differs"},
	{"srvr", "Sent: ", numbers, "what went before differs"},
	{"srvr", "Zxid: ", numbers, "what went before differs"},
	{"srvr", "Proposal sizes ", numbers, "what went before differs"},
	{"stat", " /", numbers, "ports of clients, and when they asked"},
	{"cons", " /", numbers, "ports of clients, ids, times"},
	{"conf", "clientPort=", value, "another port"},
	{"conf", "dataDir", value, "another folder, other files"},
	{"conf", "dataLog", value, "another folder, other files"},
	{"conf", "electionPort=", value, "another port"},
	{"conf", "quorumPort=", value, "another port"},
	{"conf", "server.", numbers, "other ports"},
	{"dirs", "", numbers, "other files"},
	{"dump", "*expire at ", line, "how many are over at one instant is chance"},
	{"dump", "Session Sets (", numbers, "as many instants"},
	{"dump", "Connections Sets (", numbers, "as many instants"},
	{"dump", "\tip: ", numbers, "ports of clients, ids"},
	{"dump", "\t0x", numbers, "ids"},
	{"dump", "0x", numbers, "ids"},
	{"envi", "zookeeper.version=", value, "another build"},
	{"envi", "host.", value, "another machine"},
	{"envi", "java.", value, "there is no Java"},
	{"envi", "os.", value, "another machine"},
	{"envi", "user.", value, "another user"},
	{"hash", "", numbers, "what went before differs"},
	{"wchc", "0x", numbers, "ids"},
	{"wchp", "\t0x", numbers, "ids"},
}

// monitorKeys are the lines of mntr that are compared, and whether their values
// are: the others count what went before, measure time, or tell of the machine.
var monitorKeys = [...]struct {
	key   string
	value bool
}{
	{"version", false}, {"server_state", true}, {"peer_state", true}, {"ephemerals_count", true},
	{"num_alive_connections", true}, {"avg_latency", false}, {"min_latency", false}, {"max_latency", false},
	{"packets_received", false}, {"packets_sent", false}, {"outstanding_requests", true}, {"znode_count", true},
	{"watch_count", true}, {"approximate_data_size", false}, {"open_file_descriptor_count", false},
	{"max_file_descriptor_count", false}, {"learners", true}, {"synced_followers", true}, {"synced_observers", true},
	{"pending_syncs", true}, {"last_proposal_size", false}, {"max_proposal_size", false}, {"min_proposal_size", false},
	{"global_sessions", true}, {"local_sessions", true}, {"uptime", false}, {"quorum_size", true},
}

// CompareWord tells how an answer to a four-letter word differs from the recorded
// one, in words.
func CompareWord(word, recorded, here string) []string {
	want, got := wordLines(word, recorded), wordLines(word, here)
	if slices.Equal(want, got) {
		return nil
	}
	return []string{word + ": " + strings.Join(got, "\n") + "\nrecorded was\n" + strings.Join(want, "\n")}
}

// CountWordLines is how many lines of an answer are compared.
func CountWordLines(word, recorded string) int { return len(wordLines(word, recorded)) }

// wordLines gives the lines of an answer as they are compared. Those of some
// words come in the order of a hash set.
func wordLines(word, text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l, compared := wordLine(word, l); compared {
			out = append(out, l)
		}
	}
	switch word {
	case "cons", "dump", "mntr", "stat", "wchc", "wchp":
		slices.Sort(out)
	case "hash":
		out = slices.Compact(out)
	}
	return out
}

func wordLine(word, l string) (string, bool) {
	if word == "mntr" {
		return monitorLine(l)
	}
	for _, r := range wordRules {
		if (r.word == word || r.word == "srvr" && word == "stat") && r.matches(l) {
			return r.apply(l)
		}
	}
	return l, true
}

func (r wordRule) matches(l string) bool {
	if part, anywhere := strings.CutPrefix(r.start, "*"); anywhere {
		return strings.Contains(l, part)
	}
	return strings.HasPrefix(l, r.start)
}

func (r wordRule) apply(l string) (string, bool) {
	switch r.forget {
	case numbers:
		return withoutNumbers(l), true
	case value:
		if i := strings.IndexAny(l, "=:"); i >= 0 {
			return l[:i+1], true
		}
		return r.start, true
	}
	return "", false
}

// withoutNumbers puts # where a number begins with a digit, be it decimal, with a
// point, or hexadecimal.
func withoutNumbers(l string) string {
	var b strings.Builder
	inside := false
	for _, c := range l {
		digit := c >= '0' && c <= '9'
		switch {
		case !inside && digit:
			b.WriteByte('#')
			inside = true
		case inside && (digit || c == '.' || c == 'x' || c >= 'a' && c <= 'f'):
		default:
			b.WriteRune(c)
			inside = false
		}
	}
	return b.String()
}

func monitorLine(l string) (string, bool) {
	name, v, _ := strings.Cut(strings.TrimPrefix(l, "zk_"), "\t")
	for _, k := range monitorKeys {
		switch {
		case k.key != name:
		case k.value:
			return name + " " + v, true
		default:
			return name, true
		}
	}
	return "", false
}
