// Package ztree is the znode store: the tree with its sessions and ACL table,
// the watches of one server, the preparation of transactions, and the body of
// fuzzy snapshots.
//
// It is plain data: it does no I/O, knows no clock and starts nothing. The tree
// changes through [Tree.Apply] alone, so two trees that applied the same
// transactions are equal, and their digests with them.
//
// It may import node/proto and the standard library's pure packages.
package ztree
