package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zksim/zksim/sim/rng"
)

// choicesMax bounds the choices of a bundle.
const choicesMax = 1 << 20

// choiceLine is a line of choices.jsonl. Hosts have their names, so that a choice
// keeps its meaning when there are more servers or fewer; those that are none,
// such as the one that draws the parameters, have a number.
type choiceLine struct {
	Host    string `json:"host"`
	Purpose string `json:"purpose"`
	Peer    int32  `json:"peer"`
	Kind    uint16 `json:"kind"`
	N       uint64 `json:"n"`
	Value   *int64 `json:"value"`
}

// choicesText writes the choices, one a line, those of other versions last.
func (b *Bundle) choicesText() ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	for i := range b.Choices {
		c := &b.Choices[i]
		err := enc.Encode(choiceLine{b.hostName(c.Host), c.Purpose.String(), c.Peer, c.Kind, c.N, &c.Value})
		if err != nil {
			return nil, err
		}
	}
	for _, line := range b.Unknown {
		out.WriteString(line + "\n")
	}
	return out.Bytes(), nil
}

// hostName names a host: the servers come first, the clients after them.
func (b *Bundle) hostName(host int32) string {
	servers := int32(b.Document.Config.Servers)
	switch {
	case host < 0:
		return strconv.Itoa(int(host))
	case host < servers:
		return "zk" + strconv.Itoa(int(host)+1)
	}
	return "c" + strconv.Itoa(int(host-servers)+1)
}

// parseHost reads what hostName writes.
func (b *Bundle) parseHost(name string) (int32, error) {
	digits, first, least := name, int64(0), int64(-1<<15)
	if s, ok := strings.CutPrefix(name, "zk"); ok {
		digits, first, least = s, -1, 1
	} else if s, ok := strings.CutPrefix(name, "c"); ok {
		digits, first, least = s, int64(b.Document.Config.Servers)-1, 1
	}
	n, err := strconv.ParseInt(digits, 10, 16)
	if err != nil || n < least || least < 0 && n >= 0 {
		return 0, fmt.Errorf("%.40q is no host: those are zk1, c1 and so on, and -1 and so on", name)
	}
	return int32(n + first), nil
}

// choices reads choices.jsonl. Bundles of format 1 say nothing of choices.
func (r *reader) choices(parts []part) error {
	p := parts[find(parts, partChoices)]
	if r.b.format < 2 {
		return nil
	}
	r.b.Choices = []rng.Choice{}
	met := map[rng.Choice]bool{} // without their values
	var text []byte
	n := p.line - 1
	for line := range bytes.Lines(p.data) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		text = append(append(text, line...), '\n')
		c, known, err := r.b.parseChoice(line)
		if err != nil {
			return r.errorf(n, ErrDamaged, "%s: %v", partChoices, err)
		}
		if !known {
			r.b.Unknown = append(r.b.Unknown, string(line))
			continue
		}
		at := c
		at.Value = 0
		if met[at] {
			return r.errorf(n, ErrDamaged, "%s: the choice is there twice; leave one out", partChoices)
		}
		met[at] = true
		if r.b.Choices = append(r.b.Choices, c); len(r.b.Choices) > choicesMax {
			return r.errorf(n, ErrDamaged, "%s: more than %d choices", partChoices, choicesMax)
		}
	}
	r.b.Edits.Choices = sum(text) != r.b.sums.Choices
	return nil
}

// parseChoice reads one line. Purposes that this version does not have are no
// error: their choices are never met.
func (b *Bundle) parseChoice(line []byte) (c rng.Choice, known bool, err error) {
	if len(line) > lineMax {
		return c, false, fmt.Errorf("the line has %d bytes", len(line))
	}
	var l choiceLine
	if err := json.Unmarshal(line, &l); err != nil {
		_, what := explain(part{data: line}, err)
		return c, false, errors.New(what)
	}
	if l.N == 0 || l.Value == nil {
		return c, false, errors.New("a choice has host, purpose, peer, kind, n from 1, and value")
	}
	if c.Purpose, known = rng.ParsePurpose(l.Purpose); !known {
		return c, false, nil
	}
	c.Host, err = b.parseHost(l.Host)
	c.Peer, c.Kind, c.N, c.Value = l.Peer, l.Kind, l.N, *l.Value
	return c, true, err
}
