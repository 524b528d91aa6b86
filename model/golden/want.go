package golden

import (
	"encoding/json"
	"fmt"

	"github.com/zksim/zksim/node/proto"
)

// Want is what came of a step: the fields that were recorded. A field that does
// not belong to the step has its zero value, as the comments say.
type Want struct {
	Answered bool          // a reply header came: Err and Zxid mean something
	Err      proto.ErrCode // of the reply header
	Zxid     int64         // of the reply header, as an offset
	Path     string        // as replied; "" for none
	HasData  bool          // the reply holds data
	Data     []byte        // nil is null, which differs from empty
	Stat     *Stat         // nil for none
	Children []string      // sorted; nil for none, empty for a node without children
	ACL      []proto.ACL   // nil for none; see [Scale.ACL] for the order
	HasCount bool          // the reply holds a number
	Count    int32         // getAllChildrenNumber, addWatch
	IDs      []proto.ID    // whoAmI: sorted; nil for none
	Multi    []Part        // nil for none, empty for an empty multi
	Sess     string        // connect: "new"; resume: "same", "expired"; expire: "expired"
	Closed   bool          // the server closed the connection, after the reply if there was one
	Extra    int           // resume: how many other connections of the session the server closed

	// Events are those that the step caused, sorted by session and for one
	// session in the order of arrival; EventsLate those of the acting session
	// that came after its reply.
	Events, EventsLate []Event
	Unordered          bool // the order of one session's events is not fixed

	Tree []Node // final: every node in preorder; nil for none
}

// Got is what an implementation answered, in the same shape.
type Got = Want

// Stat is a znode's metadata without its times, zxids as offsets.
type Stat struct {
	Czxid, Mzxid, Pzxid         int64
	Version, Cversion, Aversion int32
	Owner                       string // "s3" for session 3, "" for none
	DataLength, NumChildren     int32
}

// Part is the answer to one operation of a multi or a multiRead.
type Part struct {
	Type     string // of the answer: "create", "create2", "delete", "setData", "check", "getData", "getChildren" or "error"
	Err      proto.ErrCode
	Path     string // "" for none
	Stat     *Stat  // nil for none
	HasData  bool
	Data     []byte
	Children []string // sorted; nil for none
}

// Event is one watch notification.
type Event struct {
	Session int
	Type    proto.EventType
	Path    string
}

// Node is a znode of the final tree.
type Node struct {
	Path string
	Stat Stat
	Data []byte      // nil is null
	ACL  []proto.ACL // nil for the open list
}

type rawWant struct {
	Err       *proto.ErrCode      `json:"err"`
	Z         *int64              `json:"z"`
	Path      string              `json:"path"`
	Data      *string             `json:"data"`
	Stat      []json.RawMessage   `json:"stat"`
	Children  []string            `json:"ch"`
	ACL       json.RawMessage     `json:"acl"`
	Number    *int32              `json:"n"`
	IDs       [][]json.RawMessage `json:"ids"`
	Extra     int                 `json:"extra"`
	Multi     []rawPart           `json:"multi"`
	Sess      string              `json:"sess"`
	Closed    bool                `json:"closed"`
	Events    [][]json.RawMessage `json:"ev"`
	Late      [][]json.RawMessage `json:"ev_late"`
	Unordered bool                `json:"unordered"`
	Tree      []rawNode           `json:"tree"`
}

type rawPart struct {
	Op   string            `json:"op"`
	Err  *proto.ErrCode    `json:"err"`
	Path string            `json:"path"`
	Stat []json.RawMessage `json:"stat"`
	Data *string           `json:"data"`
	Ch   []string          `json:"ch"`
}

type rawNode struct {
	Path string            `json:"path"`
	Stat []json.RawMessage `json:"stat"`
	Data *string           `json:"data"`
	ACL  json.RawMessage   `json:"acl"`
}

