package client

import (
	"bytes"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/zksim/zksim/node/proto"
)

// GetACL is part of API.
func (s *Simulated) GetACL(path string) ([]zk.ACL, *zk.Stat, error) {
	if err := checkPath(path, false); err != nil {
		return nil, nil, err
	}
	r, err := s.request(&proto.Op{Type: proto.OpGetACL, Path: path}, nil)
	var acl []zk.ACL
	for _, a := range r.ACL {
		acl = append(acl, zk.ACL{Perms: a.Perms, Scheme: a.Scheme, ID: a.ID})
	}
	return acl, statOf(&r.Stat), err
}

// SetACL is part of API.
func (s *Simulated) SetACL(path string, acl []zk.ACL, version int32) (*zk.Stat, error) {
	if err := checkPath(path, false); err != nil {
		return nil, err
	}
	r, err := s.request(&proto.Op{Type: proto.OpSetACL, Path: path, ACL: aclsFrom(acl), Version: version}, nil)
	return statOf(&r.Stat), err
}

// AddAuth is part of API.
func (s *Simulated) AddAuth(scheme string, auth []byte) error {
	identity := proto.Auth{Scheme: scheme, Data: bytes.Clone(auth)}
	_, err := s.request(&proto.Op{Type: proto.OpAuth, Auth: &identity}, nil)
	if err == nil {
		s.core.Remember(identity)
	}
	return err
}

// Reconfig is part of API.
func (s *Simulated) Reconfig(members []string, version int64) (*zk.Stat, error) {
	return s.reconfig(&proto.Reconfig{Members: joined(members), Config: version})
}

// IncrementalReconfig is part of API.
func (s *Simulated) IncrementalReconfig(joining, leaving []string, version int64) (*zk.Stat, error) {
	return s.reconfig(&proto.Reconfig{Joining: joined(joining), Leaving: joined(leaving), Config: version})
}

func (s *Simulated) reconfig(what *proto.Reconfig) (*zk.Stat, error) {
	r, err := s.request(&proto.Op{Type: proto.OpReconfig, Reconfig: what}, nil)
	return statOf(&r.Stat), err
}

func joined(names []string) []byte { return []byte(strings.Join(names, ",")) }
