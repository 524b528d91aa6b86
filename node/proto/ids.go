package proto

import (
	"fmt"
	"strconv"
)

// Zxid names a transaction: epoch in the high 32 bits, counter in the low 32.
// Zxids compare as signed integers. Counter 0 is no transaction.
type Zxid int64

// Epoch is one leader's reign, counted from 1; 0 is "before any leader".
type Epoch int64

// Round is the logical clock of leader election; it is not an epoch.
type Round int64

// ServerID is the number of a server ("sid", the content of its myid file).
type ServerID int64

// SessionID names a client session; 0 is no session.
type SessionID int64

// MakeZxid returns the zxid with the given epoch and counter.
func MakeZxid(e Epoch, counter uint32) Zxid { return Zxid(int64(e)<<32 | int64(counter)) }

// Epoch returns the high 32 bits.
func (z Zxid) Epoch() Epoch { return Epoch(int64(z) >> 32) }

// Counter returns the low 32 bits.
func (z Zxid) Counter() uint32 { return uint32(z) }

// Next returns the zxid that follows z within its epoch. It panics when the
// counter is exhausted: a leader must give up its epoch before that.
func (z Zxid) Next() Zxid {
	if z.Counter() == 0xFFFFFFFF {
		panic("proto: zxid counter exhausted")
	}
	return z + 1
}

// Follows reports whether z may come directly after prev in a history: the next
// counter of the same epoch, or the first transaction of a later epoch.
func (z Zxid) Follows(prev Zxid) bool {
	if z.Epoch() == prev.Epoch() {
		return z == prev+1
	}
	return z.Epoch() > prev.Epoch() && z.Counter() == 1
}

// String gives epoch and counter in decimal, as in "5.12".
func (z Zxid) String() string {
	return strconv.FormatInt(int64(z.Epoch()), 10) + "." + strconv.FormatUint(uint64(z.Counter()), 10)
}

// Hex gives the form of ZooKeeper's logs and file names, "0x50000000c".
func (z Zxid) Hex() string { return "0x" + strconv.FormatUint(uint64(z), 16) }

// String names a server as zksim prints it: "zk3".
func (s ServerID) String() string { return "zk" + strconv.FormatInt(int64(s), 10) }

// String gives the id in hexadecimal, as ZooKeeper's logs do.
func (s SessionID) String() string { return fmt.Sprintf("0x%x", uint64(s)) }
