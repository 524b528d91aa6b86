package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
)

// Text writes the state for a person.
func (s *State) Text() string {
	lines := []string{fmt.Sprintf("state at %s  step %d  seed %s", exact(s.AtNS), s.Step, s.Seed)}
	for i := range s.Servers {
		lines = append(append(lines, ""), s.Servers[i].text()...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// exact prints an instant with all its digits down to the microsecond.
func exact(ns int64) string {
	us := time.Duration(ns).Microseconds()
	return fmt.Sprintf("%s%03d", Clock(time.Duration(ns)), us%1000)
}

func (s *ServerInside) text() []string {
	if s.Process != "up" {
		lines := []string{fmt.Sprintf("%s  %s since %s", s.Server, s.Process, exact(s.SinceNS)),
			fmt.Sprintf("epochs      accepted %d  current %d", s.AcceptedEpoch, s.CurrentEpoch), "log         fsynced " + s.Fsynced}
		return append(lines, section("faults", s.Faults)...)
	}
	lines := []string{s.headline(),
		fmt.Sprintf("epochs      accepted %d  current %d  round %d", s.AcceptedEpoch, s.CurrentEpoch, s.Round)}
	if s.Vote != "" {
		lines = append(lines, "vote        "+s.Vote)
	}
	lines = append(lines, "log         logged "+s.Logged+"  fsynced "+s.Fsynced, "            applied "+s.Applied)
	if s.Committed != "" {
		lines[len(lines)-1] += "  committed " + s.Committed
	}
	for _, part := range []struct {
		title string
		items []string
	}{
		{"faults", s.Faults}, {"last transactions", s.logLines()}, {"stages", s.stageLines()}, {"sessions", s.sessionLines()},
		{"streams", s.streamLines()}, {"timers", s.timerLines()}, {"disk", s.diskLines()}, {"waits", s.waitLines()},
	} {
		lines = append(lines, section(part.title, part.items)...)
	}
	return lines
}

// section is a title with items below it; nothing without items. An item that
// is too long goes on in the next line, further to the right.
func section(title string, items []string) []string {
	if len(items) == 0 {
		return nil
	}
	lines := []string{title}
	for _, item := range items {
		lines = append(lines, hang(item)...)
	}
	return lines
}

// hang indents an item, and breaks it at blanks.
func hang(item string) []string {
	if size(item)+2 <= Columns {
		return []string{"  " + item}
	}
	cut := strings.LastIndexByte(item[:min(len(item), Columns-2)], ' ')
	if cut <= 0 {
		return []string{"  " + clip(item, Columns-2)}
	}
	lines := []string{"  " + item[:cut]}
	for _, line := range wrap(item[cut+1:], Columns-4) {
		lines = append(lines, "    "+line)
	}
	return lines
}

func (s *ServerInside) headline() string {
	role := s.Role
	if s.Role == node.RoleFollowing.String() {
		role += " " + s.Leader
	}
	serving := "not serving"
	if s.Serving {
		serving = "serving"
	}
	if s.Stopping {
		serving = "giving up its role"
	}
	return fmt.Sprintf("%s  %s  %s  %s  up since %s", s.Server, role, s.Phase, serving, exact(s.SinceNS))
}

func (s *ServerInside) logLines() []string {
	var lines []string
	for _, e := range s.Log {
		disk := "on disk"
		if !e.Disk {
			disk = "NOT on disk"
		}
		line := fmt.Sprintf("%-22s %-9s  %-11s  %s", e.Zxid, e.State, disk, e.Txn)
		if len(e.Acks) > 0 {
			line += "  acks " + strings.Join(e.Acks, " ")
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *ServerInside) stageLines() []string {
	var lines []string
	for _, q := range s.Stages {
		if q.Queue > 0 {
			lines = append(lines, fmt.Sprintf("%-9s %d: %s", q.Stage, q.Queue, strings.Join(q.First, "; ")))
		}
	}
	for _, t := range s.Turns {
		held := ""
		if t.Held {
			held = ", paused by a fault"
		}
		lines = append(lines, fmt.Sprintf("%-9s has asked for its turn at %s%s", t.Stage, exact(t.SinceNS), held))
	}
	if len(lines) == 0 {
		return []string{"all queues are empty"}
	}
	return lines
}

func (s *ServerInside) sessionLines() []string {
	var lines []string
	for _, x := range s.Sessions {
		line := fmt.Sprintf("%s  timeout %s", x.Session, Span(time.Duration(x.TimeoutNS)))
		if x.Owner != "" {
			line += "  by " + x.Owner
		}
		if x.HeardNS != 0 {
			line += "  heard " + exact(x.HeardNS)
		}
		if x.DueNS != 0 {
			line += "  due " + Clock(time.Duration(x.DueNS))
		}
		if x.Closing {
			line += "  closing"
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *ServerInside) streamLines() []string {
	var lines []string
	for _, x := range s.Streams {
		way := "from"
		if x.Dialled {
			way = "to"
		}
		line := fmt.Sprintf("%-4s %-8s %-8s %s", way, x.Peer, x.Port, x.State)
		for _, note := range []struct {
			is   bool
			text string
		}{
			{x.HalfOpen, "HALF-OPEN"}, {x.Blocked, "BLOCKED"}, {x.Shut, "not read"},
			{x.Unsent > 0, fmt.Sprintf("unsent %d", x.Unsent)}, {x.Used > 0, fmt.Sprintf("in the stream %d of %d", x.Used, x.Room)},
			{x.Unread > 0, fmt.Sprintf("unread %d", x.Unread)}, {x.Undecoded > 0, fmt.Sprintf("undecoded %d", x.Undecoded)},
		} {
			if note.is {
				line += ", " + note.text
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *ServerInside) timerLines() []string {
	var lines []string
	for _, t := range s.Timers {
		line := fmt.Sprintf("%s  %s", exact(t.AtNS), t.Timer)
		if t.Overdue {
			line += ", overdue"
		}
		lines = append(lines, line)
	}
	return lines
}

func (s *ServerInside) diskLines() []string {
	var lines []string
	for _, d := range s.Disk {
		line := fmt.Sprintf("%-9s %s %s since %s", d.Lane, d.Op, d.File, exact(d.SinceNS))
		if d.Bytes > 0 {
			line += fmt.Sprintf(", %d bytes", d.Bytes)
		}
		if d.Hangs {
			line += ", HANGS"
		}
		if d.Behind > 0 {
			line += fmt.Sprintf(", %d behind it", d.Behind)
		}
		lines = append(lines, line)
	}
	return lines
}

// waitLines are the end of the picture: who waits for what.
func (s *ServerInside) waitLines() []string {
	var lines []string
	for _, w := range s.Waits {
		line := fmt.Sprintf("%s waits for %s", w.Who, w.For)
		if w.SinceNS >= 0 {
			line += ", since " + exact(w.SinceNS)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return []string{"nobody waits"}
	}
	return lines
}
