package golden

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/zksim/zksim/node/proto"
)

// ErrFormat is wrapped by every error of [Parse] that is the transcript's fault.
var ErrFormat = errors.New("golden: malformed transcript")

// Header is the first line of a transcript.
type Header struct {
	Format int64  `json:"format"` // always 1
	Seed   int64  `json:"seed"`
	Steps  int64  `json:"steps"`  // the number of lines that follow
	Server string `json:"server"` // who gave the answers
}

// Transcript is a recorded run. Its steps are to be applied one after the other.
type Transcript struct {
	Header
	Steps []Step
}

// Step is one operation of one session and what came of it.
type Step struct {
	Index   int    // from 0
	Session int    // 0, 1, ... in the order of the connect steps; -1 at "final"
	Kind    string // "connect", "create", ..., "close", "final"
	// Op is the request, with every absent argument filled in. Connect is a
	// createSession, close a closeSession; kinds that send no request of their
	// own (final, drop, resume, expire) have the zero Op.
	Op   proto.Op
	Args Args
	Want Want
}

// Args are those arguments of a step that are no part of its request.
type Args struct {
	Short       bool   // connect: with the shortest timeout
	BadPassword bool   // resume: with a wrong password
	Path        string // of any step that has a path; expire: an ephemeral of the session
}

// Timeouts that a connect asks for, in milliseconds.
const (
	TimeoutLong  int32 = 30000
	TimeoutShort int32 = 1000
)

// Parse reads a transcript to its end. A malformed line gives an error that
// wraps [ErrFormat] and names the line (counted from 1) and the field. A field
// that Parse does not know is an error too: nothing recorded is passed over.
func Parse(r io.Reader) (*Transcript, error) {
	in := bufio.NewReader(r)
	t := &Transcript{}
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("golden: line %d: %w", number, err)
		}
		if len(bytes.TrimSpace(line)) == 0 && err == io.EOF {
			return t.complete(number)
		}
		if bad := t.add(number, line); bad != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrFormat, number, bad)
		}
		if err == io.EOF {
			return t.complete(number + 1)
		}
	}
}

// complete returns the transcript if it holds what its header promises.
func (t *Transcript) complete(number int) (*Transcript, error) {
	switch {
	case t.Format == 0:
		return nil, fmt.Errorf("%w: line 1: header missing", ErrFormat)
	case int64(len(t.Steps)) != t.Header.Steps:
		return nil, fmt.Errorf("%w: line %d: steps: header promises %d, have %d",
			ErrFormat, number, t.Header.Steps, len(t.Steps))
	}
	return t, nil
}

func (t *Transcript) add(number int, line []byte) error {
	if number == 1 {
		return t.addHeader(line)
	}
	step, err := parseStep(line)
	if err != nil {
		return err
	}
	if step.Index != len(t.Steps) {
		return fmt.Errorf("i: want %d, have %d", len(t.Steps), step.Index)
	}
	t.Steps = append(t.Steps, step)
	return nil
}

func (t *Transcript) addHeader(line []byte) error {
	if err := strict(line, &t.Header); err != nil {
		return err
	}
	if t.Format != 1 {
		return fmt.Errorf("format: want 1, have %d", t.Format)
	}
	return nil
}

// strict decodes exactly one JSON value whose every field dst knows.
func strict(b []byte, dst any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(dst); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one value on the line")
	}
	return nil
}
