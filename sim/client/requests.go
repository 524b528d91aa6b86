package client

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/zksim/zksim/node/proto"
)

// Get is part of API.
func (s *Simulated) Get(path string) ([]byte, *zk.Stat, error) {
	data, stat, _, err := s.get(path, false)
	return data, stat, err
}

// GetW is part of API.
func (s *Simulated) GetW(path string) ([]byte, *zk.Stat, <-chan zk.Event, error) {
	return s.get(path, true)
}

func (s *Simulated) get(path string, watch bool) ([]byte, *zk.Stat, <-chan zk.Event, error) {
	if err := checkPath(path, false); err != nil {
		return nil, nil, nil, err
	}
	r, ch, err := s.read(&proto.Op{Type: proto.OpGetData, Path: path, Watch: watch}, watchData)
	if err != nil {
		return nil, nil, nil, err
	}
	return r.Data, statOf(&r.Stat), ch, nil
}

// read makes a request that may leave a watch, which is there before anything
// that follows the answer.
func (s *Simulated) read(op *proto.Op, kind watchKind) (proto.Result, <-chan zk.Event, error) {
	var ch <-chan zk.Event
	r, err := s.request(op, func(o *Outcome) {
		switch {
		case !op.Watch:
		case o.Kind == OK && o.Err == proto.OK:
			ch = s.watches.add(op.Path, kind)
		case o.Kind == OK && o.Err == proto.NoNode && op.Type == proto.OpExists:
			ch = s.watches.add(op.Path, watchExist)
		}
	})
	return r, ch, err
}

// Exists is part of API.
func (s *Simulated) Exists(path string) (bool, *zk.Stat, error) {
	there, stat, _, err := s.exists(path, false)
	return there, stat, err
}

// ExistsW is part of API.
func (s *Simulated) ExistsW(path string) (bool, *zk.Stat, <-chan zk.Event, error) {
	return s.exists(path, true)
}

func (s *Simulated) exists(path string, watch bool) (bool, *zk.Stat, <-chan zk.Event, error) {
	if err := checkPath(path, false); err != nil {
		return false, nil, nil, err
	}
	r, ch, err := s.read(&proto.Op{Type: proto.OpExists, Path: path, Watch: watch}, watchData)
	if err == zk.ErrNoNode {
		return false, &zk.Stat{}, ch, nil
	}
	if err != nil {
		return false, nil, nil, err
	}
	return true, statOf(&r.Stat), ch, nil
}

// Children is part of API.
func (s *Simulated) Children(path string) ([]string, *zk.Stat, error) {
	names, stat, _, err := s.children(path, false)
	return names, stat, err
}

// ChildrenW is part of API.
func (s *Simulated) ChildrenW(path string) ([]string, *zk.Stat, <-chan zk.Event, error) {
	return s.children(path, true)
}

func (s *Simulated) children(path string, watch bool) ([]string, *zk.Stat, <-chan zk.Event, error) {
	if err := checkPath(path, false); err != nil {
		return nil, nil, nil, err
	}
	r, ch, err := s.read(&proto.Op{Type: proto.OpGetChildren2, Path: path, Watch: watch}, watchChild)
	if err != nil {
		return nil, nil, nil, err
	}
	return slices.Clone(r.Children), statOf(&r.Stat), ch, nil
}

// Sync is part of API.
func (s *Simulated) Sync(path string) (string, error) {
	if err := checkPath(path, false); err != nil {
		return "", err
	}
	r, err := s.request(&proto.Op{Type: proto.OpSync, Path: path}, nil)
	return r.Path, err
}

// Create is part of API.
func (s *Simulated) Create(path string, data []byte, flags int32, acl []zk.ACL) (string, error) {
	switch {
	case flags < zk.FlagPersistent || flags > zk.FlagPersistentSequentialWithTTL:
		return "", fmt.Errorf("invalid flag value: [%v]", flags)
	case flags == zk.FlagTTL || flags == zk.FlagPersistentSequentialWithTTL:
		return "", fmt.Errorf("a node with a time to live is made by CreateTTL: %w", zk.ErrInvalidFlags)
	}
	return s.create(proto.OpCreate, path, data, flags, acl, 0)
}

// CreateContainer is part of API.
func (s *Simulated) CreateContainer(path string, data []byte, flag int32, acl []zk.ACL) (string, error) {
	if flag != zk.FlagContainer {
		return "", fmt.Errorf("CreateContainer takes the flag of containers only: %w", zk.ErrInvalidFlags)
	}
	return s.create(proto.OpCreateContainer, path, data, flag, acl, 0)
}

