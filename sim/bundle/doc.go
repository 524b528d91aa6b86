// Package bundle holds runs as files: what a run was made from, so that it can be
// repeated, and what it was like, so that the repetition can be compared.
//
// A bundle is a txtar archive of run.json, schedule, choices.jsonl,
// history.jsonl, events unless there are too many, and, if somebody wrote one,
// note.md. Names inside of it say what a part is; they are never used as paths.
// Equal runs of one build give equal bytes: how long a run took by the real clock
// is left out, wall_ns is 0 in every bundle, artifacts is empty, and so is what a
// replay knows of the bundle that it repeats.
//
// It imports sim/engine, sim/report, sim/fault, sim/rng, linearizability, node and
// node/proto.
package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/zksim/zksim/sim/engine"
	"github.com/zksim/zksim/sim/fault"
	"github.com/zksim/zksim/sim/report"
	"github.com/zksim/zksim/sim/rng"
)

// Format is the number of the form of bundles that this version writes, and the
// highest that it reads. Bundles of format 1 have neither choices nor events.
const Format = 2

// Extension ends the names of bundles.
const Extension = ".simrun"

// SizeMax bounds a bundle, in bytes; the history is left out of one that would
// be larger.
const SizeMax = 64 << 20

// The errors of reading, each wrapped with the file, the line and what is wrong.
var (
	ErrForeign   = errors.New("not a bundle of zksim")
	ErrVersion   = errors.New("a bundle of another version of zksim")
	ErrTruncated = errors.New("the bundle is cut off")
	ErrDamaged   = errors.New("the bundle is damaged")
)

// Bundle is a run as a file.
type Bundle struct {
	Document    report.Document // of the run that was written down, without what differs between repetitions
	Checkpoints []engine.Checkpoint
	Schedule    []fault.Statement // what a replay carries out
	Choices     []rng.Choice      // what a replay decides; nil: the bundle tells of none
	Unknown     []string          // lines of choices for purposes that this version does not have
	Events      []byte            // one of each event's hash, see engine.Report; empty: left out
	Edits       Edits             // what is not as it was written
	Edited      bool              // something is not: the hash of the run cannot be demanded
	History     []byte            // JSON Lines; what the clients saw
	Note        string            // of a person

	format int   // that it was read in; 0: none
	sums   *sums // that it was read with
}

// New makes a bundle of a run. The error says that the history cannot be written.
func New(run *report.Run) (*Bundle, error) {
	b := &Bundle{Document: *run.Document(), Checkpoints: run.Checkpoints, Schedule: run.Schedule,
		Choices: run.Choices, Events: run.Events}
	b.Document.Wall = 0
	b.Document.Artifact = map[string]string{}
	b.Document.Choices = report.Choices{Taken: len(run.Choices)}
	if run.History != nil {
		var h bytes.Buffer
		if err := run.History.WriteJSONL(&h); err != nil {
			return nil, err
		}
		if h.Len() <= SizeMax/2 {
			b.History = h.Bytes()
		}
	}
	return b, nil
}

// Name is the name of the file that holds a bundle's bytes: the first 12 hex
// digits of their SHA-256, and the extension.
func Name(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:6]) + Extension
}
