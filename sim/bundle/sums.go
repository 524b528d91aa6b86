package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// sums tell of parts whether somebody has changed them: the first 16 hex digits
// of their SHA-256.
type sums struct {
	Config  string `json:"config"` // seed, bugs and config of run.json
	Choices string `json:"choices.jsonl"`
	Events  string `json:"events"`
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:8])
}

// sumConfig sums seed, planted bugs and configuration up, however they are
// indented.
func sumConfig(seed string, bugs []string, config []byte) (string, error) {
	var b bytes.Buffer
	b.WriteString(strings.Join(append([]string{seed}, bugs...), " ") + " ")
	err := json.Compact(&b, config)
	return sum(b.Bytes()), err
}

// sumUp sums up what the bundle holds.
func (b *Bundle) sumUp(choices []byte) (*sums, error) {
	config, err := json.Marshal(b.Document.Config)
	if err != nil {
		return nil, err
	}
	whole, err := sumConfig(b.Document.Seed, b.Document.Config.Bugs, config)
	return &sums{Config: whole, Choices: sum(choices), Events: sum(b.Events)}, err
}

// Edits are the parts of a bundle that somebody has changed since it was written.
type Edits struct{ Config, Schedule, Choices bool }

// Any reports whether any was.
func (e Edits) Any() bool { return e != Edits{} }

// String lists them, as in "schedule, choices".
func (e Edits) String() string {
	var words []string
	for _, p := range []struct {
		edited bool
		word   string
	}{{e.Config, "configuration"}, {e.Schedule, "schedule"}, {e.Choices, "choices"}} {
		if p.edited {
			words = append(words, p.word)
		}
	}
	return strings.Join(words, ", ")
}
