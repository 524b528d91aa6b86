package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zksim/zksim/node"
	"github.com/zksim/zksim/node/host"
	"github.com/zksim/zksim/node/proto"
)

// settings are what a zoo.cfg or the command line says.
type settings struct {
	host    host.Config
	remarks []string // to be logged on start

	file       string
	lines      map[string]int // of the keys that were set
	members    []*member
	clientHost string
	clientPort string
	minTimeout time.Duration // 0: not given
	maxTimeout time.Duration
	whitelist  []string // of four-letter words; "*" is all
	metrics    metricsSettings
	adminOff   bool
	adminLine  int // of a key of the admin server
	adminKey   string
}

// The values of keys that are not given.
const (
	tickTimeDefault       = 3000 * time.Millisecond
	maxClientConnsDefault = 60
	snapCountDefault      = 100000
	preAllocDefault       = 64 << 20
	commitLogDefault      = 500
	fsyncWarningDefault   = time.Second
	bindRetriesDefault    = 3
	purgeRetainDefault    = 3
)

// sessionSecret goes into the passwords of sessions. It is the same for every
// server, and no secret: zoo.cfg has no place for one, and whoever can talk to
// the client port of an ensemble is trusted as with ZooKeeper.
const sessionSecret = "zkserver"

func newSettings() *settings {
	s := &settings{lines: map[string]int{}, whitelist: []string{"srvr"}}
	s.host = host.Config{MaxClientConns: maxClientConnsDefault, FsyncWarning: fsyncWarningDefault,
		BindRetries: bindRetriesDefault, PurgeRetain: purgeRetainDefault}
	s.host.Node = node.Config{TickTime: tickTimeDefault, SnapCount: snapCountDefault, CommitLogCount: commitLogDefault,
		PreAllocSize: preAllocDefault, SessionSecret: []byte(sessionSecret)}
	return s
}

// settings reads what the command line names.
func (o *options) settings() (*settings, error) {
	s := newSettings()
	if o.standalone {
		s.host.DataDir, s.host.Node.TickTime = o.data, 2*time.Second
		s.host.Listen[node.PortClient] = o.client
		s.whitelist = []string{"*"}
		s.alone()
	} else if err := s.read(o.config); err != nil {
		return nil, usageError{err}
	}
	if o.metrics != "" {
		s.metrics.address = o.metrics
	}
	s.finish()
	return s, nil
}

// read reads a zoo.cfg.
func (s *settings) read(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	s.file = name
	properties, err := parseProperties(name, string(content))
	if err != nil {
		return err
	}
	for _, p := range properties {
		if err := s.set(p); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", name, p.line, p.key, err)
		}
	}
	return s.complete()
}

// complete checks what no single line can tell.
func (s *settings) complete() error {
	if s.adminKey != "" && !s.adminOff {
		return fmt.Errorf("%s:%d: %s: the admin server is not in this version; take the line out, or say admin.enableServer=false",
			s.file, s.adminLine, s.adminKey)
	}
	if lo, hi := s.timeouts(); lo > hi {
		return fmt.Errorf("%s: minSessionTimeout, %d ms, is larger than maxSessionTimeout, %d ms", s.file, lo.Milliseconds(), hi.Milliseconds())
	}
	if s.host.DataDir == "" {
		return fmt.Errorf("%s: dataDir is missing; it says where snapshots and epochs lie", s.file)
	}
	if len(s.members) == 1 {
		s.remark("only one server.N: the server runs alone")
	}
	switch len(s.members) {
	case 0:
		s.alone()
		return s.setClientAddress(nil)
	case 1:
		s.alone()
		return s.setClientAddress(s.members[0])
	}
	return s.ensemble()
}

func (s *settings) remark(format string, args ...any) {
	s.remarks = append(s.remarks, fmt.Sprintf(format, args...))
}

