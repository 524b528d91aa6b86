package linearizability

import (
	"bytes"
	"slices"

	"github.com/zksim/zksim/node/proto"
)

// field is where an answer differs from what it should be.
type field uint8

const (
	fieldNone     field = iota
	fieldErr            // the error code
	fieldPath           // the name of a created node
	fieldData           // data, or version or zxid of what was written
	fieldShape          // counts of children, creations, bytes
	fieldChildren       // the list
	fieldOwner          // of an ephemeral
	fieldACL            // the permissions
)

var fieldNames = [...]string{"nothing", "error", "path", "data", "stat", "children", "ephemeralOwner", "permissions"}

// String names the field.
func (f field) String() string { return fieldNames[f] }

// errOf is the error that a client gets to see: of a multi, that of the part that failed.
func errOf(r *proto.Result) proto.ErrCode {
	if r.Err != proto.OK || r.Type == proto.OpMultiRead { // whose parts fail each for itself
		return r.Err
	}
	for i := range r.Multi {
		if e := r.Multi[i].Err; e != proto.OK {
			return e
		}
	}
	return proto.OK
}

// differs compares a reply with what the model answers. With zxids false, zxids
// do not count, and what the history does not tell does not either: an answer
// without a body, a Stat of zeros. Times never count.
func differs(o *Op, want *proto.Result, zxids bool) field {
	if o.Err != errOf(want) {
		return fieldErr
	}
	if !zxids && o.Result.Type == 0 {
		return fieldNone
	}
	if (o.Op.Type == proto.OpMulti || o.Op.Type == proto.OpMultiRead) && want.Err == proto.OK {
		return differsMulti(o.Result.Multi, want.Multi, zxids)
	}
	if o.Err != proto.OK {
		return fieldNone
	}
	return differsResult(&o.Result, want, zxids)
}

func differsMulti(got, want []proto.Result, zxids bool) field {
	if len(got) != len(want) {
		return fieldErr
	}
	for i := range got {
		switch {
		case got[i].Err != want[i].Err || got[i].Type != want[i].Type:
			return fieldErr
		case got[i].Type != proto.OpError:
			if f := differsResult(&got[i], &want[i], zxids); f != fieldNone {
				return f
			}
		}
	}
	return fieldNone
}

func differsResult(got, want *proto.Result, zxids bool) field {
	switch want.Type {
	case proto.OpCreate, proto.OpSync:
		return when(got.Path != want.Path, fieldPath)
	case proto.OpCreate2, proto.OpCreateContainer, proto.OpCreateTTL:
		if got.Path != want.Path {
			return fieldPath
		}
		return differsStat(&got.Stat, &want.Stat, zxids)
	case proto.OpGetData:
		if (got.Data == nil) != (want.Data == nil) || !bytes.Equal(got.Data, want.Data) {
			return fieldData
		}
		return differsStat(&got.Stat, &want.Stat, zxids)
	case proto.OpSetData, proto.OpExists, proto.OpSetACL:
		return differsStat(&got.Stat, &want.Stat, zxids)
	case proto.OpGetACL:
		if !slices.Equal(got.ACL, want.ACL) {
			return fieldACL
		}
		return differsStat(&got.Stat, &want.Stat, zxids)
	case proto.OpGetAllChildren:
		return when(got.Count != want.Count, fieldShape)
	case proto.OpGetChildren, proto.OpGetEphemerals:
		return when(!sameNames(got.Children, want.Children), fieldChildren)
	case proto.OpGetChildren2:
		if !sameNames(got.Children, want.Children) {
			return fieldChildren
		}
		return differsStat(&got.Stat, &want.Stat, zxids)
	}
	return fieldNone
}

func when(different bool, f field) field {
	if different {
		return f
	}
	return fieldNone
}

func differsStat(got, want *proto.Stat, zxids bool) field {
	switch {
	case !zxids && *got == (proto.Stat{}):
		return fieldNone
	case got.EphemeralOwner != want.EphemeralOwner:
		return fieldOwner
	case got.Version != want.Version:
		return fieldData
	case zxids && (got.Czxid != want.Czxid || got.Mzxid != want.Mzxid || got.Pzxid != want.Pzxid):
		return fieldData
	case got.DataLength != want.DataLength, got.NumChildren != want.NumChildren,
		got.Cversion != want.Cversion, got.Aversion != want.Aversion:
		return fieldShape
	}
	return fieldNone
}

// sameNames compares a list of children, which comes in any order, with a sorted one.
func sameNames(got, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	if slices.Equal(got, want) {
		return true
	}
	got = slices.Clone(got)
	slices.Sort(got)
	return slices.Equal(got, want)
}
