package golden_test

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/model/golden"
	"github.com/zksim/zksim/node/proto"
)

// full has a value in every field.
func full() golden.Want {
	stat := golden.Stat{Czxid: 1, Mzxid: 2, Pzxid: 3, Version: 4, Cversion: 5, Aversion: 6, Owner: "s1",
		DataLength: 7, NumChildren: 8}
	stat2 := stat
	return golden.Want{
		Answered: true, Err: proto.NoNode, Zxid: 7, Path: "/a", HasData: true, Data: []byte("x"), Stat: &stat,
		Children: []string{"a", "b"},
		ACL:      []proto.ACL{{Perms: 31, Scheme: "digest", ID: "u:h"}},
		HasCount: true, Count: 3,
		IDs: []proto.ID{{Scheme: "ip", ID: "127.0.0.1"}},
		Multi: []golden.Part{{Type: "setData", Err: proto.BadVersion, Path: "/m", Stat: &stat2,
			HasData: true, Data: []byte("p"), Children: []string{"c"}}},
		Extra:      1,
		Sess:       "new",
		Closed:     true,
		Events:     []golden.Event{{Session: 1, Type: proto.EventNodeCreated, Path: "/e"}},
		EventsLate: []golden.Event{{Session: 1, Type: proto.EventNodeDeleted, Path: "/l"}},
		Tree:       []golden.Node{{Path: "/", Stat: stat, Data: []byte("t"), ACL: []proto.ACL{{Perms: 1, Scheme: "world", ID: "anyone"}}}},
	}
}

// leaves returns a name and an altering function for every basic value inside v,
// and for every slice and pointer one that drops it. What they alter is v itself.
func leaves(name string, v reflect.Value) (names []string, alter []func()) {
	add := func(n string, f func()) { names, alter = append(names, n), append(alter, f) }
	nested := func(n string, v reflect.Value) {
		ns, fs := leaves(n, v)
		names, alter = append(names, ns...), append(alter, fs...)
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			nested(name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Pointer:
		nested(name, v.Elem())
		add(name+" dropped", func() { v.SetZero() })
	case reflect.Slice:
		for i := range v.Len() {
			nested(fmt.Sprintf("%s[%d]", name, i), v.Index(i))
		}
		add(name+" emptied", func() { v.Set(v.Slice(0, 0)) })
		add(name+" dropped", func() { v.SetZero() })
		add(name+" doubled", func() { v.Set(reflect.AppendSlice(v.Slice3(0, v.Len(), v.Len()), v)) })
	case reflect.Bool:
		add(name, func() { v.SetBool(!v.Bool()) })
	case reflect.String:
		add(name, func() { v.SetString(v.String() + "!") })
	case reflect.Uint8:
		add(name, func() { v.SetUint(v.Uint() + 1) })
	default:
		add(name, func() { v.SetInt(v.Int() + 1) })
	}
	return names, alter
}

// A comparer that cannot fail is worth nothing: whatever single value of an
// outcome is altered, the difference is found, from either side.
func TestCompareFindsEveryAlteredField(t *testing.T) {
	w := full()
	names, _ := leaves("Want", reflect.ValueOf(&w).Elem())
	require.Greater(t, len(names), 60)
	for i, name := range names {
		altered := full()
		_, alter := leaves("Want", reflect.ValueOf(&altered).Elem())
		alter[i]()
		if name == "Want.Unordered" {
			assert.Empty(t, w.Compare(altered), "an instruction, not an outcome")
			continue
		}
		assert.NotEmpty(t, w.Compare(altered), name)
		assert.NotEmpty(t, altered.Compare(w), name)
	}
	assert.Empty(t, w.Compare(full()))
}

func TestCompareTellsEmptyFromAbsent(t *testing.T) {
	for _, w := range []golden.Want{
		{Children: []string{}}, {Multi: []golden.Part{}}, {HasData: true}, {HasData: true, Data: []byte{}},
		{ACL: []proto.ACL{}}, {IDs: []proto.ID{}}, {HasCount: true},
	} {
		assert.Empty(t, w.Compare(w))
		assert.Len(t, w.Compare(golden.Got{}), 1)
	}
	w := golden.Want{HasData: true, Data: []byte{}}
	assert.Equal(t, []string{`data: want 0 bytes "", got null`}, w.Compare(golden.Got{HasData: true}))
}

func TestCompareEvents(t *testing.T) {
	a, b := golden.Event{Session: 0, Type: 2, Path: "/a"}, golden.Event{Session: 0, Type: 4, Path: "/"}
	other := golden.Event{Session: 1, Type: 2, Path: "/a"}
	w := golden.Want{Events: []golden.Event{a, b, other}}
	assert.Empty(t, w.Compare(golden.Got{Events: []golden.Event{other, a, b}}), "sessions interleave freely")
	swapped := golden.Got{Events: []golden.Event{b, a, other}}
	assert.Len(t, w.Compare(swapped), 1, "one session's events are ordered")
	w.Unordered = true
	assert.Empty(t, w.Compare(swapped))
	assert.Len(t, w.Compare(golden.Got{Events: []golden.Event{a, a, other}}), 1)
}

func TestCompareWords(t *testing.T) {
	w, got := full(), full()
	got.Err, got.Stat.Owner, got.Tree[0].Path = proto.OK, "", "/b"
	assert.Equal(t, []string{
		"err: want no node (-101), got ok (0)",
		`stat.owner: want "s1", got ""`,
		`tree[0]: want "/", got "/b"`,
	}, w.Compare(got))
}
