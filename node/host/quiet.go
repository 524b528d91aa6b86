package host

import "time"

// quiet lets so many lines of a kind into the log in a second, and counts the
// others: a flood of connections must not fill a disk.
type quiet struct {
	most  int // lines in a second
	tell  func(left int)
	began time.Duration // of the present second
	told  int           // lines in it
	left  int           // lines left out in it
}

// How many lines a second tell of connections of clients that are closed.
const (
	refusedLinesMost = 1  // before they could say anything
	closedLinesMost  = 20 // later
)

// may reports whether there is room for one more line.
func (q *quiet) may(now time.Duration) bool {
	q.flush(now)
	if q.told == q.most {
		q.left++
		return false
	}
	if q.told == 0 {
		q.began = now
	}
	q.told++
	return true
}

// flush ends a second that is over, and tells how many lines it left out.
func (q *quiet) flush(now time.Duration) {
	if q.told > 0 && now-q.began >= time.Second {
		q.end()
	}
}

// end tells what was left out.
func (q *quiet) end() {
	if q.left > 0 {
		q.tell(q.left)
	}
	q.told, q.left = 0, 0
}
