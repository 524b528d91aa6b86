package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Each line is told or counted, and no second has more than may be.
func TestQuiet(t *testing.T) {
	counted := 0
	q := quiet{most: 2, tell: func(left int) { counted += left }}
	told := map[int]int{}
	for ms := 0; ms < 5000; ms += 100 {
		if q.may(time.Duration(ms) * time.Millisecond) {
			told[ms/1000]++
		}
	}
	assert.Equal(t, map[int]int{0: 2, 1: 2, 2: 2, 3: 2, 4: 2}, told)
	assert.Equal(t, 4*8, counted, "the last second is not over")
	q.flush(5 * time.Second)
	assert.Equal(t, 5*8, counted)
	q.flush(7 * time.Second)
	q.end()
	assert.Equal(t, 5*8, counted, "nothing twice")
	assert.True(t, q.may(8*time.Second))
}
