package ensemble

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of processor times in /proc: 1/100 s on every Linux.
const clockTick = 10 * time.Millisecond

// ProcessorTime is what processes have used so far, user and system. It needs /proc.
func ProcessorTime(pids []int) (time.Duration, error) {
	var sum time.Duration
	var all error
	for _, pid := range pids {
		t, err := processorTime(pid)
		sum, all = sum+t, errors.Join(all, err)
	}
	return sum, all
}

// processorTime adds the fields utime and stime, 14 and 15, of /proc/PID/stat; the
// second, the name, may hold blanks.
func processorTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, b)
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * clockTick, errors.Join(err1, err2)
}

// Memory is the resident memory of server i in KiB, and the most it has been. It
// needs /proc.
func (e *Ensemble) Memory(i int) (now, most int64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.PID(i)))
	if err != nil {
		return 0, 0, err
	}
	now, err1 := statusLine(b, "VmRSS:")
	most, err2 := statusLine(b, "VmHWM:")
	return now, most, errors.Join(err1, err2)
}

func statusLine(status []byte, name string) (int64, error) {
	for line := range bytes.Lines(status) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == name {
			return strconv.ParseInt(string(fields[1]), 10, 64)
		}
	}
	return 0, fmt.Errorf("no line %s in the status of a process", name)
}
