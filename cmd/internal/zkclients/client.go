package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zksim/zksim/cmd/internal/ensemble"
	"github.com/zksim/zksim/node/host/wire"
	"github.com/zksim/zksim/node/proto"
)

// client is one real client.
type client struct {
	name     string
	features []string // that it must show, in this order
	// check has it use all of them below a znode, and gives those that worked. With
	// an error it gives those that worked before.
	check func(ctx context.Context, servers, below string) ([]string, error)
}

// basics is what every client shows.
var basics = []string{"create", "read", "update", "delete", "watch", "ephemeral", "sequence"}

func clients(o *options) []client {
	whole := slices.Concat(basics, []string{"acl", "multi"})
	var all []client
	for _, p := range programs(o) {
		all = append(all, client{p.name, slices.Concat(whole, p.recipes), p.check})
	}
	return append(all,
		client{"cli_mt", basics, func(ctx context.Context, servers, below string) ([]string, error) {
			return converse(ctx, []string{cliMT, "-h", servers}, cliSteps(below))
		}},
		client{"zkCli.sh", slices.Concat(basics, []string{"acl"}), func(ctx context.Context, servers, below string) ([]string, error) {
			return converse(ctx, []string{zkCli, "-server", servers}, zkCliSteps(below))
		}})
}

// checkAll runs one client after the other, also after one has failed, and prints
// a line about each.
func checkAll(ctx context.Context, o *options, e *ensemble.Ensemble) error {
	var all error
	for i, c := range clients(o) {
		below := fmt.Sprintf("/client-%d", i)
		began := time.Now()
		err := c.use(ctx, e, below)
		took := time.Since(began).Round(10 * time.Millisecond)
		if err != nil {
			fmt.Printf("%-24s FAILED after %v\n", c.name, took)
			all = errors.Join(all, fmt.Errorf("%s: %w", c.name, err))
			continue
		}
		fmt.Printf("%-24s ok: %s (%v)\n", c.name, strings.Join(c.features, ", "), took)
	}
	return all
}

// use checks one client. Its ephemerals must have gone with its session.
func (c client) use(ctx context.Context, e *ensemble.Ensemble, below string) error {
	ctx, cancel := context.WithTimeout(ctx, clientTimeout)
	defer cancel()
	if err := makeParent(e, below); err != nil {
		return err
	}
	shown, err := c.check(ctx, e.Clients(), below)
	if err := errors.Join(err, compare(c.features, shown)); err != nil {
		return err
	}
	return noEphemerals(e, below)
}

// compare demands every feature; one that is not asked for is a mistake too.
func compare(want, shown []string) error {
	for _, f := range want {
		if !slices.Contains(shown, f) {
			return fmt.Errorf("%s was not shown; shown: %s", f, strings.Join(shown, " "))
		}
	}
	for _, f := range shown {
		if !slices.Contains(want, f) {
			return fmt.Errorf("%s was shown, which nobody asked for", f)
		}
	}
	return nil
}

func makeParent(e *ensemble.Ensemble, path string) error {
	return withConn(e.Client(0), func(c *wire.Conn) error {
		a, err := c.Call(proto.Op{Type: proto.OpCreate, Path: path, ACL: proto.OpenACL()})
		if err == nil && a.Result.Err != proto.OK {
			err = fmt.Errorf("create %s: %w", path, a.Result.Err)
		}
		return err
	})
}

// noEphemerals: they go when their session is closed, which every client does.
func noEphemerals(e *ensemble.Ensemble, below string) error {
	return withConn(e.Client(0), func(c *wire.Conn) error {
		names, err := children(c, below)
		if err != nil {
			return err
		}
		for _, name := range names {
			a, err := c.Call(proto.Op{Type: proto.OpExists, Path: below + "/" + name})
			if err != nil {
				return err
			}
			if a.Result.Err == proto.OK && a.Result.Stat.EphemeralOwner != 0 {
				return fmt.Errorf("%s/%s is ephemeral, and still there after the client has closed its session", below, name)
			}
		}
		return nil
	})
}

// children lists the children of a znode after a sync.
func children(c *wire.Conn, path string) ([]string, error) {
	if _, err := c.Call(proto.Op{Type: proto.OpSync, Path: path}); err != nil {
		return nil, err
	}
	a, err := c.Call(proto.Op{Type: proto.OpGetChildren, Path: path})
	if err == nil && a.Result.Err != proto.OK {
		err = fmt.Errorf("getChildren %s: %w", path, a.Result.Err)
	}
	return a.Result.Children, err
}

func withConn(addr string, do func(*wire.Conn) error) error {
	c, err := wire.Dial(addr, wire.Hello{})
	if err != nil {
		return err
	}
	defer c.Close()
	err = do(c)
	_, _ = c.Call(proto.Op{Type: proto.OpCloseSession})
	return err
}
