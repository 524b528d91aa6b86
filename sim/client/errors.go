package client

import (
	"fmt"
	"unicode/utf8"

	"github.com/go-zookeeper/zk"

	"github.com/zksim/zksim/node/proto"
)

// errorOf is the error that go-zookeeper gives for an outcome. A request that
// was made without a connection, and for which none could be made, had no server.
func errorOf(o *Outcome, connected bool) error {
	if o.Kind == Failed && o.Err == proto.ConnectionLoss && !connected {
		return zk.ErrNoServer
	}
	return errorOfCode(o.Err)
}

// errorOfCode is the error that go-zookeeper gives for a code.
func errorOfCode(code proto.ErrCode) error {
	switch code {
	case proto.OK:
		return nil
	case proto.ConnectionLoss, proto.RequestTimeout:
		return zk.ErrConnectionClosed
	case proto.NoNode:
		return zk.ErrNoNode
	case proto.NoAuth:
		return zk.ErrNoAuth
	case proto.BadVersion:
		return zk.ErrBadVersion
	case proto.NoChildrenForEphemerals:
		return zk.ErrNoChildrenForEphemerals
	case proto.NodeExists:
		return zk.ErrNodeExists
	case proto.NotEmpty:
		return zk.ErrNotEmpty
	case proto.SessionExpired:
		return zk.ErrSessionExpired
	case proto.InvalidACL:
		return zk.ErrInvalidACL
	case proto.AuthFailed:
		return zk.ErrAuthFailed
	case proto.SessionMoved:
		return zk.ErrSessionMoved
	case proto.ReconfigDisabled:
		return zk.ErrReconfigDisabled
	case proto.BadArguments:
		return zk.ErrBadArguments
	}
	return fmt.Errorf("unknown error: %w", code)
}

// checkPath refuses the paths that go-zookeeper refuses before it asks a server.
func checkPath(path string, sequential bool) error {
	n := len(path)
	switch {
	case n == 0 || path[0] != '/':
		return zk.ErrInvalidPath
	case n == 1:
		return nil
	case !sequential && path[n-1] == '/':
		return zk.ErrInvalidPath
	}
	for begin, i := 1, 1; i <= n; i++ {
		if i < n && path[i] != '/' {
			continue
		}
		if name := path[begin:i]; name == "." || name == ".." || name == "" && i < n || !printable(name) {
			return zk.ErrInvalidPath
		}
		begin = i + 1
	}
	return nil
}

// printable reports whether a name has no character that a path must not have.
func printable(name string) bool {
	for _, r := range name {
		switch {
		case r <= 0x1f, r >= 0x7f && r <= 0x9f, r >= 0xf000 && r <= 0xf8ff, r >= 0xfff0 && r < 0xffff && r != utf8.RuneError:
			return false
		}
	}
	return utf8.ValidString(name)
}

// statOf copies a Stat into go-zookeeper's.
func statOf(s *proto.Stat) *zk.Stat {
	return &zk.Stat{Czxid: int64(s.Czxid), Mzxid: int64(s.Mzxid), Ctime: s.Ctime, Mtime: s.Mtime, Version: s.Version,
		Cversion: s.Cversion, Aversion: s.Aversion, EphemeralOwner: int64(s.EphemeralOwner), DataLength: s.DataLength,
		NumChildren: s.NumChildren, Pzxid: int64(s.Pzxid)}
}

func aclsFrom(list []zk.ACL) []proto.ACL {
	var out []proto.ACL
	for _, a := range list {
		out = append(out, proto.ACL{Perms: a.Perms, Scheme: a.Scheme, ID: a.ID})
	}
	return out
}
