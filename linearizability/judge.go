package linearizability

import "github.com/zksim/zksim/node/proto"

// PorcupineMax is the most calls that porcupine is given at once.
const PorcupineMax = 200

// Judge runs all checks on a history, in a fixed order, and sums up: a violation
// beats a doubt. A history without zxids is for porcupine alone.
func Judge(h *History, opt *Options) Result {
	if opt == nil {
		opt = &Options{}
	}
	if !HasZxids(h) {
		return Porcupine(h, PorcupineMax)
	}
	for _, check := range []func(*History) *proto.Violation{CheckOrder, CheckSync} {
		if v := check(h); v != nil {
			return violated(v)
		}
	}
	r, res := replayed(h, opt)
	res = opt.qualified(h, res)
	switch {
	case res.Verdict == VerdictOK:
		silent, notes := unheard(h)
		if v := checkEvents(h, r, silent); v != nil {
			return opt.qualified(h, violated(v))
		}
		res.Notes = append(res.Notes, notes...)
		if v := r.checkWindows(); v != nil {
			return violated(v)
		}
	default:
		if silent, _ := unheard(h); len(silent) > 0 {
			return res
		}
		if v := CheckWatches(h); v != nil && res.Verdict == VerdictUnknown {
			return violated(v)
		}
		return res
	}
	if len(h.Ops) <= PorcupineMax && opt.Committed == nil {
		res.add(Porcupine(h, PorcupineMax))
	}
	return res
}
