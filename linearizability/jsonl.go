package linearizability

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// ErrHistory is wrapped by every error about the content of a history file.
var ErrHistory = errors.New("linearizability: malformed history")

// line is one line of a history file: a call, or, with Event set, an event.
type line struct {
	Client  string `json:"client"`
	Session string `json:"session,omitempty"`

	Xid     int32          `json:"xid,omitempty"`
	Op      string         `json:"op,omitempty"`
	Args    *args          `json:"args,omitempty"`
	Call    uint64         `json:"call,omitempty"`
	Return  uint64         `json:"return,omitempty"`
	Outcome string         `json:"outcome,omitempty"`
	Err     *proto.ErrCode `json:"err,omitempty"` // of every call, also 0
	Zxid    proto.Zxid     `json:"zxid,omitempty"`
	Result  *result        `json:"result,omitempty"`

	Event string          `json:"event,omitempty"`
	Type  proto.EventType `json:"type,omitempty"`
	Path  string          `json:"path,omitempty"`
	At    uint64          `json:"at,omitempty"`
}

// WriteJSONL writes one call or event a line, calls in the order in which they
// were made and events before the first call that was made after them.
func (h *History) WriteJSONL(w io.Writer) error {
	b := bufio.NewWriter(w)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	events := h.Events
	for i := range h.Ops {
		for len(events) > 0 && events[0].At < h.Ops[i].Call {
			if err := enc.Encode(eventLine(&events[0])); err != nil {
				return err
			}
			events = events[1:]
		}
		if err := enc.Encode(opLine(&h.Ops[i])); err != nil {
			return err
		}
	}
	for i := range events {
		if err := enc.Encode(eventLine(&events[i])); err != nil {
			return err
		}
	}
	return b.Flush()
}

func sessionText(s proto.SessionID) string {
	if s == 0 {
		return ""
	}
	return s.String()
}

func eventLine(e *Event) *line {
	return &line{Client: formatClient(e.Client), Session: sessionText(e.Session), Event: e.Kind.String(),
		Type: e.Type, Path: e.Path, Zxid: e.Zxid, At: e.At, Xid: e.Xid}
}

func opLine(o *Op) *line {
	return &line{Client: formatClient(o.Client), Session: sessionText(o.Session), Xid: o.Xid,
		Op: o.Op.Type.String(), Args: argsOf(&o.Op), Call: o.Call, Return: o.Return,
		Outcome: o.Outcome.String(), Err: &o.Err, Zxid: o.Zxid, Result: resultOf(&o.Result)}
}

// ReadJSONL reads what WriteJSONL wrote. Errors name the line, and the field and
// what it must be, and wrap [ErrHistory] unless reading itself failed. A field
// that is not known is an error: it may be a known one that is misspelt.
func ReadJSONL(r io.Reader) (*History, error) {
	h := &History{}
	b := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, err := b.ReadBytes('\n')
		if len(text) > 0 && text[0] != '\n' {
			if err := h.readLine(text); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
		if err == io.EOF {
			return h, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (h *History) readLine(text []byte) error {
	var l line
	if err := decodeStrict(text, &l); err != nil {
		return err
	}
	client, err := parseClient(l.Client)
	if err != nil {
		return err
	}
	session, err := parseSession(l.Session)
	if err != nil {
		return err
	}
	if l.Event != "" {
		return h.readEvent(&l, client, proto.SessionID(session))
	}
	return h.readOp(&l, client, proto.SessionID(session))
}

func (h *History) readEvent(l *line, client int32, session proto.SessionID) error {
	for k, name := range eventNames {
		if name == l.Event {
			h.Events = append(h.Events, Event{client, session, EventKind(k), l.Type, l.Path, l.Zxid, l.At, l.Xid})
			return nil
		}
	}
	return fmt.Errorf("%w: field \"event\" is %.40q, must be one of %s", ErrHistory, l.Event, strings.Join(eventNames[:], ", "))
}

func (h *History) readOp(l *line, client int32, session proto.SessionID) error {
	o := Op{Client: client, Session: session, Xid: l.Xid, Call: l.Call, Return: l.Return, Zxid: l.Zxid}
	if l.Err != nil {
		o.Err = *l.Err
	}
	var err error
	if o.Outcome, err = parseOutcome(l.Outcome); err != nil {
		return err
	}
	if o.Op, err = l.Args.op(l.Op); err != nil {
		return err
	}
	if o.Return != 0 && o.Return < o.Call {
		return fmt.Errorf("%w: field \"return\" is step %d, must not be before \"call\", step %d", ErrHistory, o.Return, o.Call)
	}
	o.Result, err = l.Result.result()
	h.Ops = append(h.Ops, o)
	return err
}

func parseOutcome(s string) (Outcome, error) {
	for k, name := range outcomeNames {
		if name == s {
			return Outcome(k), nil
		}
	}
	return 0, fmt.Errorf("%w: field \"outcome\" is %.40q, must be one of %s", ErrHistory, s, strings.Join(outcomeNames[:], ", "))
}
