package linearizability

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/zksim/zksim/node/proto"
)

// byZxids is what the checks that go by zxids say of a history.
func byZxids(h *History) Result {
	for _, check := range []func(*History) *proto.Violation{CheckOrder, CheckSync} {
		if v := check(h); v != nil {
			return violated(v)
		}
	}
	return CheckWrites(h, &Options{Steps: 50_000})
}

func smallHistory(seed uint64) *service {
	s := newService(seed, serviceConfig{clients: 3 + int(seed%2), calls: 10 + int(seed%12), lose: 4, expire: 25,
		paths: []string{"/a", "/b", "/a/x"}})
	s.run()
	return s
}

// mutations make a history wrong, most of the time.
var mutations = []func(r *rand.Rand, h *History){
	func(r *rand.Rand, h *History) { // an older answer
		if o := drawn(r, h, func(o *Op) bool { return o.Op.Type == proto.OpGetData && o.Err == proto.OK }); o != nil {
			o.Result.Data = []byte{byte('a' + r.IntN(3))}
			o.Result.Stat.DataLength = 1
		}
	},
	func(r *rand.Rand, h *History) { // a lost update
		if o := drawn(r, h, func(o *Op) bool { return o.Op.Type == proto.OpSetData && o.Outcome == OK }); o != nil {
			o.Result.Stat.Version--
		}
	},
	func(r *rand.Rand, h *History) { // versions out of order
		is := func(o *Op) bool { return o.Op.Type == proto.OpSetData && o.Outcome == OK }
		if a, b := drawn(r, h, is), drawn(r, h, is); a != nil {
			a.Result, b.Result = b.Result, a.Result
		}
	},
	func(r *rand.Rand, h *History) { // a sequential name given twice
		is := func(o *Op) bool { return o.Op.Flags&proto.FlagSequential != 0 && o.Outcome == OK }
		if a, b := drawn(r, h, is), drawn(r, h, is); a != nil {
			a.Result.Path = b.Result.Path
		}
	},
	func(r *rand.Rand, h *History) { // two writes change places
		if a, b := drawn(r, h, isAnsweredWrite), drawn(r, h, isAnsweredWrite); a != nil {
			a.Zxid, b.Zxid = b.Zxid, a.Zxid
		}
	},
	func(r *rand.Rand, h *History) { // success for failure
		if o := drawn(r, h, func(o *Op) bool { return isAnsweredWrite(o) && o.Outcome == Failed && o.Op.Type == proto.OpDelete }); o != nil {
			o.Outcome, o.Err, o.Result = OK, proto.OK, proto.Result{Type: o.Op.Type}
		}
	},
	func(r *rand.Rand, h *History) { // failure for success
		if o := drawn(r, h, func(o *Op) bool { return isAnsweredWrite(o) && o.Outcome == OK && o.Op.Type != proto.OpMulti }); o != nil {
			o.Outcome, o.Err, o.Result = Failed, proto.BadVersion, proto.Result{}
		}
	},
	func(r *rand.Rand, h *History) { // a call that nobody made
		if o := drawn(r, h, isAnsweredWrite); o != nil {
			n := slices.IndexFunc(h.Ops, func(p Op) bool { return p.Zxid == o.Zxid && p.Op.Type.IsWrite() })
			h.Ops = slices.Delete(h.Ops, n, n+1)
		}
	},
	func(r *rand.Rand, h *History) { // part of a multi
		if o := drawn(r, h, func(o *Op) bool { return o.Op.Type == proto.OpMulti && o.Replied() && len(o.Result.Multi) == 2 }); o != nil {
			o.Result.Multi[r.IntN(2)] = proto.Result{Type: proto.OpError, Err: proto.NoNode}
		}
	},
	func(r *rand.Rand, h *History) { // a number that was not given
		if o := drawn(r, h, func(o *Op) bool { return o.Op.Flags&proto.FlagSequential != 0 && o.Outcome == OK }); o != nil {
			o.Result.Path = o.Op.Path + "0000000007"
		}
	},
	func(r *rand.Rand, h *History) { // an answer that is never seen leaves the history right
		if o := drawn(r, h, isAnsweredWrite); o != nil {
			*o = Op{Client: o.Client, Session: o.Session, Xid: o.Xid, Op: o.Op, Call: o.Call, Outcome: Unknown}
		}
	},
	func(r *rand.Rand, h *History) { // a node that comes and goes
		if o := drawn(r, h, func(o *Op) bool { return o.Op.Type == proto.OpExists && o.Replied() }); o != nil {
			o.Err, o.Result = proto.NoNode, proto.Result{}
		}
	},
	func(r *rand.Rand, h *History) { // a write that begins after its effect was seen
		if o := drawn(r, h, isAnsweredWrite); o != nil {
			o.Call += uint64(r.Int64N(int64(o.Return-o.Call) + 1))
		}
	},
}

func drawn(r *rand.Rand, h *History, is func(*Op) bool) *Op {
	var from []*Op
	for i := range h.Ops {
		if is(&h.Ops[i]) {
			from = append(from, &h.Ops[i])
		}
	}
	if len(from) == 0 {
		return nil
	}
	return from[r.IntN(len(from))]
}

func text(h *History) string {
	var b bytes.Buffer
	_ = h.WriteJSONL(&b)
	return b.String()
}

// lazily writes a history only if a failure is printed.
type lazily struct{ h *History }

func (l lazily) String() string { return text(l.h) }

// TestAgree holds the two ways of judging writes against each other: the one that
// goes by zxids and porcupine's search, on right histories and on wrong ones.
func TestAgree(t *testing.T) {
	const histories = 10_000
	var right, wrong, open int
	for seed := range uint64(histories) {
		s := smallHistory(seed)
		if seed%4 != 0 {
			r := rand.New(rand.NewPCG(seed, 2))
			for range 2 {
				mutations[r.IntN(len(mutations))](r, s.h)
			}
		}
		a, b := byZxids(s.h), Porcupine(s.h, PorcupineMax)
		if seed%4 == 0 {
			require.Equal(t, VerdictOK, a.Verdict, "seed %d: %v %v\n%s", seed, a.Violation, a.Notes, lazily{s.h})
		}
		switch {
		case a.Verdict == VerdictUnknown || b.Verdict == VerdictUnknown:
			open++
			continue
		case a.Verdict == VerdictOK:
			right++
		default:
			wrong++
		}
		require.Equal(t, a.Verdict, b.Verdict, "seed %d: by zxids %v, by porcupine %v\n%s", seed, a.Violation, b.Violation, lazily{s.h})
	}
	t.Logf("%d right, %d wrong, %d undecided", right, wrong, open)
	assert.Greater(t, right, histories/5)
	assert.Greater(t, wrong, histories/5)
	assert.Less(t, open, histories/100)
}
