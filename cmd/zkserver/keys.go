package main

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
)

// key is a key of zoo.cfg that is honoured.
type key struct {
	name string
	set  func(s *settings, value string) error
}

// keys are those that are honoured, beside server.N.
var keys = []key{
	{"tickTime", func(s *settings, v string) error { return millis(&s.host.Node.TickTime, v, 1) }},
	{"initLimit", func(s *settings, v string) error { return integer(&s.host.Node.InitLimit, v, 1) }},
	{"syncLimit", func(s *settings, v string) error { return integer(&s.host.Node.SyncLimit, v, 1) }},
	{"minSessionTimeout", func(s *settings, v string) error { return millis(&s.minTimeout, v, -1) }},
	{"maxSessionTimeout", func(s *settings, v string) error { return millis(&s.maxTimeout, v, -1) }},
	{"snapCount", func(s *settings, v string) error { return integer(&s.host.Node.SnapCount, v, 2) }},
	{"commitLogCount", setCommitLogCount},
	{"preAllocSize", setPreAllocSize},
	{"dataDir", func(s *settings, v string) error { return folder(&s.host.DataDir, v) }},
	{"dataLogDir", func(s *settings, v string) error { return folder(&s.host.LogDir, v) }},
	{"clientPort", setClientPort},
	{"clientPortAddress", func(s *settings, v string) error { s.clientHost = strings.Trim(v, "[]"); return nil }},
	{"maxClientCnxns", func(s *settings, v string) error { return integer(&s.host.MaxClientConns, v, 0) }},
	{"nio.sessionlessCnxnTimeout", func(s *settings, v string) error { return millis(&s.host.Node.Clients.Sessionless, v, 1) }},
	{"connection_throttle_tokens", func(s *settings, v string) error { return integer(&s.host.Node.Clients.Tokens, v, 0) }},
	{"connection_throttle_fill_time", func(s *settings, v string) error { return millis(&s.host.Node.Clients.TokenEvery, v, 1) }},
	{"connection_throttle_fill_count", func(s *settings, v string) error { return integer(&s.host.Node.Clients.TokenCount, v, 1) }},
	{"globalOutstandingLimit", func(s *settings, v string) error { return integer(&s.host.Node.Clients.Outstanding, v, 1) }},
	{"request_throttle_max_requests", func(s *settings, v string) error { return integer(&s.host.Node.Clients.MaxRequests, v, 0) }},
	{"request_throttle_drop_stale", setDropStale},
	{"throttled_op_wait_time", func(s *settings, v string) error { return millis(&s.host.Node.Clients.ThrottledWait, v, 0) }},
	{"largeRequestThreshold", setLargeRequest},
	{"largeRequestMaxBytes", setLargeMax},
	{"maxWatchBytes", setMaxWatches},
	{"maxCnxns", func(s *settings, v string) error { return integer(&s.host.MaxConns, v, 0) }},
	{"fsync.warningthresholdms", func(s *settings, v string) error { return millis(&s.host.FsyncWarning, v, 0) }},
	{"forceSync", setForceSync},
	{"autopurge.snapRetainCount", func(s *settings, v string) error { return integer(&s.host.PurgeRetain, v, 0) }},
	{"autopurge.purgeInterval", setPurgeInterval},
	{"electionPortBindRetry", func(s *settings, v string) error { return integer(&s.host.BindRetries, v, 0) }},
	{"tcpKeepAlive", func(s *settings, v string) error { return boolean(&s.host.KeepAlive, v) }},
	{"clientTcpKeepAlive", func(s *settings, v string) error { return boolean(&s.host.ClientAlive, v) }},
	{"4lw.commands.whitelist", setWhitelist},
	{"extendedTypesEnabled", func(s *settings, v string) error { return boolean(&s.host.Node.Store.ExtendedTypes, v) }},
	{"enforceQuota", func(s *settings, v string) error { return boolean(&s.host.Node.Store.EnforceQuota, v) }},
	{"skipACL", func(s *settings, v string) error { return boolean(&s.host.Node.Store.SkipACL, v) }},
	{"DigestAuthenticationProvider.superDigest", setSuperDigest},
	{"jute.maxbuffer", setMaxFrame},
	{"znode.container.checkIntervalMs", func(s *settings, v string) error { return millis(&s.host.Node.Store.ContainerInterval, v, 1) }},
	{"znode.container.maxPerMinute", func(s *settings, v string) error { return integer(&s.host.Node.Store.ContainersAMinute, v, 1) }},
	{"znode.container.maxNeverUsedIntervalMs", func(s *settings, v string) error { return millis(&s.host.Node.Store.ContainerNeverUsed, v, 0) }},
	{"admin.enableServer", setAdmin},
	{"metricsProvider.className", setMetricsClass},
	{"metricsProvider.httpHost", func(s *settings, v string) error { s.metrics.host = v; return nil }},
	{"metricsProvider.httpPort", func(s *settings, v string) error { return port(&s.metrics.port, v) }},
}