func (raw *rawWant) parse() (w Want, err error) {
	w = Want{Path: raw.Path, Children: raw.Children, Sess: raw.Sess,
		Closed: raw.Closed, Unordered: raw.Unordered, HasData: raw.Data != nil, Extra: raw.Extra}
	if raw.Number != nil {
		w.HasCount, w.Count = true, *raw.Number
	}
	if w.ACL, err = optionalACL(raw.ACL); err != nil {
		return w, err
	}
	if w.IDs, err = parseIDs(raw.IDs); err != nil {
		return w, err
	}
	if err := w.setHeader(raw.Err, raw.Z); err != nil {
		return w, err
	}
	if w.Data, err = optionalData(raw.Data); err != nil {
		return w, err
	}
	if w.Stat, err = parseStat(raw.Stat); err != nil {
		return w, err
	}
	if w.Multi, err = parseParts(raw.Multi); err != nil {
		return w, err
	}
	if w.Events, err = parseEvents("ev", raw.Events); err != nil {
		return w, err
	}
	if w.EventsLate, err = parseEvents("ev_late", raw.Late); err != nil {
		return w, err
	}
	w.Tree, err = parseTree(raw.Tree)
	return w, err
}

func (w *Want) setHeader(code *proto.ErrCode, z *int64) error {
	switch {
	case code == nil && z == nil:
		return nil
	case code == nil:
		return fmt.Errorf("err: missing beside z")
	case z == nil:
		return fmt.Errorf("z: missing beside err")
	}
	w.Answered, w.Err, w.Zxid = true, *code, *z
	return nil
}

func parseStat(raw []json.RawMessage) (*Stat, error) {
	if raw == nil {
		return nil, nil
	}
	var s Stat
	err := tuple(raw, &s.Czxid, &s.Mzxid, &s.Pzxid, &s.Version, &s.Cversion, &s.Aversion,
		&s.Owner, &s.DataLength, &s.NumChildren)
	if err != nil {
		return nil, fmt.Errorf("stat: %w", err)
	}
	return &s, nil
}

// optionalACL reads a list as it was answered; absent is none.
func optionalACL(raw json.RawMessage) ([]proto.ACL, error) {
	if raw == nil {
		return nil, nil
	}
	return parseACL(raw)
}

func parseIDs(raws [][]json.RawMessage) ([]proto.ID, error) {
	if raws == nil {
		return nil, nil
	}
	ids := make([]proto.ID, len(raws))
	for i, raw := range raws {
		if err := tuple(raw, &ids[i].Scheme, &ids[i].ID); err != nil {
			return nil, fmt.Errorf("ids[%d]: %w", i, err)
		}
	}
	return ids, nil
}

func parseParts(raws []rawPart) ([]Part, error) {
	if raws == nil {
		return nil, nil
	}
	parts := make([]Part, 0, len(raws))
	for i, raw := range raws {
		if raw.Err == nil {
			return nil, fmt.Errorf("multi[%d].err: missing", i)
		}
		stat, err := parseStat(raw.Stat)
		if err != nil {
			return nil, fmt.Errorf("multi[%d].%w", i, err)
		}
		data, err := optionalData(raw.Data)
		if err != nil {
			return nil, fmt.Errorf("multi[%d].%w", i, err)
		}
		parts = append(parts, Part{Type: raw.Op, Err: *raw.Err, Path: raw.Path, Stat: stat,
			HasData: raw.Data != nil, Data: data, Children: raw.Ch})
	}
	return parts, nil
}

func parseEvents(field string, raws [][]json.RawMessage) ([]Event, error) {
	var events []Event
	for i, raw := range raws {
		var e Event
		if err := tuple(raw, &e.Session, &e.Type, &e.Path); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", field, i, err)
		}
		events = append(events, e)
	}
	return events, nil
}

func parseTree(raws []rawNode) ([]Node, error) {
	var nodes []Node
	for i, raw := range raws {
		stat, err := parseStat(raw.Stat)
		if err != nil {
			return nil, fmt.Errorf("tree[%d].%w", i, err)
		}
		if stat == nil || raw.Data == nil {
			return nil, fmt.Errorf("tree[%d]: stat or data missing", i)
		}
		data, err := parseData(*raw.Data)
		if err != nil {
			return nil, fmt.Errorf("tree[%d].%w", i, err)
		}
		acl, err := optionalACL(raw.ACL)
		if err != nil {
			return nil, fmt.Errorf("tree[%d].%w", i, err)
		}
		nodes = append(nodes, Node{raw.Path, *stat, data, acl})
	}
	return nodes, nil
}
