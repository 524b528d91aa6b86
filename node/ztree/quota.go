package ztree

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// A quota is about a znode P and everything below it. It is in force as long as
// /zookeeper/quota/P/zookeeper_limits exists; what it bounds is shown in
// zookeeper_stats beside it, which every server keeps up to date while it
// applies: a client's own text there is overwritten. Unlike in ZooKeeper, whose
// counts of nested quotas depend on the order of their making and on restarts,
// the shown usage is always that of the whole subtree.
const (
	limitsName = "zookeeper_limits"
	statsName  = "zookeeper_stats"
)

// quota is one that is in force.
type quota struct {
	limits       limits
	count, bytes int64 // znodes, and bytes of their data
}

// limits are the numbers of a quota; -1 is none.
type limits struct{ count, bytes, countHard, bytesHard int64 }

// QuotaExcess says that a quota's soft or hard limit has been passed.
type QuotaExcess struct {
	Path   string
	Detail string
}

// TakeExcesses returns the quotas that were passed since it was called last.
func (t *Tree) TakeExcesses() []QuotaExcess {
	out := t.excesses
	t.excesses = nil
	return out
}

// quotaNode cuts the path of a znode that belongs to a quota into the key that
// the quota is about and the znode's name. The root and the reserved tree have none.
func quotaNode(path string) (about, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, quotaPath)
	i := strings.LastIndexByte(rest, '/')
	if !ok || i <= 0 {
		return "", "", false
	}
	about, name = rest[:i], rest[i+1:]
	if about == zookeeperPath || strings.HasPrefix(about, zookeeperPrefix) {
		return "", "", false
	}
	return about, name, name == limitsName || name == statsName
}

// parseLimits reads the text of a quota. What cannot be read limits nothing.
func parseLimits(text []byte) limits {
	l := limits{-1, -1, -1, -1}
	for _, part := range strings.FieldsFunc(string(text), func(r rune) bool { return r == ',' || r == ';' }) {
		name, value, _ := strings.Cut(part, "=")
		n, err := strconv.ParseInt(strings.TrimRight(value, "="), 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "count":
			l.count = n
		case "bytes":
			l.bytes = n
		case "countHardLimit":
			l.countHard = n
		case "byteHardLimit":
			l.bytesHard = n
		}
	}
	return l
}

// exceeded says in words which limit a usage passes, "" for none: a hard one if
// there is one, whatever soft one is passed too. A hard limit stands in the place
// of the soft one.
func (l *limits) exceeded(count, bytes int64) (detail string, hard bool) {
	for _, x := range [...]struct {
		what             string
		used, soft, hard int64
	}{{"znodes", count, l.count, l.countHard}, {"bytes", bytes, l.bytes, l.bytesHard}} {
		if x.hard > -1 && x.used > x.hard {
			return fmt.Sprintf("%d %s, the hard limit is %d", x.used, x.what, x.hard), true
		}
		if x.hard <= -1 && x.soft > -1 && x.used > x.soft && detail == "" {
			detail = fmt.Sprintf("%d %s, the limit is %d", x.used, x.what, x.soft)
		}
	}
	return detail, false
}

// account adds to the usage of every quota that path is under.
func (t *Tree) account(path string, count, bytes int64) {
	if len(t.quotas) == 0 || count == 0 && bytes == 0 {
		return
	}
	for p := path; p != ""; p = parentKey(p) {
		q := t.quotas[p]
		if q == nil {
			continue
		}
		q.count, q.bytes = q.count+count, q.bytes+bytes
		t.showUsage(p, q)
		if detail, _ := q.limits.exceeded(q.count, q.bytes); detail != "" && (count > 0 || bytes > 0) {
			t.excesses = append(t.excesses, QuotaExcess{p, detail})
		}
	}
}

// showUsage writes a quota's usage where clients can read it. That is no change
// of the znode that its metadata would show.
func (t *Tree) showUsage(about string, q *quota) {
	path := quotaPath + about + "/" + statsName
	if n := t.nodes[path]; n != nil {
		shown := fmt.Appendf(nil, "count=%d,bytes=%d", q.count, q.bytes)
		t.bytes += int64(len(shown) - len(n.data))
		n.data = shown
		n.content = t.digests.content(path, n.data)
	}
}

// quotaChanged notes that a znode was made, changed or deleted that may belong
// to a quota.
func (t *Tree) quotaChanged(path string) {
	if !strings.HasPrefix(path, quotaPath) {
		return
	}
	about, name, ok := quotaNode(path)
	if !ok {
		return
	}
	q := t.quotas[about]
	if name == limitsName {
		q = t.limitsChanged(about, q)
	}
	if q != nil {
		t.showUsage(about, q)
	}
}

func (t *Tree) limitsChanged(about string, q *quota) *quota {
	n := t.nodes[quotaPath+about+"/"+limitsName]
	if n == nil {
		delete(t.quotas, about)
		return nil
	}
	if q == nil {
		q = &quota{}
		q.count, q.bytes = t.usage(about)
		t.quotas[about] = q
	}
	q.limits = parseLimits(n.data)
	return q
}

// usage counts a subtree, which may be empty.
func (t *Tree) usage(path string) (count, bytes int64) {
	t.below(path, func(_ string, n *node) { count, bytes = count+1, bytes+int64(len(n.data)) })
	return count, bytes
}

// below calls visit for the node of a key and all its descendants, if it is there.
func (t *Tree) below(path string, visit func(string, *node)) {
	n := t.nodes[path]
	if n == nil {
		return
	}
	visit(path, n)
	for name, ok := n.children().first(); ok; name, ok = n.children().after(name) {
		t.below(path+"/"+name, visit)
	}
}

// findQuotas puts the quotas in force that a loaded tree holds.
func (t *Tree) findQuotas() {
	t.below(quotaPath, func(path string, _ *node) { t.quotaChanged(path) })
}

// checkQuota judges, when hard quotas are obeyed, a change of the number of
// znodes and of bytes at path. The nearest quota above counts, as it will be
// once everything that is prepared has been applied: so the answer does not hang
// on how far that has come.
func (o *Outstanding) checkQuota(path string, count, bytes int64) proto.ErrCode {
	if !o.tree.rules.EnforceQuota || count <= 0 && bytes <= 0 {
		return proto.OK
	}
	for p := path; p != ""; p = parentKey(p) {
		v := o.look(quotaPath + p + "/" + limitsName)
		if !v.exists {
			continue
		}
		if !o.look(quotaPath + p + "/" + statsName).exists {
			return proto.OK
		}
		l := parseLimits(v.data)
		usedCount, usedBytes := o.usage(p)
		if count == 0 {
			l.count, l.countHard = -1, -1
		}
		if bytes == 0 {
			l.bytes, l.bytesHard = -1, -1
		}
		if _, hard := l.exceeded(usedCount+count, usedBytes+bytes); hard {
			return proto.QuotaExceeded
		}
		return proto.OK
	}
	return proto.OK
}

// usage is that of a subtree as it will be.
func (o *Outstanding) usage(about string) (count, bytes int64) {
	if q := o.tree.quotas[about]; q != nil {
		count, bytes = q.count, q.bytes
	} else {
		count, bytes = o.tree.usage(about)
	}
	for _, r := range o.queue[o.head:] {
		if o.newest[r.path] != r || r.path != about && !strings.HasPrefix(r.path, about+"/") {
			continue
		}
		if n := o.tree.nodes[r.path]; n != nil {
			count, bytes = count-1, bytes-int64(len(n.data))
		}
		if r.exists {
			count, bytes = count+1, bytes+int64(len(r.data))
		}
	}
	return count, bytes
}