// CreateTTL is part of API.
func (s *Simulated) CreateTTL(path string, data []byte, flag int32, acl []zk.ACL, ttl time.Duration) (string, error) {
	if flag != zk.FlagTTL && flag != zk.FlagPersistentSequentialWithTTL {
		return "", fmt.Errorf("CreateTTL takes a flag with a time to live only: %w", zk.ErrInvalidFlags)
	}
	return s.create(proto.OpCreateTTL, path, data, flag, acl, ttl)
}

func (s *Simulated) create(t proto.OpCode, path string, data []byte, flags int32, acl []zk.ACL, ttl time.Duration) (string, error) {
	sequential := flags&zk.FlagSequence != 0 && flags != zk.FlagContainer
	if err := checkPath(path, sequential); err != nil {
		return "", err
	}
	op := proto.Op{Type: t, Path: path, Data: bytes.Clone(data), Flags: proto.CreateFlags(flags), ACL: aclsFrom(acl), TTL: ttl.Milliseconds()}
	r, err := s.request(&op, nil)
	return r.Path, err
}

// protectedPrefix begins the names of nodes that are found again by a GUID.
const protectedPrefix = "_c_"

// CreateProtectedEphemeralSequential is part of API. It does what the real one
// does, its weakness included: it looks once for a node whose creation was
// unknown, and gives up when that fails.
func (s *Simulated) CreateProtectedEphemeralSequential(path string, data []byte, acl []zk.ACL) (string, error) {
	if err := checkPath(path, true); err != nil {
		return "", err
	}
	guid := fmt.Sprintf("%016x%016x", s.driver.Bits(), s.driver.Bits())
	at := strings.LastIndexByte(path, '/')
	root, name := path[:at], protectedPrefix+guid+"-"
	var made string
	var err error
	for range 3 {
		made, err = s.Create(root+"/"+name+path[at+1:], data, zk.FlagEphemeral|zk.FlagSequence, acl)
		if err == zk.ErrSessionExpired {
			continue // what an expired session made is gone
		}
		if err != zk.ErrConnectionClosed {
			return made, err
		}
		names, _, lost := s.Children(max(root, "/"))
		if lost != nil {
			return "", lost
		}
		if i := slices.IndexFunc(names, func(n string) bool { return strings.HasPrefix(n, name) }); i >= 0 {
			return root + "/" + names[i], nil
		}
	}
	return "", err
}

// Set is part of API.
func (s *Simulated) Set(path string, data []byte, version int32) (*zk.Stat, error) {
	if err := checkPath(path, false); err != nil {
		return nil, err
	}
	r, err := s.request(&proto.Op{Type: proto.OpSetData, Path: path, Data: bytes.Clone(data), Version: version}, nil)
	return statOf(&r.Stat), err
}

// Delete is part of API.
func (s *Simulated) Delete(path string, version int32) error {
	if err := checkPath(path, false); err != nil {
		return err
	}
	_, err := s.request(&proto.Op{Type: proto.OpDelete, Path: path, Version: version}, nil)
	return err
}

// Multi is part of API.
func (s *Simulated) Multi(ops ...interface{}) ([]zk.MultiResponse, error) {
	multi := proto.Op{Type: proto.OpMulti}
	for _, op := range ops {
		switch op := op.(type) {
		case *zk.CreateRequest:
			multi.Ops = append(multi.Ops, proto.Op{Type: proto.OpCreate, Path: op.Path, Data: bytes.Clone(op.Data),
				ACL: aclsFrom(op.Acl), Flags: proto.CreateFlags(op.Flags)})
		case *zk.SetDataRequest:
			multi.Ops = append(multi.Ops, proto.Op{Type: proto.OpSetData, Path: op.Path, Data: bytes.Clone(op.Data), Version: op.Version})
		case *zk.DeleteRequest:
			multi.Ops = append(multi.Ops, proto.Op{Type: proto.OpDelete, Path: op.Path, Version: op.Version})
		case *zk.CheckVersionRequest:
			multi.Ops = append(multi.Ops, proto.Op{Type: proto.OpCheck, Path: op.Path, Version: op.Version})
		default:
			return nil, fmt.Errorf("unknown operation type %T", op)
		}
	}
	r, err := s.request(&multi, nil)
	if err == zk.ErrConnectionClosed {
		return nil, err
	}
	out := make([]zk.MultiResponse, 0, len(r.Multi))
	for i := range r.Multi {
		out = append(out, partOf(&r.Multi[i]))
	}
	return out, err
}

// partOf is the answer to one operation of a multi.
func partOf(r *proto.Result) zk.MultiResponse {
	m := zk.MultiResponse{String: r.Path, Error: errorOfCode(r.Err)}
	if r.Type == proto.OpSetData {
		m.Stat = statOf(&r.Stat)
	}
	return m
}
