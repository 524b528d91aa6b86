package linearizability

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// Picture says what is on a page of Draw.
type Picture struct {
	Name    string // the node at the top of the part of the history that is shown
	Calls   int    // how many calls are shown
	LeftOut int    // later calls of that part which are not, so that the page stays small
	Verdict Verdict
}

// The bounds of a page: the calls that the search is given, and bytes.
const (
	pictureCalls = 400
	pictureBytes = 4 << 20
)

// ErrNoPicture says that a history has no call that porcupine could judge.
var ErrNoPicture = errors.New("linearizability: no call of this history is for porcupine")

// Draw writes porcupine's picture of the part of a history that a violation is
// about, as one HTML page without anything from a network, of less than 5 MB. A
// history falls into parts, calls that hang together by the nodes that they are
// about. Shown is the part of the path that the violation names; where it names
// none, the first part that porcupine refuses, else that of the last call of those
// that can be shown whole.
// Zxids are not looked at: the page shows which orders of the calls their answers
// allow. v may be nil. Equal histories give equal bytes.
func Draw(w io.Writer, h *History, v *proto.Violation) (Picture, error) {
	if o := beyondModel(h); o != nil {
		return Picture{}, fmt.Errorf("%w: the model does not know c%d's %v of step %d", ErrNoPicture, o.Client, o.Op.Type, o.Call)
	}
	g := groundOf(h, newBuilder(h))
	pieces := piecesOf(h, g)
	if len(pieces) == 0 {
		return Picture{}, ErrNoPicture
	}
	p := g.concerned(h, pieces, v)
	for calls := min(len(p.calls), pictureCalls); ; calls /= 2 {
		page, pic, err := g.page(h, p, calls)
		if err != nil {
			return pic, err
		}
		if page.Len() <= pictureBytes || calls < 2 {
			_, err = w.Write(page.Bytes())
			return pic, err
		}
	}
}

// page draws the first calls of a piece.
func (g *ground) page(h *History, p piece, calls int) (*bytes.Buffer, Picture, error) {
	pic := Picture{Name: p.name, LeftOut: len(p.calls) - calls}
	p.calls = p.calls[:calls]
	b, s := g.prepare(h, p)
	pic.Calls, s.shown = len(b.calls), paths(h, p)
	var page bytes.Buffer
	ok, decided, err := draw(&page, s, b.calls)
	switch {
	case !decided:
		pic.Verdict = VerdictUnknown
	case !ok:
		pic.Verdict = VerdictViolated
	}
	return &page, pic, err
}

// concerned chooses the piece to show.
func (g *ground) concerned(h *History, pieces []piece, v *proto.Violation) piece {
	if v != nil {
		for _, word := range strings.FieldsFunc(v.Detail, func(r rune) bool { return strings.ContainsRune(" ,;:()'\"", r) }) {
			if i := pieceOf(h, pieces, word); i >= 0 && strings.HasPrefix(word, "/") {
				return pieces[i]
			}
		}
		for _, p := range pieces {
			if len(p.calls) <= pictureCalls && g.porcupinePiece(h, p).Verdict == VerdictViolated {
				return p
			}
		}
	}
	last := pieces[0]
	for _, p := range pieces {
		switch fits, did := len(p.calls) <= pictureCalls, len(last.calls) <= pictureCalls; {
		case fits && !did, fits == did && p.calls[len(p.calls)-1] > last.calls[len(last.calls)-1]:
			last = p
		}
	}
	return last
}

// pieceOf finds the piece with a call about a path, or -1.
func pieceOf(h *History, pieces []piece, path string) int {
	return slices.IndexFunc(pieces, func(p piece) bool {
		return slices.ContainsFunc(p.calls, func(i int) bool { return about(&h.Ops[i].Op, path) })
	})
}

// paths are the first few paths that calls are about.
func paths(h *History, p piece) []string {
	const most = 6
	var list []string
	for _, i := range p.calls {
		if path := h.Ops[i].Op.Path; path != "" && !slices.Contains(list, path) && len(list) < most {
			list = append(list, path)
		}
	}
	return list
}

func about(op *proto.Op, path string) bool {
	return op.Path == path || slices.ContainsFunc(op.Ops, func(o proto.Op) bool { return o.Path == path })
}

// String tells a call with its answer: "set /a = t:7 -> ok, version 3".
func (c *judged) String() string {
	text := opText(c.op)
	switch {
	case c.reply == nil:
		return text + " -> unknown"
	case c.reply.Err != proto.OK:
		return text + " -> " + c.reply.Err.Error()
	}
	return text + " -> " + resultText(&c.reply.Result)
}

func opText(op *proto.Op) string {
	text := op.Type.String()
	if op.Path != "" {
		text += " " + op.Path
	}
	switch op.Type {
	case proto.OpSetData, proto.OpCreate, proto.OpCreate2:
		text += fmt.Sprintf(" = %.20q", op.Data)
	case proto.OpMulti:
		var parts []string
		for i := range op.Ops {
			parts = append(parts, opText(&op.Ops[i]))
		}
		text += " of " + strings.Join(parts, "; ")
	}
	if op.Version != 0 {
		text += fmt.Sprintf(" (version %d)", op.Version)
	}
	return text
}

func resultText(r *proto.Result) string {
	switch r.Type {
	case proto.OpGetData:
		return fmt.Sprintf("%.20q, version %d", r.Data, r.Stat.Version)
	case proto.OpSetData, proto.OpExists:
		return fmt.Sprintf("version %d", r.Stat.Version)
	case proto.OpCreate, proto.OpCreate2:
		return r.Path
	case proto.OpGetChildren, proto.OpGetChildren2:
		return fmt.Sprintf("%d children", len(r.Children))
	}
	return "ok"
}

// describe tells a state in a few words: the whole would make the page large.
func (s *specification) describe(at specState) string {
	var parts []string
	for _, path := range s.shown {
		r := at.Read(&proto.Op{Type: proto.OpGetData, Path: path})
		text := path + " is not there"
		if errOf(&r) == proto.OK {
			text = fmt.Sprintf("%s = %.20q, version %d", path, r.Data, r.Stat.Version)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\n")
}
