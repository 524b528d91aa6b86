// Package ensemble runs servers of the ZooKeeper protocol as processes on
// loopback, ours or those of Apache ZooKeeper, for checks with real clients and
// for measurements: both kinds get the same zoo.cfg.
//
// It imports node/host/freeport, node/host/wire, node/proto and the standard
// library.
package ensemble

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/zksim/zksim/node/host/freeport"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// Options say which servers, and where.
type Options struct {
	Program []string // of one server; the path of its zoo.cfg is added
	Env     []string // added to the environment
	Servers int
	Dir     string   // for configurations, data and logs; is made
	Lines   []string // added to zoo.cfg
}

// Ensemble is some servers. Their ports stay the same when one is started again.
type Ensemble struct {
	o       Options
	servers []*server
}

type server struct {
	dir, client string // client is host:port
	cfg         string
	process     *exec.Cmd // nil while it does not run
	log         *os.File
}

// Apache is the program of a server of Apache ZooKeeper as Debian installs it,
// with a Java heap such as 1g.
func Apache(heap string) []string {
	return []string{"java", "-Xmx" + heap,
		"-cp", "/etc/zookeeper/conf_example:/usr/share/java/zookeeper.jar",
		"org.apache.zookeeper.server.quorum.QuorumPeerMain"}
}

// Start starts all servers; Await waits until they serve.
func Start(o Options) (*Ensemble, error) {
	e := &Ensemble{o: o}
	members := []string{}
	for i := range o.Servers {
		ports, err := freePorts(3)
		if err != nil {
			return nil, err
		}
		dir := filepath.Join(o.Dir, fmt.Sprint(i+1))
		e.servers = append(e.servers, &server{dir: dir, client: freeport.Address(ports[0]), cfg: filepath.Join(dir, "zoo.cfg")})
		members = append(members, fmt.Sprintf("server.%d=127.0.0.1:%d:%d", i+1, ports[1], ports[2]))
	}
	for i, s := range e.servers {
		if err := s.configure(i+1, append(members, o.Lines...)); err != nil {
			return nil, err
		}
	}
	for i := range e.servers {
		if err := e.Restart(i); err != nil {
			e.Stop()
			return nil, err
		}
	}
	return e, nil
}

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		p, err := freeport.Port()
		if err != nil {
			return nil, err
		}
		ports = append(ports, p)
	}
	return ports, nil
}

func (s *server) configure(id int, lines []string) error {
	data := filepath.Join(s.dir, "data")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return err
	}
	_, port, _ := strings.Cut(s.client, ":")
	cfg := append([]string{"tickTime=2000", "initLimit=10", "syncLimit=5", "maxClientCnxns=0", "admin.enableServer=false",
		"4lw.commands.whitelist=*", "extendedTypesEnabled=true", "clientPortAddress=127.0.0.1", "clientPort=" + port, "dataDir=" + data}, lines...)
	err := os.WriteFile(s.cfg, []byte(strings.Join(cfg, "\n")+"\n"), 0o644)
	return errors.Join(err, os.WriteFile(filepath.Join(data, "myid"), []byte(fmt.Sprintln(id)), 0o644))
}

// Len is the number of servers.
func (e *Ensemble) Len() int { return len(e.servers) }

// Client is host:port for clients of server i, counted from 0.
func (e *Ensemble) Client(i int) string { return e.servers[i].client }

// Clients is host:port of all servers, with commas.
func (e *Ensemble) Clients() string {
	var all []string
	for _, s := range e.servers {
		all = append(all, s.client)
	}
	return strings.Join(all, ",")
}

// Restart starts a server that does not run; its log goes on.
func (e *Ensemble) Restart(i int) error {
	s := e.servers[i]
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	c := exec.Command(e.o.Program[0], append(e.o.Program[1:], s.cfg)...)
	c.Stdout, c.Stderr, c.Dir, c.Env = log, log, s.dir, append(os.Environ(), e.o.Env...)
	Bind(c)
	if err := c.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	s.process, s.log = c, log
	return nil
}

// Kill ends a server by SIGKILL and waits for its end.
func (e *Ensemble) Kill(i int) {
	s := e.servers[i]
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	_ = s.log.Close()
	s.process = nil
}

// Logs are the ends of the servers' logs, n bytes of each at most.
func (e *Ensemble) Logs(n int) string {
	var all strings.Builder
	for i, s := range e.servers {
		b, err := os.ReadFile(filepath.Join(s.dir, "log"))
		fmt.Fprintf(&all, "--- the end of the log of server %d\n%s\n", i+1, b[max(0, len(b)-n):])
		if err != nil {
			fmt.Fprintln(&all, err)
		}
	}
	return all.String()
}

// Stop ends all of them.
func (e *Ensemble) Stop() {
	for i := range e.servers {
		e.Kill(i)
	}
}

// PID is the number of the process of server i, 0 if it does not run.
func (e *Ensemble) PID(i int) int {
	if p := e.servers[i].process; p != nil {
		return p.Process.Pid
	}
	return 0
}

// PIDs are those of all that run.
func (e *Ensemble) PIDs() []int {
	var all []int
	for i := range e.servers {
		if pid := e.PID(i); pid != 0 {
			all = append(all, pid)
		}
	}
	return all
}

// Await waits until every server that runs has answered a sync, which needs a
// leader and a quorum.
func (e *Ensemble) Await(timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for i, s := range e.servers {
		if s.process == nil {
			continue
		}
		for err := s.probe(); err != nil; err = s.probe() {
			if time.Now().After(deadline) {
				return fmt.Errorf("server %d does not serve after %v: %w; its log: %s", i+1, timeout, err, s.log.Name())
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
	return nil
}

func (s *server) probe() error {
	c, err := wire.Dial(s.client, wire.Hello{Timeout: 4000, Wait: 2 * time.Second})
	if err != nil {
		return err
	}
	defer c.Close()
	a, err := c.Call(proto.Op{Type: proto.OpSync, Path: "/"})
	if err == nil && a.Result.Err != proto.OK {
		err = a.Result.Err
	}
	_, _ = c.Call(proto.Op{Type: proto.OpCloseSession})
	return err
}
