package report

import (
	"strings"

	"github.com/zksim/zksim/sim/engine"
)

// Narrate says in one sentence what happened in a step: the event, what came of
// it, and what the story makes of that.
func Narrate(n *engine.Narrated) string {
	parts := []string{n.String()}
	for _, s := range scenes(n.Facts) {
		parts = append(parts, s.sentence())
	}
	return strings.Join(parts, "; ")
}
