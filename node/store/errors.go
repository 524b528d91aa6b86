package store

import "errors"

// The refusals of recovery. Each is wrapped with the file, and the offset where
// there is one. Nothing has been written when one is returned.
var (
	// ErrDamagedLog: a log cannot be read although valid records follow, or its
	// zxids do not form one history.
	ErrDamagedLog = errors.New("store: damaged transaction log")
	// ErrDamagedSnapshot: a snapshot cannot be read. Recovery returns it only
	// when no older snapshot and log make up for it.
	ErrDamagedSnapshot = errors.New("store: damaged snapshot")
	// ErrNoSnapshot: there are files of a history, but no snapshot that can be
	// loaded; an empty tree must not take its place (ZOOKEEPER-2325).
	ErrNoSnapshot = errors.New("store: no snapshot to start from")
	// ErrNoSuchRecord: CutLog was asked to keep a transaction that is not there.
	ErrNoSuchRecord = errors.New("store: no such record")
	// ErrEpochFile: an epoch file does not hold a decimal epoch.
	ErrEpochFile = errors.New("store: malformed epoch file")
	// ErrEpochBehind: the last logged transaction is of a later epoch than
	// currentEpoch, and no write of currentEpoch was under way.
	ErrEpochBehind = errors.New("store: current epoch is behind the last transaction")
	// ErrEpochOrder: acceptedEpoch is less than currentEpoch.
	ErrEpochOrder = errors.New("store: accepted epoch is less than current epoch")
)
