package model

import "strings"

// validPath tells whether a path keeps every rule of the protocol (§1.4).
func validPath(path string) bool {
	if path == "/" {
		return true
	}
	if !strings.HasPrefix(path, "/") {
		return false
	}
	for component := range strings.SplitSeq(path[1:], "/") {
		if component == "" || component == "." || component == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(path, forbidden)
}

// forbidden tells whether no path may hold the character. The reference counts in
// UTF-16, where a character beyond U+FFFF is two surrogates, hence forbidden.
// Bytes that are no UTF-8 decode to U+FFFD, which is in the last range.
func forbidden(r rune) bool {
	return r <= 0x1f || r >= 0x7f && r <= 0x9f || r >= 0xd800 && r <= 0xf8ff || r >= 0xfff0
}

// splittable is what create and delete ask of a path before they look for its
// parent: a slash somewhere, and no NUL.
func splittable(path string) bool {
	return strings.Contains(path, "/") && !strings.Contains(path, "\x00")
}

// parentOf returns the path before the last slash, of which there is one. The
// parent of "/a" is the empty path, another name of the root.
func parentOf(path string) string { return path[:strings.LastIndexByte(path, '/')] }

func nameOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// canonical gives the root its proper name.
func canonical(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

// reserved tells which nodes are there from the start and stay for ever.
func reserved(path string) bool {
	switch path {
	case "/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota":
		return true
	}
	return false
}
