// Package model is the executable specification of the service: what every
// request must answer and what must become of the tree, the sessions and the
// watches. It is the reference against which the servers are judged, and is
// therefore written from the description of the protocol alone, plainly, and
// shares nothing with the server but the vocabulary of node/proto, the only
// package of this module that it may import.
//
// [State] is the replicated part: a value, whose [State.Apply] returns the next
// value and leaves the old one as it was. Copying it is an assignment; a failed
// multi is the old value. [Watches] is what one server keeps for its
// connections. [Server] holds both together, with the identities of the
// connections. It knows every operation of the recorded transcripts; what is the
// business of a connection alone (frames, passwords, timeouts) is left to its user.
package model
