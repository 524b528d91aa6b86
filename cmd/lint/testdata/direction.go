// Package model stands for a specification that leans on its subject.
//
// as: model
package model

import (
	_ "github.com/spf13/cobra" // want direction

	_ "github.com/zksim/zksim/node/proto"
	_ "github.com/zksim/zksim/node/quorum" // want direction
	_ "github.com/zksim/zksim/sim/rng"     // want direction
)
