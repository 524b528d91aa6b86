package ztree

import (
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// Paths of the reserved tree, which exist from the start and cannot be deleted.
const (
	zookeeperPath   = "/zookeeper"
	quotaPath       = "/zookeeper/quota"
	configPath      = "/zookeeper/config"
	zookeeperPrefix = "/zookeeper/"
)

// key is the path under which the tree holds a node: the root is the empty
// string, and "/" is its alias.
func key(path string) string {
	if path == "/" {
		return ""
	}
	return path
}

// shown is the path of a node as clients know it, the inverse of key.
func shown(key string) string {
	if key == "" {
		return "/"
	}
	return key
}

// split cuts a path into its parent's key and its last component. ok is false
// for a path without a slash.
func split(path string) (parent, name string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", "", false
	}
	return key(path[:i]), path[i+1:], true
}

// lastName is the last component of the key of a node that is not the root.
func lastName(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

// parentKey is the key above the one of a node that is not the root.
func parentKey(key string) string { return key[:strings.LastIndexByte(key, '/')] }

// hasNUL reports whether path holds a character that no check lets through.
func hasNUL(path string) bool { return strings.IndexByte(path, 0) >= 0 }

func reserved(path string) bool {
	switch path {
	case "/", zookeeperPath, quotaPath, configPath:
		return true
	}
	return false
}

// checkPath judges the syntax of a full path (protocol.md §1.4).
func checkPath(path string) proto.ErrCode {
	if path == "" || path[0] != '/' {
		return proto.BadArguments
	}
	if path == "/" {
		return proto.OK
	}
	start := 1
	for i := 1; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' {
			continue
		}
		if c := path[start:i]; c == "" || c == "." || c == ".." {
			return proto.BadArguments
		}
		start = i + 1
	}
	return checkRunes(path)
}

func checkRunes(path string) proto.ErrCode {
	for _, r := range path {
		switch {
		case r < 0x20, r >= 0x7F && r <= 0x9F, r >= 0xD800 && r <= 0xF8FF, r >= 0xFFF0:
			return proto.BadArguments
		}
	}
	return proto.OK
}

// sequenced appends the ten digits of n, which is not negative.
func sequenced(path string, n int32) string {
	var digits [10]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = '0' + byte(n%10)
		n /= 10
	}
	return path + string(digits[:])
}
