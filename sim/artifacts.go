package sim

import (
	"flag"
	"strconv"
)

// artifacts reports whether go test was asked to keep what tests leave. Without
// that, the directory for it is gone when the test is over.
func artifacts() bool {
	f := flag.Lookup("test.artifacts")
	if f == nil {
		return false
	}
	on, err := strconv.ParseBool(f.Value.String())
	return err == nil && on
}