// feature is a key that asks for something that this version does not have.
type feature struct {
	name string // with .* also all that begin so
	what string
	none []string // values that do not ask for it
}

var off = []string{"false", "no", "off"}

var features = []feature{
	{"reconfigEnabled", "dynamic reconfiguration is not in this version", off},
	{"dynamicConfigFile", "dynamic reconfiguration is not in this version; write the server.N lines into this file", nil},
	{"readonlymode.enabled", "read-only mode is not in this version", off},
	{"peerType", "observers are not in this version", []string{"participant"}},
	{"observerMasterPort", "observers are not in this version", []string{"0"}},
	{"localSessionsEnabled", "local sessions are not in this version", off},
	{"localSessionsUpgradingEnabled", "local sessions are not in this version", off},
	{"secureClientPort", "TLS is not in this version", nil},
	{"secureClientPortAddress", "TLS is not in this version", nil},
	{"sslQuorum", "TLS is not in this version", off},
	{"portUnification", "TLS is not in this version", off},
	{"client.portUnification", "TLS is not in this version", off},
	{"ssl.*", "TLS is not in this version", off},
	{"authProvider.*", "authentication is by world, auth, digest, ip and super only; SASL, TLS and own providers are not in this version", nil},
	{"requireClientAuthScheme", "SASL is not in this version", nil},
	{"sessionRequireClientSASLAuth", "SASL is not in this version", off},
	{"enforce.auth.enabled", "SASL is not in this version", off},
	{"enforce.auth.schemes", "SASL is not in this version", nil},
	{"sasl.*", "SASL is not in this version", nil},
	{"quorum.auth.*", "SASL is not in this version", off},
	{"jaasLoginRenew", "SASL is not in this version", nil},
	{"kerberos.*", "SASL is not in this version", nil},
	{"group.*", "hierarchical quorums are not in this version; every voter counts alike", nil},
	{"weight.*", "hierarchical quorums are not in this version; every voter counts alike", []string{"1"}},
	{"multiAddress.enabled", "several addresses of one server are not in this version", off},
	{"electionAlg", "fast leader election, 3, is the only one", []string{"3"}},
	{"leaderServes", "a leader always serves clients", []string{"yes"}},
	{"snapshot.compression.method", "compressed snapshots are not in this version", []string{"CHECKED"}},
	{"snapshot.trust.empty", "a history without a snapshot is never trusted", off},
	{"db.autocreate", "a server always begins with an empty database if there is none", []string{"true"}},
	{"datadir.autocreate", "a directory that is missing is always made", []string{"true"}},
	{"digest.enabled", "digests are always written", []string{"true"}},
	{"closeSessionTxn.enabled", "the end of a session always names its ephemerals", []string{"true"}},
	{"audit.enable", "an audit log is not in this version", off},
	{"leader.maxTimeToWaitForEpoch", "a bound of its own for the epoch is not in this version; initLimit bounds it", []string{"-1"}},
}

// adminPrefix begins the keys of the HTTP admin server.
const adminPrefix = "admin."

