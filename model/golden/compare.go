package golden

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/zksim/zksim/node/proto"
)

// Compare lists the fields in which got differs from what was recorded, each in
// words; nothing if they agree. Unordered of got is not looked at: it is the
// recording's word on how to compare events. Events of got may come in the order
// of their emission: only the order within a session counts.
func (w *Want) Compare(got Got) []string {
	d := &differences{}
	d.header(w, &got)
	d.value("path", w.Path, got.Path)
	d.data("data", w.HasData, w.Data, got.HasData, got.Data)
	d.stat("stat", w.Stat, got.Stat)
	d.children("ch", w.Children, got.Children)
	d.acl("acl", w.ACL, got.ACL)
	d.value("n present", w.HasCount, got.HasCount)
	d.value("n", w.Count, got.Count)
	d.ids(w.IDs, got.IDs)
	d.parts(w.Multi, got.Multi)
	d.value("sess", w.Sess, got.Sess)
	d.value("closed", w.Closed, got.Closed)
	d.value("extra", w.Extra, got.Extra)
	d.events("ev", w.Unordered, w.Events, got.Events)
	d.events("ev_late", w.Unordered, w.EventsLate, got.EventsLate)
	d.tree(w.Tree, got.Tree)
	return d.list
}

type differences struct{ list []string }

func (d *differences) addf(format string, args ...any) {
	d.list = append(d.list, fmt.Sprintf(format, args...))
}

func (d *differences) value(field string, want, got any) {
	if want != got {
		d.addf("%s: want %s, got %s", field, words(want), words(got))
	}
}

func words(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(shorten(s))
	}
	return fmt.Sprint(v)
}

func (d *differences) header(w *Want, got *Got) {
	if w.Answered != got.Answered {
		d.addf("answered: want %v, got %v", w.Answered, got.Answered)
		return
	}
	if w.Answered {
		d.value("err", w.Err, got.Err)
		d.value("z", w.Zxid, got.Zxid)
	}
}

func (d *differences) data(field string, wantAny bool, want []byte, gotAny bool, got []byte) {
	w, g := describeData(wantAny, want), describeData(gotAny, got)
	if wantAny != gotAny || (want == nil) != (got == nil) || !bytes.Equal(want, got) {
		d.addf("%s: want %s, got %s", field, w, g)
	}
}

func describeData(present bool, b []byte) string {
	switch {
	case !present:
		return "none"
	case b == nil:
		return "null"
	}
	return fmt.Sprintf("%d bytes %s", len(b), strconv.Quote(shorten(string(b))))
}

func (d *differences) stat(field string, want, got *Stat) {
	switch {
	case want == nil && got == nil:
	case want == nil:
		d.addf("%s: want none, got %+v", field, *got)
	case got == nil:
		d.addf("%s: want %+v, got none", field, *want)
	default:
		d.statFields(field, want, got)
	}
}

func (d *differences) statFields(field string, want, got *Stat) {
	d.value(field+".czxid", want.Czxid, got.Czxid)
	d.value(field+".mzxid", want.Mzxid, got.Mzxid)
	d.value(field+".pzxid", want.Pzxid, got.Pzxid)
	d.value(field+".version", want.Version, got.Version)
	d.value(field+".cversion", want.Cversion, got.Cversion)
	d.value(field+".aversion", want.Aversion, got.Aversion)
	d.value(field+".owner", want.Owner, got.Owner)
	d.value(field+".dataLength", want.DataLength, got.DataLength)
	d.value(field+".numChildren", want.NumChildren, got.NumChildren)
}

func (d *differences) children(field string, want, got []string) {
	if (want == nil) != (got == nil) || !slices.Equal(want, got) {
		d.addf("%s: want %s, got %s", field, describeNames(want), describeNames(got))
	}
}

func (d *differences) acl(field string, want, got []proto.ACL) {
	if (want == nil) != (got == nil) || !slices.Equal(want, got) {
		d.addf("%s: want %+v, got %+v", field, want, got)
	}
}

func (d *differences) ids(want, got []proto.ID) {
	if (want == nil) != (got == nil) || !slices.Equal(want, got) {
		d.addf("ids: want %v, got %v", want, got)
	}
}

func describeNames(names []string) string {
	if names == nil {
		return "none"
	}
	return fmt.Sprintf("%q", names)
}

func (d *differences) parts(want, got []Part) {
	if (want == nil) != (got == nil) || len(want) != len(got) {
		d.addf("multi: want %d entries (present %v), got %d (present %v)",
			len(want), want != nil, len(got), got != nil)
		return
	}
	for i := range want {
		field := fmt.Sprintf("multi[%d]", i)
		d.value(field+".op", want[i].Type, got[i].Type)
		d.value(field+".err", want[i].Err, got[i].Err)
		d.value(field+".path", want[i].Path, got[i].Path)
		d.stat(field+".stat", want[i].Stat, got[i].Stat)
		d.data(field+".data", want[i].HasData, want[i].Data, got[i].HasData, got[i].Data)
		d.children(field+".ch", want[i].Children, got[i].Children)
	}
}

func (d *differences) events(field string, unordered bool, want, got []Event) {
	w, g := arranged(unordered, want), arranged(unordered, got)
	if !slices.Equal(w, g) {
		d.addf("%s: want %v, got %v", field, w, g)
	}
}

// arranged sorts a copy by session and, if nothing fixes the order within one,
// by path and type.
func arranged(unordered bool, events []Event) []Event {
	out := slices.Clone(events)
	slices.SortStableFunc(out, func(a, b Event) int {
		if c := cmp.Compare(a.Session, b.Session); c != 0 || !unordered {
			return c
		}
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Type, b.Type))
	})
	return out
}

func (d *differences) tree(want, got []Node) {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			d.addf("tree[%d]: want no more nodes, got %q", i, got[i].Path)
		case i >= len(got):
			d.addf("tree[%d]: want %q, got no more nodes", i, want[i].Path)
		case want[i].Path != got[i].Path:
			d.addf("tree[%d]: want %q, got %q", i, want[i].Path, got[i].Path)
			return // all that follows is shifted
		default:
			field := "tree " + strconv.Quote(want[i].Path)
			d.statFields(field+" stat", &want[i].Stat, &got[i].Stat)
			d.data(field+" data", true, want[i].Data, true, got[i].Data)
			d.acl(field+" acl", want[i].ACL, got[i].ACL)
		}
	}
}
