// Package golden reads transcripts of operations and of what Apache ZooKeeper
// 3.8.0 answered to them, and compares an implementation's answers with the
// recorded ones, field by field.
//
// The znode store, the independent model and a simulated ensemble are all held
// against the same transcripts by the same comparer: see [Parse], [Step] and
// [Want.Compare]. In a transcript zxids are offsets from the zxid before its
// first step and sessions are numbered in the order of their creation; [Scale]
// brings an implementation's own numbers to that form.
//
// The package belongs to tests. It imports node/proto and the standard library.
package golden
