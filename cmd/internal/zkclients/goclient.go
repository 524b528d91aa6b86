package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"
)

// goClientArg is the first argument with which this program is the client program
// around go-zookeeper: a process of its own, like those in other languages.
const goClientArg = "go-client"

const goClientModule = "github.com/go-zookeeper/zk"

// goClientVersion is the version of the module that is linked.
func goClientVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	i := slices.IndexFunc(info.Deps, func(m *debug.Module) bool { return m.Path == goClientModule })
	if i < 0 {
		return ""
	}
	return info.Deps[i].Version
}

func goClient(args []string) int {
	mode, servers, below := args[0], strings.Split(args[1], ","), args[2]
	var err error
	switch mode {
	case "check":
		err = goCheck(servers, below)
	case "load":
		err = goLoad(servers, below)
	default:
		err = fmt.Errorf("%s: want check or load", mode)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

type goUser struct {
	a, b  *zk.Conn
	below string
}

func goConnect(servers []string) (*zk.Conn, error) {
	c, events, err := zk.Connect(servers, 10*time.Second, zk.WithLogger(log{}))
	if err != nil {
		return nil, err
	}
	go func() {
		for range events { // a client whose events nobody takes drops them; nobody here needs those of the session
		}
	}()
	return c, nil
}

// log drops what the client library says.
type log struct{}

func (log) Printf(string, ...any) {}

func goCheck(servers []string, below string) error {
	u := &goUser{below: below + "/"}
	var err error
	if u.a, err = goConnect(servers); err != nil {
		return err
	}
	defer u.a.Close()
	if u.b, err = goConnect(servers); err != nil {
		return err
	}
	defer u.b.Close()
	for _, f := range []struct {
		name string
		do   func() error
	}{
		{"create", u.create}, {"read", u.read}, {"update", u.update}, {"watch", u.watch}, {"ephemeral", func() error { return u.ephemeral(servers) }},
		{"sequence", u.sequence}, {"acl", u.acl}, {"multi", u.multi}, {"lock", u.lock}, {"delete", u.delete},
	} {
		if err := f.do(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		fmt.Println("ok", f.name)
	}
	return nil
}

var open = zk.WorldACL(zk.PermAll)

func want(err, target error) error {
	if !errors.Is(err, target) {
		return fmt.Errorf("have %v, want %w", err, target)
	}
	return nil
}

func (u *goUser) create() error {
	if _, err := u.a.Create(u.below+"a", []byte("hello"), 0, open); err != nil {
		return err
	}
	_, err := u.a.Create(u.below+"a", nil, 0, open)
	return want(err, zk.ErrNodeExists)
}

// read: by another session, perhaps at another server, after a sync.
func (u *goUser) read() error {
	if _, err := u.b.Sync(u.below + "a"); err != nil {
		return err
	}
	data, stat, err := u.b.Get(u.below + "a")
	if err == nil && (string(data) != "hello" || stat.Version != 0 || stat.DataLength != 5) {
		return fmt.Errorf("read %q, %+v", data, stat)
	}
	return err
}

func (u *goUser) update() error {
	stat, err := u.a.Set(u.below+"a", []byte("again"), 0)
	if err != nil {
		return err
	}
	if stat.Version != 1 {
		return fmt.Errorf("version %d", stat.Version)
	}
	_, err = u.a.Set(u.below+"a", nil, 0)
	return want(err, zk.ErrBadVersion)
}

func (u *goUser) watch() error {
	_, _, data, err := u.b.GetW(u.below + "a")
	if err != nil {
		return err
	}
	_, _, children, err := u.b.ChildrenW(strings.TrimSuffix(u.below, "/"))
	if err != nil {
		return err
	}
	_, _, exists, err := u.b.ExistsW(u.below + "later")
	if err != nil {
		return err
	}
	if _, err := u.a.Set(u.below+"a", []byte("seen"), -1); err != nil {
		return err
	}
	if _, err := u.a.Create(u.below+"later", nil, 0, open); err != nil {
		return err
	}
	return errors.Join(await(data, zk.EventNodeDataChanged), await(children, zk.EventNodeChildrenChanged), await(exists, zk.EventNodeCreated))
}

func await(events <-chan zk.Event, kind zk.EventType) error {
	select {
	case e := <-events:
		if e.Type != kind {
			return fmt.Errorf("event %v, want %v", e, kind)
		}
		return nil
	case <-time.After(20 * time.Second):
		return fmt.Errorf("no event %v in 20 s", kind)
	}
}

func (u *goUser) ephemeral(servers []string) error {
	c, err := goConnect(servers)
	if err != nil {
		return err
	}
	if _, err := c.Create(u.below+"e", nil, zk.FlagEphemeral, open); err != nil {
		return err
	}
	if _, err := u.b.Sync(u.below + "e"); err != nil {
		return err
	}
	there, stat, gone, err := u.b.ExistsW(u.below + "e")
	if err != nil || !there || stat.EphemeralOwner != c.SessionID() {
		return fmt.Errorf("there %v, %+v, %w", there, stat, err)
	}
	_, err = u.a.Create(u.below+"e/child", nil, 0, open)
	if err := want(err, zk.ErrNoChildrenForEphemerals); err != nil {
		return err
	}
	c.Close()
	return await(gone, zk.EventNodeDeleted)
}

func (u *goUser) sequence() error {
	first, err := u.a.Create(u.below+"s-", nil, zk.FlagSequence, open)
	if err != nil {
		return err
	}
	second, err := u.b.Create(u.below+"s-", nil, zk.FlagSequence, open)
	if err == nil && (second <= first || len(first) != len(u.below)+len("s-")+10) {
		return fmt.Errorf("%s, then %s", first, second)
	}
	return err
}

func (u *goUser) acl() error {
	if err := u.a.AddAuth("digest", []byte("user:secret")); err != nil {
		return err
	}
	if _, err := u.a.Create(u.below+"acl", []byte("x"), 0, zk.DigestACL(zk.PermAll, "user", "secret")); err != nil {
		return err
	}
	if _, err := u.b.Sync(u.below + "acl"); err != nil {
		return err
	}
	_, _, err := u.b.Get(u.below + "acl")
	if err := want(err, zk.ErrNoAuth); err != nil {
		return err
	}
	if _, err := u.a.SetACL(u.below+"acl", zk.WorldACL(zk.PermRead|zk.PermAdmin), 0); err != nil {
		return err
	}
	acl, stat, err := u.a.GetACL(u.below + "acl")
	if err != nil || stat.Aversion != 1 || len(acl) != 1 || acl[0].ID != "anyone" || acl[0].Perms != zk.PermRead|zk.PermAdmin {
		return fmt.Errorf("%+v, %+v, %w", acl, stat, err)
	}
	_, err = u.b.Set(u.below+"acl", nil, -1)
	return want(err, zk.ErrNoAuth)
}

// multi: all of it, or nothing.
func (u *goUser) multi() error {
	res, err := u.a.Multi(&zk.CreateRequest{Path: u.below + "m", Acl: open}, &zk.SetDataRequest{Path: u.below + "m", Data: []byte("x"), Version: 0},
		&zk.CheckVersionRequest{Path: u.below + "m", Version: 1}, &zk.CreateRequest{Path: u.below + "n", Acl: open}, &zk.DeleteRequest{Path: u.below + "n", Version: 0})
	if err != nil || len(res) != 5 || res[1].Stat.Version != 1 {
		return fmt.Errorf("%+v, %w", res, err)
	}
	_, err = u.a.Multi(&zk.CreateRequest{Path: u.below + "o", Acl: open}, &zk.CheckVersionRequest{Path: u.below + "m", Version: 7})
	if err := want(err, zk.ErrBadVersion); err != nil {
		return err
	}
	there, _, err := u.a.Exists(u.below + "o")
	if there {
		return errors.New("a part of a multi that failed was carried out")
	}
	return err
}

// lock: the recipe of the library; two sessions, never both at once.
func (u *goUser) lock() error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs error
	held := 0
	for _, c := range []*zk.Conn{u.a, u.b, u.a, u.b} {
		all.Go(func() {
			err := underLock(zk.NewLock(c, u.below+"lock", open), &mu, &held)
			mu.Lock()
			defer mu.Unlock()
			errs = errors.Join(errs, err)
		})
	}
	all.Wait()
	return errs
}

func underLock(l *zk.Lock, mu *sync.Mutex, held *int) error {
	for range 5 {
		if err := l.Lock(); err != nil {
			return err
		}
		mu.Lock()
		*held++
		n := *held
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		*held--
		mu.Unlock()
		if n != 1 {
			return fmt.Errorf("%d hold the lock", n)
		}
		if err := l.Unlock(); err != nil {
			return err
		}
	}
	return nil
}

func (u *goUser) delete() error {
	if err := want(u.a.Delete(u.below+"a", 7), zk.ErrBadVersion); err != nil {
		return err
	}
	if err := u.a.Delete(u.below+"a", -1); err != nil {
		return err
	}
	_, _, err := u.a.Get(u.below + "a")
	return want(err, zk.ErrNoNode)
}

// goLoad writes from several goroutines on one session.
func goLoad(servers []string, below string) error {
	c, err := goConnect(servers)
	if err != nil {
		return err
	}
	defer c.Close()
	over := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(over)
	}()
	var all sync.WaitGroup
	const writers = 4
	for i := range writers {
		all.Go(func() {
			for n := i; !closed(over); n += writers {
				goWrite(c, below, n)
			}
		})
	}
	all.Wait()
	return nil
}

func closed(over <-chan struct{}) bool {
	select {
	case <-over:
		return true
	default:
		return false
	}
}

// goWrite: a line is one write to standard output, so lines of goroutines do not
// mix.
func goWrite(c *zk.Conn, below string, n int) {
	if _, err := c.Create(fmt.Sprintf("%s/%d", below, n), []byte("x"), 0, open); err != nil {
		time.Sleep(5 * time.Millisecond)
		return
	}
	var line bytes.Buffer
	fmt.Fprintln(&line, "ack", n)
	_, _ = os.Stdout.Write(line.Bytes())
}
