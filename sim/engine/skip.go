package engine

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zksim/zksim/sim/fault"
)

// TaskSpan is a row of tasks of one client's workload, by their numbers.
type TaskSpan struct {
	Client int    // from 1
	From   uint64 // the first, from 1
	To     uint64 // the last; 0: there is no end
}

// All reports whether the client is left with nothing to do: it has not even a
// session then.
func (t TaskSpan) All() bool { return t.From == 1 && t.To == 0 }

// String gives "c3" for all tasks of a client, else "c3 5-87" or "c3 5-".
func (t TaskSpan) String() string {
	text := "c" + strconv.Itoa(t.Client)
	if t.All() {
		return text
	}
	text += " " + strconv.FormatUint(t.From, 10) + "-"
	if t.To > 0 {
		text += strconv.FormatUint(t.To, 10)
	}
	return text
}

// ParseTaskSpan reads what String writes. The error says what it should be.
func ParseTaskSpan(text string) (TaskSpan, error) {
	name, numbers, narrowed := strings.Cut(text, " ")
	t := TaskSpan{Client: fault.ClientNumber(name), From: 1}
	if t.Client == 0 {
		return t, badSpan(text)
	}
	if !narrowed {
		return t, nil
	}
	from, to, _ := strings.Cut(numbers, "-")
	var err error
	if t.From, err = strconv.ParseUint(from, 10, 64); err != nil {
		return t, badSpan(text)
	}
	if to != "" {
		t.To, err = strconv.ParseUint(to, 10, 64)
	}
	if err != nil || t.String() != text {
		return t, badSpan(text)
	}
	return t, nil
}

func badSpan(text string) error {
	return fmt.Errorf("%.40q is no row of tasks: write a client and the numbers of its first and last task, as in c3 5-87, or c3 for all", text)
}

// check says why the tasks of a run with so many clients cannot be left out.
func (t TaskSpan) check(clients int) error {
	switch {
	case clients < 1:
		return fmt.Errorf("tasks of c%d cannot be left out, the run has no clients", t.Client)
	case t.Client < 1 || t.Client > clients:
		return fmt.Errorf("tasks of c%d cannot be left out, the clients are c1 to c%d", t.Client, clients)
	case t.From < 1 || t.To != 0 && t.To < t.From:
		return fmt.Errorf("the tasks %q cannot be left out: the first is 1 or later, and the last does not come before it", t)
	}
	return nil
}
