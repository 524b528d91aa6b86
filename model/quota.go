package model

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/zksim/zksim/node/proto"
)

// The quota of a node P is in two nodes: quotaRoot+P+limitsName holds the limits,
// quotaRoot+P+statsName the usage, which the servers keep.
const (
	quotaRoot  = "/zookeeper/quota"
	limitsName = "/zookeeper_limits"
	statsName  = "/zookeeper_stats"
)

// limitedBy returns the node of which the node at path holds the limits. The
// root and the reserved nodes are never counted.
func limitedBy(path string) (about string, ok bool) {
	about, under := strings.CutPrefix(path, quotaRoot)
	about, isLimits := strings.CutSuffix(about, limitsName)
	return about, under && isLimits && about != "" && !within(about, "/zookeeper")
}

// within tells whether a node is another one or below it.
func within(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

// countQuotas writes the usage of every node with a quota where it is to be
// read. It is no change of its own: nothing of a Stat but the length of the data
// tells of it, and no watch fires.
func (x *transaction) countQuotas() {
	for about := range x.quotas.keys() {
		stats := quotaRoot + about + statsName
		n, ok := x.find(stats)
		if !ok {
			continue
		}
		count, bytes := x.usage(about)
		next := *n
		next.data = fmt.Appendf(nil, "count=%d,bytes=%d", count, bytes)
		x.put(stats, &next)
	}
}

// usage counts a node and all below it, and their data; nothing if it is missing.
func (s State) usage(path string) (count, bytes int64) {
	s.walk(path, func(_ string, _ proto.Stat, data []byte) bool {
		count++
		bytes += int64(len(data))
		return true
	})
	return count, bytes
}

// quotaAllows tells whether a write that adds so many nodes and bytes at path
// keeps the hard limits of the nearest quota above it, of which both nodes must be
// there. What adds nothing is always allowed.
func (s State) quotaAllows(path string, count, bytes int64) bool {
	if !s.rules.EnforceQuota {
		return true
	}
	for _, about := range upwards(path) {
		if _, ok := s.quotas.get(about); !ok {
			continue
		}
		limits, _ := s.find(quotaRoot + about + limitsName)
		_, counted := s.find(quotaRoot + about + statsName)
		usedCount, usedBytes := s.usage(about)
		return !counted || !over(limits.data, "countHardLimit", usedCount, count) &&
			!over(limits.data, "byteHardLimit", usedBytes, bytes)
	}
	return true
}

func over(limits []byte, name string, used, added int64) bool {
	limit := limitOf(string(limits), name)
	return limit >= 0 && added > 0 && used+added > limit
}

// limitOf reads one limit of a text such as "count=5,bytes=-1;byteHardLimit=100":
// -1 if it is not there, and if it is not a number.
func limitOf(text, name string) int64 {
	isSeparator := func(r rune) bool { return r == ',' || r == ';' }
	for _, item := range strings.FieldsFunc(text, isSeparator) {
		key, value, _ := strings.Cut(item, "=")
		if n, err := strconv.ParseInt(value, 10, 64); key == name && err == nil {
			return n
		}
	}
	return -1
}
