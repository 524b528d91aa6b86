// Package heap sets how the commands use memory. It imports the standard
// library only.
package heap

import (
	"os"
	"runtime/debug"
)

// percent is how much may be allocated before a collection, in hundredths of
// what lives. A run allocates some 50 MB in all, of which little lives at any
// time: collecting half as often costs a few megabytes and saves time.
const percent = 200

// Tune sets it, unless the environment says what is wanted.
func Tune() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}
