package fault

import "strconv"

// Ratio is a probability Num/Den, from 0 to 1. The zero value is not said,
// which means always.
type Ratio struct{ Num, Den int64 }

// Said reports whether the statement names a probability.
func (r Ratio) Said() bool { return r.Den != 0 }

// String gives the form of the grammar: hundredths as "35%", else "1/3"; "" for
// what is not said.
func (r Ratio) String() string {
	switch r.Den {
	case 0:
		return ""
	case 100:
		return strconv.FormatInt(r.Num, 10) + "%"
	}
	return strconv.FormatInt(r.Num, 10) + "/" + strconv.FormatInt(r.Den, 10)
}
