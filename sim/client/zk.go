package client

import (
	"time"

	"github.com/go-zookeeper/zk"
)

// API is a connection to the service in the method shapes of go-zookeeper
// v1.0.4: code that is written against it runs on a simulated connection and on
// a real one, a *zk.Conn, alike. What the methods do and which errors they give
// is that library's; the simulated connection gives the same.
//
// Every method may block. Blocking code must not receive from a channel of watch
// events itself when it is simulated, because a simulation has one thread:
// [Await] and [AwaitAny] do that on either kind of connection, as [Sleep],
// [Now], [Events] and [OnSession] do for the rest of what such code needs.
type API interface {
	// Close ends the session; every later call fails.
	Close()
	// State is what is known of the session; zk.StateHasSession while requests flow.
	State() zk.State
	// SessionID is that of the present session, 0 before the first.
	SessionID() int64
	// Server names the server that the connection goes to, or went to last.
	Server() string
	// SetLogger has the connection tell when it is made, lost and authenticated.
	SetLogger(l zk.Logger)
	// AddAuth adds an identity to the connection, and to those that follow it.
	AddAuth(scheme string, auth []byte) error

	Get(path string) ([]byte, *zk.Stat, error)
	GetW(path string) ([]byte, *zk.Stat, <-chan zk.Event, error)
	Exists(path string) (bool, *zk.Stat, error)
	ExistsW(path string) (bool, *zk.Stat, <-chan zk.Event, error)
	Children(path string) ([]string, *zk.Stat, error)
	ChildrenW(path string) ([]string, *zk.Stat, <-chan zk.Event, error)
	GetACL(path string) ([]zk.ACL, *zk.Stat, error)
	Sync(path string) (string, error)

	Create(path string, data []byte, flags int32, acl []zk.ACL) (string, error)
	CreateContainer(path string, data []byte, flag int32, acl []zk.ACL) (string, error)
	CreateTTL(path string, data []byte, flag int32, acl []zk.ACL, ttl time.Duration) (string, error)
	CreateProtectedEphemeralSequential(path string, data []byte, acl []zk.ACL) (string, error)
	Set(path string, data []byte, version int32) (*zk.Stat, error)
	SetACL(path string, acl []zk.ACL, version int32) (*zk.Stat, error)
	Delete(path string, version int32) error
	Multi(ops ...interface{}) ([]zk.MultiResponse, error)
	Reconfig(members []string, version int64) (*zk.Stat, error)
	IncrementalReconfig(joining, leaving []string, version int64) (*zk.Stat, error)
}

// The real connection has these shapes, and so has the simulated one.
var (
	_ API = (*zk.Conn)(nil)
	_ API = (*Simulated)(nil)
)
