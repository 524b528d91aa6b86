package bundle

import (
	"fmt"

	"github.com/zksim/zksim/sim/engine"
)

// parseSkip reads the tasks of clients that are left out.
func parseSkip(texts []string) ([]engine.TaskSpan, error) {
	var spans []engine.TaskSpan
	for _, text := range texts {
		t, err := engine.ParseTaskSpan(text)
		if err != nil {
			return nil, fmt.Errorf("config.skip: %w", err)
		}
		spans = append(spans, t)
	}
	return spans, nil
}