// without are keys that tune what this server does not have: threads, or bounds
// that follow from elsewhere.
var without = []string{
	"standaloneEnabled", "skipReconfigACL", "clientPortListenBacklog", "connectToLearnerMasterLimit",
	"leaderConnectDelayDuringRetryMs", "snapSizeLimitInKb", "txnLogSizeLimitInKb", "snapshotSizeFactor", "flushDelay",
	"maxWriteQueuePollTime", "maxBatchSize", "commitProcessor.*", "fastleader.*", "cnxTimeout", "quorumCnxnTimeoutMs",
	"quorum.cnxn.threads.size", "leader.nodelay", "follower.nodelay", "learner.*", "leader.*", "follower.*",
	"forward_learner_requests_to_commit_processor_disabled", "observer.*", "observerMaster.*", "syncEnabled", "request_throttle_stall_time",
	"serializeLastProcessedZxid.enabled", "nio.*", "netty.*", "serverCnxnFactory", "request_throttler.*",
	"quorumListenOnAllIPs", "metricsProvider.*", "advancedFlowControlEnabled", "zookeeper_server_register_jmx", "jmx.*",
}

// systemPrefix begins the Java properties that are keys too.
const systemPrefix = "zookeeper."

// set carries out one line.
func (s *settings) set(p property) error {
	name := strings.TrimPrefix(p.key, systemPrefix)
	if before, twice := s.lines[name]; twice {
		s.remark("%s:%d: %s was set in line %d already; this line counts", s.file, p.line, p.key, before)
	}
	s.lines[name] = p.line
	if number, ok := strings.CutPrefix(name, "server."); ok {
		return s.addMember(number, p)
	}
	if i := slices.IndexFunc(keys, func(k key) bool { return k.name == name }); i >= 0 {
		return keys[i].set(s, p.value)
	}
	if i := slices.IndexFunc(features, func(f feature) bool { return covers(f.name, name) }); i >= 0 {
		return features[i].check(p.value)
	}
	switch {
	case strings.HasPrefix(name, adminPrefix):
		s.adminKey, s.adminLine = p.key, p.line
	case slices.ContainsFunc(without, func(pattern string) bool { return covers(pattern, name) }):
		s.remark("%s:%d: %s has no effect on this server", s.file, p.line, p.key)
	default:
		s.remark("%s:%d: %s is no key that this server knows; it has no effect", s.file, p.line, p.key)
	}
	return nil
}

// covers reports whether a name matches a pattern, which may end in ".*".
func covers(pattern, name string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return pattern == name
}

func (f feature) check(value string) error {
	if slices.ContainsFunc(f.none, func(s string) bool { return strings.EqualFold(s, value) }) {
		return nil
	}
	if len(f.none) == 0 {
		return fmt.Errorf("%s; take the line out", f.what)
	}
	return fmt.Errorf("%q: %s; say %s, or take the line out", value, f.what, f.none[0])
}

func (s *settings) addMember(number string, p property) error {
	m, err := parseMember(number, p.value)
	if err != nil {
		return err
	}
	m.line = p.line
	s.members = append(slices.DeleteFunc(s.members, func(o *member) bool { return o.id == m.id }), m)
	return nil
}

func integer(dst *int, v string, least int) error {
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < int64(least) {
		return fmt.Errorf("%q: want a whole number, at least %d", v, least)
	}
	*dst = int(n)
	return nil
}

// millis reads a number of milliseconds; -1, where it is allowed, is as if the
// key were not there.
func millis(dst *time.Duration, v string, least int) error {
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil || n < int64(least) {
		return fmt.Errorf("%q: want milliseconds, a whole number, at least %d", v, least)
	}
	*dst = max(time.Duration(n)*time.Millisecond, 0)
	return nil
}

func boolean(dst *bool, v string) error {
	switch strings.ToLower(v) {
	case "true", "yes":
		*dst = true
	case "false", "no":
		*dst = false
	default:
		return fmt.Errorf("%q: want true or false", v)
	}
	return nil
}

func folder(dst *string, v string) error {
	if v == "" {
		return fmt.Errorf("want a directory")
	}
	*dst = v
	return nil
}

func port(dst *string, v string) error {
	if !isPort(v) {
		return fmt.Errorf("%q: want a port, 0 to 65535", v)
	}
	*dst = v
	return nil
}

func setClientPort(s *settings, v string) error { return port(&s.clientPort, v) }

// setCommitLogCount: as with ZooKeeper fewer than the default are not kept.
func setCommitLogCount(s *settings, v string) error {
	if err := integer(&s.host.Node.CommitLogCount, v, 0); err != nil {
		return err
	}
	s.host.Node.CommitLogCount = max(s.host.Node.CommitLogCount, commitLogDefault)
	return nil
}

