package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// An alarm rings when the last request says so, and at no other time, however
// often it is set, and has few events on the queue.
func TestAlarmRingsAsAskedForLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type event struct {
			at  time.Duration
			gen uint32
		}
		var a alarm
		var queue []event
		var want time.Duration // 0: not at all
		for now := time.Duration(1); now < 200; now++ {
			rang := 0
			for i := 0; i < len(queue); i++ {
				if queue[i].at != now {
					continue
				}
				rings, again := a.woken(queue[i].gen, now)
				if again {
					queue = append(queue, event{a.wake, a.gen})
				}
				if rings {
					rang++
				}
			}
			if want == now {
				require.Equal(t, 1, rang, "at %d", now)
				want = 0
			} else {
				require.Zero(t, rang, "at %d, due %d", now, want)
			}
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0, 1, 2:
				want = now + time.Duration(rapid.IntRange(1, 30).Draw(t, "span"))
				if a.set(want) {
					queue = append(queue, event{a.wake, a.gen})
				}
			case 3:
				want = 0
				a.cancel()
			}
		}
	})
}