// alone makes an ensemble of one.
func (s *settings) alone() {
	s.host.Node.ID = 1
	s.host.Node.Servers = []node.Server{{ID: 1}}
	s.host.Node.InitLimit = cmp.Or(s.host.Node.InitLimit, 10)
	s.host.Node.SyncLimit = cmp.Or(s.host.Node.SyncLimit, 5)
}

// ensemble finds out who this server is, and whom it works with.
func (s *settings) ensemble() error {
	c := &s.host.Node
	if c.InitLimit == 0 || c.SyncLimit == 0 {
		return fmt.Errorf("%s: an ensemble needs initLimit and syncLimit, in ticks; 10 and 5 are usual", s.file)
	}
	slices.SortFunc(s.members, func(a, b *member) int { return cmp.Compare(a.id, b.id) })
	for _, m := range s.members {
		c.Servers = append(c.Servers, node.Server{ID: proto.ServerID(m.id), QuorumAddr: m.quorumAddr(), ElectionAddr: m.electionAddr()})
	}
	me, err := s.me()
	if err != nil {
		return err
	}
	c.ID = proto.ServerID(me.id)
	s.host.Listen[node.PortQuorum], s.host.Listen[node.PortElection] = me.quorumAddr(), me.electionAddr()
	return s.setClientAddress(me)
}

// me finds this server by its file myid.
func (s *settings) me() (*member, error) {
	name := filepath.Join(s.host.DataDir, "myid")
	content, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing; write this server's number into it, one of %s", name, s.ids())
	}
	if err != nil {
		return nil, err
	}
	id, err := parseID(strings.TrimSpace(string(content)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, m := range s.members {
		if m.id == id {
			return m, nil
		}
	}
	return nil, fmt.Errorf("%s says %d, but %s has no server.%d, only %s", name, id, s.file, id, s.ids())
}

func (s *settings) ids() string {
	var ids []string
	for _, m := range s.members {
		ids = append(ids, fmt.Sprint(m.id))
	}
	return strings.Join(ids, ", ")
}

// setClientAddress chooses where clients are listened to: what the line of the
// server says counts, and neither clientPort nor clientPortAddress may say otherwise.
func (s *settings) setClientAddress(me *member) error {
	if me != nil && me.client != "" {
		host, port, _ := net.SplitHostPort(me.client)
		if s.clientHost != "" && s.clientHost != host {
			return fmt.Errorf("%s:%d: server.%d: clients are listened to at %q here, and clientPortAddress says %q; say the same, or take one out",
				s.file, me.line, me.id, host, s.clientHost)
		}
		if s.clientPort != "" && s.clientPort != port {
			return fmt.Errorf("%s:%d: server.%d: the client port is %s here, and clientPort says %s; take one out",
				s.file, me.line, me.id, port, s.clientPort)
		}
		s.host.Listen[node.PortClient] = me.client
		return nil
	}
	if s.clientPort == "" {
		return fmt.Errorf("%s: clientPort is missing; 2181 is usual", s.file)
	}
	s.host.Listen[node.PortClient] = net.JoinHostPort(s.clientHost, s.clientPort)
	return nil
}

// finish fills in what follows from the rest.
func (s *settings) finish() {
	c := &s.host.Node
	c.MinSessionTimeout, c.MaxSessionTimeout = s.timeouts()
	c.Clients.Words, c.Clients.Version = append([]string{}, s.whitelist...), shownVersion()
	if _, p, err := net.SplitHostPort(s.host.Listen[node.PortClient]); err == nil {
		c.Clients.Port, _ = strconv.Atoi(p)
	}
}

func (s *settings) timeouts() (lo, hi time.Duration) {
	tick := s.host.Node.TickTime
	return cmp.Or(s.minTimeout, 2*tick), cmp.Or(s.maxTimeout, 20*tick)
}

// mode is what kind of server it is, in ZooKeeper's words.
func (s *settings) mode() string {
	if len(s.host.Node.Servers) == 1 {
		return "standalone"
	}
	return "ensemble of " + fmt.Sprint(len(s.host.Node.Servers))
}
