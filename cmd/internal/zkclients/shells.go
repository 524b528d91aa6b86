package main

import "regexp"

// The shells as Debian installs them.
const (
	cliMT = "/usr/lib/zookeeper/bin/cli_mt"
	zkCli = "/usr/share/zookeeper/bin/zkCli.sh"
)

// cliSteps are what cli_mt offers: create writes "new", get leaves a watch, and
// there is no command for ACLs and none for multi.
func cliSteps(below string) []step {
	p := below + "/"
	q := regexp.QuoteMeta(p)
	return []step{
		{"", "", `SESSION_EVENT state = CONNECTED_STATE`},
		{"create", "create " + p + "a", `\[` + q + `a\]: rc = 0`},
		{"read", "get " + p + "a", q + `a: rc = 0\s+value_len = 3\s+new.*version=0`},
		{"watch", "set " + p + "a first", `CHANGED_EVENT state = CONNECTED_STATE for path ` + q + `a`},
		{"watch", "wexists " + p + "w", `Error -101 for ` + q + `w`},
		{"watch", "create " + p + "w", `CREATED_EVENT state = CONNECTED_STATE for path ` + q + `w`},
		{"update", "set " + p + "a hello", q + `a: rc = 0 Stat:.*version=2`},
		{"update", "get " + p + "a", q + `a: rc = 0\s+value_len = 5\s+hello`},
		{"ephemeral", "create +e " + p + "e", `\[` + q + `e\]: rc = 0`},
		{"ephemeral", "get " + p + "e", `ephemeralOwner = [1-9a-f]`},
		{"sequence", "create +s " + p + "s-", `name = ` + q + `s-\d{10}`},
		{"sequence", "create +es " + p + "es-", `name = ` + q + `es-\d{10}`},
		{"read", "ls " + below, regexp.QuoteMeta(below) + `: rc = 0.*\te\n`},
		{"read", "sync " + below, `\[` + regexp.QuoteMeta(below) + `\]: rc = 0`},
		{"delete", "delete " + p + "a", q + `a: rc = 0`},
		{"delete", "get " + p + "a", q + `a: rc = -101`},
	}
}

// zkCliSteps are what zkCli.sh offers; it has no command for multi.
func zkCliSteps(below string) []step {
	p := below + "/"
	q := regexp.QuoteMeta(p)
	return []step{
		{"", "", `state:SyncConnected type:None`},
		{"create", "create " + p + "a hello", `Created ` + q + `a\n`},
		{"read", "get " + p + "a", `hello\n`},
		{"read", "get -s -w " + p + "a", `hello\n.*dataVersion = 0\n.*numChildren = 0`},
		{"watch", "set " + p + "a first", `state:SyncConnected type:NodeDataChanged path:` + q + `a`},
		{"watch", "ls -w " + below, `\[a\]`},
		{"watch", "create " + p + "b x", `type:NodeChildrenChanged path:` + regexp.QuoteMeta(below)},
		{"update", "set " + p + "a second", ``},
		{"update", "get -s " + p + "a", `second\n.*dataVersion = 2\n`},
		{"update", "set -v 7 " + p + "a third", `version No is not valid`},
		{"ephemeral", "create -e " + p + "e x", `Created ` + q + `e\n`},
		{"ephemeral", "stat " + p + "e", `ephemeralOwner = 0x[1-9a-f]`},
		{"sequence", "create -s " + p + "s- x", `Created ` + q + `s-\d{10}\n`},
		{"sequence", "create -s -e " + p + "es- x", `Created ` + q + `es-\d{10}\n`},
		{"acl", "addauth digest u:p", ``},
		{"acl", "create " + p + "acl x auth:u:p:crdwa", `Created ` + q + `acl\n`},
		{"acl", "getAcl " + p + "acl", `'digest,'u:\S+=\n: cdrwa`},
		{"acl", "setAcl " + p + "acl world:anyone:ra", ``},
		{"acl", "getAcl " + p + "acl", `'world,'anyone\n: ra`},
		{"acl", "set " + p + "acl y", `(Insufficient permission|Authentication is not valid) : ` + q + `acl`},
		{"delete", "delete " + p + "a", ``},
		{"delete", "get " + p + "a", `Node does not exist: ` + q + `a`},
		{"read", "sync " + below, `Sync is OK`}, // at the end: the shell ends with 1 if its last command failed
	}
}
