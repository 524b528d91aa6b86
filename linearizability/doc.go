// Package linearizability judges what clients saw: histories of calls with the
// steps at which they were made and returned, and checks over them. [Judge] runs
// them all. For n calls, by the numbers of the specification:
//
//	[CheckOrder]   G3 G5                  O(n log n)   each session for itself
//	[CheckSync]    G7                     O(n log n)   a read after a sync, across sessions
//	[CheckShape]   G18                    O(n)         each Stat for itself, one time for each zxid
//	[CheckWrites]  G1 G2 G4 G6 G8 G9      O(n log n)   a replay on the model, in the order of zxids;
//	               G13 G15 G16 G17 G18                 a million calls in about three seconds
//	[Judge]        G10 G11 G12            O(n log n)   events, by what the replay says that watches had to send
//	[CheckWatches] G10                    O(n log n)   what replies alone tell, where there is no replay
//	[CheckExpiry]  G14                    O(n)         facts of the leader, no history
//	[Porcupine]    G1 G2 G4 G7 G9         exponential  any search, at most 200 calls at once
//
// Writes are linearizable; a read is not, but is right if it is an evaluation of
// the state at the zxid of its reply. Since every reply names its zxid, the order
// of writes is known, and nothing is searched for but what became of calls with
// unknown outcome. They may be in W or not, once, after whatever had been seen
// when they were called, and in the order of their session. A simulation knows
// which transactions were committed ([Options]), and then hardly anything is
// left open. Without that the zxids that later replies mention settle most of
// them, and a search bounded in steps does the rest: where it runs out of steps
// the verdict is unknown, never violated.
//
// Histories without zxids are for porcupine alone, which tries orders. Short
// histories, and drawn parts of long ones that the replay has explained, it
// judges as well, within a bound of steps: a second opinion.
//
// What cannot be judged is named in the notes of the result: calls of which the
// answer hangs on proofs of identity, which a history does not tell (auth, whoAmI,
// permissions of the schemes auth, digest and ip); whether the servers have deleted
// a container or a node with a time to live, where nobody knows what they
// committed; and the events of sessions with watches that do not fire once.
//
// The package imports node/proto and model of ours, and porcupine in one file.
package linearizability
