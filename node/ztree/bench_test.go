package ztree

import (
	"runtime"
	"strconv"
	"testing"

	"github.com/zksim/zksim/node/proto"
)

// populated is a tree with a thousand nodes of 100 bytes in ten directories.
func populated(b *testing.B) (*Tree, []string) {
	t := New()
	var paths []string
	var z proto.Zxid
	put := func(path string, parentC int) {
		z++
		txn := step(z, proto.OpCreate, path, int32(parentC))
		txn.Data = make([]byte, 100)
		if r := t.Apply(txn, nil, nil); r.Err != proto.OK {
			b.Fatal(r.Err)
		}
	}
	for d := range 10 {
		dir := "/bench" + strconv.Itoa(d)
		put(dir, d+1)
		for i := range 100 {
			paths = append(paths, dir+"/node-"+strconv.Itoa(i))
			put(paths[len(paths)-1], i+1)
		}
	}
	return t, paths
}

func BenchmarkGetData(b *testing.B) {
	t, paths := populated(b)
	op := proto.Op{Type: proto.OpGetData}
	var from Caller
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		op.Path = paths[i%len(paths)]
		if r := t.Read(&op, &from, nil, nil); r.Err != proto.OK {
			b.Fatal(r.Err)
		}
	}
}

func BenchmarkGetChildren(b *testing.B) {
	t, _ := populated(b)
	op := proto.Op{Type: proto.OpGetChildren, Path: "/bench5"}
	var from Caller
	b.ReportAllocs()
	for b.Loop() {
		t.Read(&op, &from, nil, nil)
	}
}

func BenchmarkApplySetData(b *testing.B) {
	t, paths := populated(b)
	txn := step(0, proto.OpSetData, "", 0)
	txn.Data = make([]byte, 100)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		txn.Path, txn.Zxid, txn.Version = paths[i%len(paths)], proto.Zxid(i), int32(i)
		t.Apply(txn, nil, nil)
	}
}

func BenchmarkPrepareAndApply(b *testing.B) {
	t, paths := populated(b)
	prep, w := NewOutstanding(t), NewWatches(nil)
	op := proto.Op{Type: proto.OpSetData, Data: make([]byte, 100), Version: -1}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		op.Path = paths[i%len(paths)]
		txn := prep.Prepare(proto.TxnHeader{Zxid: proto.Zxid(i + 1), Type: op.Type}, &op, nil, proto.OK)
		t.Apply(&txn, w, nil)
		prep.Applied(txn.Zxid)
	}
}

func BenchmarkWatchAndFire(b *testing.B) {
	t, paths := populated(b)
	w := NewWatches(nil)
	op := proto.Op{Type: proto.OpGetData, Watch: true}
	from := Caller{Watcher: 1}
	deliver := func(Watcher, proto.WatcherEvent) {}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		op.Path = paths[i%len(paths)]
		t.Read(&op, &from, w, nil)
		w.fire(dataWatch, proto.WatcherEvent{Path: op.Path}, audience{deliver: deliver})
	}
}

// BenchmarkCreateUnderOne adds and removes children of a node with 100,000.
func BenchmarkCreateUnderOne(b *testing.B) {
	t := New()
	const n = 100_000
	for i := range n {
		t.Apply(step(proto.Zxid(i+1), proto.OpCreate, sequenced("/s", int32(i)), int32(i+1)), nil, nil)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		path := sequenced("/s", int32(n+i))
		t.Apply(step(n, proto.OpCreate, path, -1), nil, nil)
		t.Apply(step(n, proto.OpDelete, sequenced("/s", int32(n+i)), 0), nil, nil)
	}
}

// BenchmarkStoreGetSet is the whole way of a request through the store, on a
// thousand znodes of 100 bytes. A set is prepared, applied and forgotten.
func BenchmarkStoreGetSet(b *testing.B) {
	for _, gets := range []int{9, 1} {
		b.Run(strconv.Itoa(gets)+"-to-1", func(b *testing.B) { getSet(b, gets) })
	}
}

// getSet makes so many gets to each set.
func getSet(b *testing.B, gets int) {
	t, paths := populated(b)
	prep, w := NewOutstanding(t), NewWatches(nil)
	from := Caller{Watcher: 1, Session: 1, IDs: []proto.ID{IPIdentity("10.0.0.1")}}
	set := proto.Op{Type: proto.OpSetData, Data: make([]byte, 100), Version: -1}
	get := proto.Op{Type: proto.OpGetData}
	var z proto.Zxid
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		path := paths[i%len(paths)]
		if i%(gets+1) != 0 {
			get.Path = path
			if r := t.Read(&get, &from, w, nil); r.Err != proto.OK {
				b.Fatal(r.Err)
			}
			continue
		}
		z++
		set.Path = path
		txn := prep.Prepare(proto.TxnHeader{Zxid: z, Type: set.Type}, &set, from.IDs, proto.OK)
		if r := t.Apply(&txn, w, nil); r.Err != proto.OK {
			b.Fatal(r.Err)
		}
		prep.Applied(z)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkMillionNodes builds a tree of a million znodes of 100 bytes and tells
// what it takes, alive and in all that the process has asked of the system.
func BenchmarkMillionNodes(b *testing.B) {
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		t := million()
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-live")
		b.ReportMetric(float64(after.Sys-after.HeapReleased)/(1<<20), "MiB-held")
		runtime.KeepAlive(t)
	}
}

// million is a tree with a thousand directories of a thousand znodes each.
func million() *Tree {
	t := New()
	data := make([]byte, 100)
	z := proto.Zxid(0)
	put := func(path string) {
		z++
		txn := step(z, proto.OpCreate, path, -1)
		txn.Data = data
		t.Apply(txn, nil, nil)
	}
	for d := range 1000 {
		dir := "/bench/dir-" + strconv.Itoa(d)
		if d == 0 {
			put("/bench")
		}
		put(dir)
		for i := range 1000 {
			put(sequenced(dir+"/node-", int32(i)))
		}
	}
	return t
}
