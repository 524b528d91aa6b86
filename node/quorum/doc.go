// Package quorum is the arithmetic of votes: which sets of servers are large
// enough to decide. Every question whether a quorum has spoken is asked here.
//
// The one fact that Zab rests on is that any two quorums share a server. The
// package imports node/proto only.
package quorum
