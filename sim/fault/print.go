package fault

import (
	"strconv"
	"strings"
	"time"
)

// GoString is String in quotes: what rapid prints of a schedule can be pasted.
func (s Statement) GoString() string { return strconv.Quote(s.String()) }

// String gives the canonical form, which Parse reads back to an equal value.
func (s Statement) String() string {
	b := strings.Builder{}
	b.WriteString(s.when())
	say(&b, s.Action.String())
	s.details(&b)
	return b.String()
}

// say appends words, each after a blank, without the empty ones.
func say(b *strings.Builder, words ...string) {
	for _, w := range words {
		if w != "" {
			b.WriteByte(' ')
			b.WriteString(w)
		}
	}
}

func (s Statement) when() string {
	switch s.When {
	case WhenEvery:
		return "every " + duration(s.Every) + option("p", s.P.String())
	case WhenOn:
		if s.On.Before {
			return "on " + s.On.String() + " before"
		}
		return "on " + s.On.String()
	}
	if s.For != 0 {
		return "at " + duration(s.At) + " for " + duration(s.For)
	}
	return "at " + duration(s.At)
}

// details appends what follows the word of the action.
func (s Statement) details(b *strings.Builder) {
	nodes := strings.Join(s.Nodes, ",")
	switch s.Action {
	case ActionCrash:
		say(b, nodes, s.Power.String())
	case ActionPause:
		say(b, with(nodes, s.Stage.String()))
	case ActionNet:
		say(b, nodes, s.Net.arrow(), strings.Join(s.Peers, ","), s.Net.Kind.String(), s.Net.argument())
	case ActionFlap:
		say(b, nodes, duration(s.Down), duration(s.Up))
	case ActionSwizzle:
		say(b, nodes, duration(s.Span))
	case ActionPartition:
		say(b, s.Shape.String(), groups(s.Groups))
	case ActionMaxConn:
		say(b, nodes, strconv.FormatInt(s.Limit, 10))
	case ActionClock:
		say(b, nodes, s.Clock.Kind.String(), s.Clock.argument())
	case ActionDisk:
		say(b, with(nodes, s.Disk.Class.qualifier()), s.Disk.Kind.String(), s.Disk.argument()+s.Disk.tail())
	case ActionClient:
		say(b, nodes, s.Client.String(), strings.Join(s.Peers, ","))
	default:
		say(b, nodes)
	}
}

// with joins nodes and what narrows them: "zk1:txnlog".
func with(nodes, qualifier string) string {
	if qualifier == "" {
		return nodes
	}
	return nodes + ":" + qualifier
}

// option gives " key=value", or nothing for an empty value.
func option(key, value string) string {
	if value == "" {
		return ""
	}
	return " " + key + "=" + value
}

func groups(groups [][]string) string {
	parts := make([]string, len(groups))
	for i, g := range groups {
		parts[i] = "{" + strings.Join(g, " ") + "}"
	}
	return strings.Join(parts, " | ")
}

func (n Net) arrow() string {
	if n.Both {
		return "<->"
	}
	return "->"
}

func (n Net) argument() string {
	switch {
	case n.Kind == NetNetem:
		return n.Netem.String()
	case n.Kind == NetSndBuf:
		return strconv.FormatInt(n.Size, 10)
	case n.Kind != NetChecksum:
		return ""
	case n.On:
		return "on"
	}
	return "off"
}

func (c Clock) argument() string {
	switch c.Kind {
	case ClockOffset, ClockStep:
		if c.By < 0 {
			return duration(c.By)
		}
		return "+" + duration(c.By)
	case ClockDrift:
		if c.PPM < 0 {
			return strconv.FormatInt(c.PPM, 10) + " ppm"
		}
		return "+" + strconv.FormatInt(c.PPM, 10) + " ppm"
	case ClockStrobe:
		return duration(c.By) + " " + duration(c.Period)
	}
	return ""
}

// qualifier is the word after the colon; all files need none.
func (c FileClass) qualifier() string {
	if c == FilesAll {
		return ""
	}
	return c.String()
}

func (d Disk) argument() string {
	switch {
	case d.Kind == DiskError:
		return d.Errno.String()
	case d.Kind != DiskLatency:
		return ""
	case d.Jitter == 0:
		return duration(d.Delay)
	}
	return duration(d.Delay) + " " + duration(d.Jitter)
}

// tail gives the filters, each after a blank.
func (d Disk) tail() string {
	n := ""
	if d.N != 0 {
		n = strconv.FormatInt(d.N, 10)
	}
	return option("ops", d.Ops.String()) + option("p", d.P.String()) + option("n", n) + option("path", d.Path)
}

// duration prints like Go, without zero minutes and seconds at the end: "1m".
func duration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
