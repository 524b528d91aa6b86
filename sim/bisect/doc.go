// Package bisect narrows a failure down along three axes: the commit that
// brought it, the event after which it could hardly be avoided, and the fault
// statements that it needs.
//
// The searches decide what is to be tried next and what the outcomes say; who
// carries runs and builds out, and how many at a time, is their caller's
// business and changes no answer. Rates are ratios of integers.
//
// It imports node, node/proto, sim/engine, sim/fault, sim/bundle, sim/report
// and sim/rng.
package bisect
