package bisect

import "math/big"

// rarer reports whether the failures of a second group of runs are so much rarer
// than those of a first that chance alone, with equal rates, would make them so at
// most once in so many times: Fisher's exact test, one-sided, in whole numbers.
// There are C(n+m, f) ways to spread f failures over n and m runs; those are
// counted of which the second group has no more than it had.
func rarer(first, second Rate, once int64) bool {
	n, m := int64(first.Runs), int64(second.Runs)
	f := int64(first.Failed) + int64(second.Failed)
	ways, way := new(big.Int), new(big.Int)
	for k := max(0, f-n); k <= int64(second.Failed); k++ {
		way.Binomial(m, k)
		ways.Add(ways, way.Mul(way, new(big.Int).Binomial(n, f-k)))
	}
	all := new(big.Int).Binomial(n+m, f)
	return ways.Mul(ways, big.NewInt(once)).Cmp(all) <= 0
}
