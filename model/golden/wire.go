package golden

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/zksim/zksim/node/proto"
)

// Exchange is something that was sent on one connection, and everything that
// came of it there, byte for byte.
type Exchange struct {
	Name   string
	Server string   // exchanges with the same one are one run of one server
	Conn   string   // names the connection
	Sent   []byte   // frames; of one that is very long only the beginning
	Came   [][]byte // frames, with their lengths
	Closed bool     // the server closed the connection then

	ClosedUnknown bool // it is not recorded whether it did
}

// ParseWire reads wire.jsonl: an exchange a line.
func ParseWire(r io.Reader) ([]Exchange, error) {
	type line struct {
		Name   string
		Server string `json:"server_conf"`
		Conn   int
		Req    string
		Resp   []string
		Closed bool `json:"server_closed"`
	}
	var all []Exchange
	err := eachLine(r, func(l *line) error {
		x := Exchange{Name: l.Name, Server: l.Server, Conn: fmt.Sprint(l.Server, " ", l.Conn), Closed: l.Closed}
		var err error
		if x.Sent, err = hex.DecodeString(l.Req); err != nil {
			return fmt.Errorf("%s: %w", l.Name, err)
		}
		for _, text := range l.Resp {
			b, err := hex.DecodeString(text)
			if err != nil {
				return fmt.Errorf("%s: %w", l.Name, err)
			}
			x.Came = append(x.Came, b)
		}
		all = append(all, x)
		return nil
	})
	return all, err
}

// ParseClients reads wire-clients.jsonl: a frame a line, of published clients.
// What a client sent before it was answered is one exchange. A client whose zxids
// begin anew was recorded with a server of its own.
func ParseClients(r io.Reader) ([]Exchange, error) {
	type line struct {
		Client string
		Conn   int
		Dir    string
		Hex    string
	}
	var all []Exchange
	latest := map[string]int{}
	err := eachLine(r, func(l *line) error {
		b, err := hex.DecodeString(l.Hex)
		if err != nil || len(b) == 0 {
			return err
		}
		conn := fmt.Sprint(l.Client, " ", l.Conn)
		i, known := latest[conn]
		switch {
		case l.Dir == "reply" && known:
			all[i].Came = append(all[i].Came, b)
		case known && len(all[i].Came) == 0:
			all[i].Sent = append(all[i].Sent, b...)
		default:
			latest[conn] = len(all)
			all = append(all, Exchange{Name: fmt.Sprint(conn, " ", len(all)), Server: clientServer(l.Client), Conn: conn, Sent: b, ClosedUnknown: true})
		}
		return nil
	})
	return all, err
}

// clientServer: the first two clients were recorded with one server.
func clientServer(client string) string {
	if bytes.HasPrefix([]byte(client), []byte("go-zookeeper")) {
		return "second"
	}
	return "first"
}

func eachLine[T any](r io.Reader, visit func(*T) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l T
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return err
		}
		if err := visit(&l); err != nil {
			return err
		}
	}
	return lines.Err()
}

// whole gives the bytes that were really sent. A frame of which the recording
// keeps only the beginning is that of a setData: data of one byte repeated, and
// any version behind it.
func (x *Exchange) whole() []byte {
	if len(x.Sent) < 8 {
		return x.Sent
	}
	size := int(int32(binary.BigEndian.Uint32(x.Sent)))
	if size <= len(x.Sent) || size > proto.MaxFrame+1 {
		return x.Sent
	}
	last := x.Sent[len(x.Sent)-1:]
	b := append(bytes.Clone(x.Sent), bytes.Repeat(last, size-len(x.Sent))...)
	return proto.AppendInt(b, -1)
}

// isWord reports whether it is a four-letter word, whose answer is text.
func (x *Exchange) isWord() bool { return len(x.Sent) == 4 && x.Sent[0] >= 'a' && x.Sent[0] <= 'z' }