func setPreAllocSize(s *settings, v string) error {
	var kib int
	if err := integer(&kib, v, 0); err != nil {
		return err
	}
	s.host.Node.PreAllocSize = int64(kib) << 10
	return nil
}

// setSuperDigest wants user:base64(SHA1(user:password)).
func setSuperDigest(s *settings, v string) error {
	user, digest, ok := strings.Cut(v, ":")
	sum, err := base64.StdEncoding.DecodeString(digest)
	if !ok || user == "" || err != nil || len(sum) != sha1.Size {
		return fmt.Errorf("want USER: and the base64 of the SHA-1 of USER:PASSWORD") // what was given may be a password
	}
	s.host.Node.Store.SuperDigest = v
	return nil
}

// setMaxFrame reads a number of bytes, decimal or, as Java does, 0x and hexadecimal.
func setMaxFrame(s *settings, v string) error {
	n, err := strconv.ParseInt(v, 0, 32)
	if err != nil || n < frameLeast || n > frameMost {
		return fmt.Errorf("%q: want bytes, %d to %d", v, frameLeast, frameMost)
	}
	s.host.Node.Store.MaxFrame = int(n)
	return nil
}

// A greeting must fit into the smallest frame; what is larger than the largest
// does not pass between servers.
const (
	frameLeast = 1 << 10
	frameMost  = 0xFFFFF
)

func setForceSync(s *settings, v string) error {
	var sync bool
	if err := boolean(&sync, v); err != nil {
		return err
	}
	if s.host.NoSync = !sync; !sync {
		s.remark("forceSync=%s: a loss of power may lose what was acknowledged", v)
	}
	return nil
}

func setPurgeInterval(s *settings, v string) error {
	var hours int
	if err := integer(&hours, v, 0); err != nil {
		return err
	}
	s.host.PurgeInterval = time.Duration(hours) * time.Hour
	return nil
}

func setWhitelist(s *settings, v string) error {
	s.whitelist = nil
	for word := range strings.SplitSeq(v, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		s.whitelist = append(s.whitelist, word)
		if word != "*" && !slices.Contains(node.Words(), word) {
			s.remark("4lw.commands.whitelist: %s is no four-letter word that this server knows", word)
		}
	}
	return nil
}

// setLargeRequest: -1 is off, which is 0 here.
func setLargeRequest(s *settings, v string) error {
	if err := integer(&s.host.Node.Clients.LargeRequest, v, -1); err != nil {
		return err
	}
	s.host.Node.Clients.LargeRequest = max(s.host.Node.Clients.LargeRequest, 0)
	return nil
}

func setLargeMax(s *settings, v string) error {
	var bytes int
	if err := integer(&bytes, v, 1); err != nil {
		return err
	}
	s.host.Node.Clients.LargeMax = int64(bytes)
	return nil
}

func setDropStale(s *settings, v string) error {
	var drop bool
	if err := boolean(&drop, v); err != nil {
		return err
	}
	s.host.Node.Clients.KeepStale = !drop
	return nil
}

// setMaxWatches reads a key of ours, which may be more than 2 GiB.
func setMaxWatches(s *settings, v string) error {
	bytes, err := strconv.ParseInt(v, 10, 64)
	if err != nil || bytes < 1 {
		return fmt.Errorf("%q: want a number of bytes, at least 1", v)
	}
	s.host.Node.Clients.MaxWatches = bytes
	return nil
}

func setAdmin(s *settings, v string) error {
	var on bool
	if err := boolean(&on, v); err != nil {
		return err
	}
	if on {
		return fmt.Errorf("%q: the admin server is not in this version; say false, or take the line out", v)
	}
	s.adminOff = true
	return nil
}

// setMetricsClass: Prometheus is the one that there is.
func setMetricsClass(s *settings, v string) error {
	switch v[strings.LastIndex(v, ".")+1:] {
	case "PrometheusMetricsProvider":
		s.metrics.asked = true
	case "DefaultMetricsProvider", "NullMetricsProvider":
		s.metrics.none = true
	default:
		return fmt.Errorf("%q: want org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider", v)
	}
	return nil
}
